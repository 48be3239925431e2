"""Faults on demand in what a simulated device says, beside those in the pictures that it sends (`faults`).

They belong to a whole device: chosen by the number of any of its cameras. Each is one that devices of the field have (digest
of GB/T 28181, sections 2 and 6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fengtai.protocols.gb28181 import DeviceFaults


@dataclass(frozen=True, slots=True, kw_only=True)
class SignallingFault:
    does: str
    """in one sentence, for people"""
    faults: DeviceFaults = field(default_factory=DeviceFaults)
    manufacturer: str = "Fengtai"
    edition: str = "2.0"
    moves_after_seconds: float = 0.0
    """registers again from another port, once; 0: never"""


SIGNALLING_FAULTS: Final[Mapping[str, SignallingFault]] = {
    "utf8-as-gb": SignallingFault(
        does="Sends UTF-8 and declares GB2312.", faults=DeviceFaults(declares="GB2312", encodes="utf-8")
    ),
    "gb-as-utf8": SignallingFault(does="Sends GB 18030 and declares UTF-8.", faults=DeviceFaults(declares="UTF-8")),
    "length-in-letters": SignallingFault(
        does="Counts letters instead of bytes in Content-Length (UDP).", faults=DeviceFaults(counts_letters=True)
    ),
    "endless-catalogue": SignallingFault(
        does="Sends a catalogue that never ends.", faults=DeviceFaults(catalogue_never_ends=True)
    ),
    "sum-too-high": SignallingFault(
        does="Announces more channels than it sends.", faults=DeviceFaults(sum_num_is_off_by=3)
    ),
    "sum-too-low": SignallingFault(
        does="Announces fewer channels than it sends.", faults=DeviceFaults(sum_num_is_off_by=-3)
    ),
    "refuses-subscribe": SignallingFault(
        does="Refuses every SUBSCRIBE (405).", faults=DeviceFaults(refuses_subscribe=405)
    ),
    "short-subscriptions": SignallingFault(
        does="Grants a minute where an hour is asked for.", faults=DeviceFaults(grants_seconds=60)
    ),
    "long-subscriptions": SignallingFault(
        does="Takes no subscription below two hours (423).", faults=DeviceFaults(least_subscription_seconds=7200)
    ),
    "refuses-orders": SignallingFault(
        does="Answers guard and alarm reset with ERROR.", faults=DeviceFaults(refuses_orders=True)
    ),
    "keeps-results-back": SignallingFault(
        does="Takes orders and never says what became of them.", faults=DeviceFaults(keeps_results_back=True)
    ),
    "old-key-frame": SignallingFault(
        does="Says that it is of 2022 and knows IFameCmd only.",
        faults=DeviceFaults(knows_key_frame_as="ifamecmd"),
        edition="3.0",
    ),
    "uploads-text": SignallingFault(
        does="Uploads a web page where a picture is asked for (2022).",
        faults=DeviceFaults(uploads="text"),
        edition="3.0",
    ),
    "uploads-nothing": SignallingFault(
        does="Says that it has finished uploading and has uploaded nothing (2022).",
        faults=DeviceFaults(uploads="nothing"),
        edition="3.0",
    ),
    "plain-offers": SignallingFault(
        does="Refuses an offer of more than PS (415).", faults=DeviceFaults(most_payloads_offered=1)
    ),
    "senior-offers": SignallingFault(
        does="Refuses an offer without the payload types of video telephony (488).",
        faults=DeviceFaults(wants_offered=("126", "125")),
    ),
    "wrong-codec-in-answer": SignallingFault(
        does="Says in its answer that it sends H.265 by RFC 7798, and sends H.264 in PS.",
        faults=DeviceFaults(answers_as="100 H265/90000"),
    ),
    "no-to-tag": SignallingFault(does="Says yes without a To-tag.", faults=DeviceFaults(leaves_tag_out=True)),
    "early-media": SignallingFault(
        does="Sends its pictures before it has said yes.", faults=DeviceFaults(sends_early=True)
    ),
    "deaf-to-bye": SignallingFault(
        does="Does not hear the first two BYE of a call.", faults=DeviceFaults(passes_over_byes=2)
    ),
    "invites-again": SignallingFault(
        does="Refreshes its session by an INVITE of its own.", faults=DeviceFaults(invites_again=True)
    ),
    "moves": SignallingFault(does="Registers again from another port in the middle.", moves_after_seconds=3.0),
}
NO_SIGNALLING_FAULT: Final = SignallingFault(does="Says what the standard asks.")
