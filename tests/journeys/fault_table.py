"""What is expected of the platform for each fault of the simulator: the table of the journey, and the page made from it.

`python -m tests.journeys.fault_table docs/reference/interop.md` renders the page.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.journeys import trouble_table

from fengtai.apps.simulator.faults import FAULTS as SIMULATED
from fengtai.apps.simulator.signalling_faults import SIGNALLING_FAULTS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "interop.md"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One camera of the town. Its number is its place in the table, from 1."""

    name: str
    expected: Literal["plays", "explained"]
    sentence: str = ""
    """a pattern: of the cause in the trace when it is explained; of a stage's detail when it plays; empty: none asked"""
    size: tuple[int, int] = (320, 180)
    """of the picture that is seen"""
    plays_h265: bool = True
    """whether who watches can play H.265"""
    lost_before: str = ""
    """a pattern: the stream is lost with this cause first, and plays again"""

    @property
    def does(self) -> str:
        return SIMULATED[self.name].does


FAULTS = [
    Fault(
        name="reboot",
        expected="plays",
        lost_before=r"media connection was lost: the device closed the connection|ended the stream|stopped sending",
    ),
    Fault(name="loss", expected="plays", sentence=r"% of the packets are lost on the way: TCP would lose none"),
    Fault(name="reorder", expected="plays"),
    Fault(name="duplicates", expected="plays"),
    Fault(name="udp-only", expected="plays", sentence=r"has not connected by TCP .* Trying udp"),
    Fault(name="tcp-only", expected="plays"),
    Fault(name="waits-for-connection", expected="plays", sentence=r"has not sent a packet by UDP .* Trying tcp-active"),
    Fault(name="h265", expected="plays", sentence=r"h265", plays_h265=False),
    Fault(name="h265-with-substream", expected="plays", sentence=r"sub-stream", size=(160, 120), plays_h265=False),
    Fault(name="h265-no-psm", expected="plays", sentence=r"h265"),
    Fault(name="bare-h265", expected="plays", sentence=r"h265 in RTP H265"),
    Fault(name="h265-byte-stream", expected="plays", sentence=r"h265 in a bare byte stream"),
    Fault(name="h265-mpegts", expected="plays", sentence=r"h265 in MPEG-TS"),
    Fault(name="ulaw", expected="plays"),
    Fault(name="strangers", expected="plays"),
    Fault(name="strangers-first", expected="plays"),
    Fault(name="wrong-ssrc", expected="plays", sentence=r"with another SSRC than asked"),
    Fault(name="changing-ssrc", expected="plays"),
    Fault(name="no-marker", expected="plays"),
    Fault(name="dollar-framing", expected="plays"),
    Fault(name="mpegts-under-ps", expected="plays", sentence=r"h264 in MPEG-TS"),
    Fault(name="bare-h264", expected="plays", sentence=r"h264 in RTP H264"),
    Fault(name="bare-byte-stream", expected="plays", sentence=r"h264 in a bare byte stream"),
    Fault(name="psm-once", expected="plays"),
    Fault(name="no-psm", expected="plays"),
    Fault(name="h265-as-h264", expected="plays", sentence=r"h265"),
    Fault(name="zero-length-pes", expected="plays"),
    Fault(name="clock-jumps", expected="plays"),
    Fault(name="private-streams", expected="plays"),
    Fault(name="silence", expected="explained", sentence=r"has not sent a packet by UDP to 127\.0\.0\.1:\d+"),
    Fault(name="mute-connection", expected="explained", sentence=r"it is connected but has sent nothing|by UDP to"),
    Fault(name="half-open", expected="explained", sentence=r"stopped sending: no packet for \d+ s"),
    Fault(name="not-rtp", expected="explained", sentence=r"what comes is not RTP"),
    Fault(name="private-format", expected="explained", sentence=r"vendor's private format that cannot be decoded"),
    Fault(name="no-parameter-sets", expected="explained", sentence=r"without parameter sets \(SPS, PPS\)"),
]


@dataclass(frozen=True, kw_only=True)
class SignallingFault:
    """One device of the other town: it says something otherwise. Each must play all the same."""

    name: str
    note: str = ""
    """a pattern: what is told about its catalogue; empty: nothing"""
    subscription: Literal["active", "refused"] = "active"
    """to its alarms"""
    order: Literal["done", "refused", "unconfirmed"] = "done"
    """what becomes of setting it on guard"""
    trace: str = ""
    """a pattern: of a stage of its first start"""
    beside: str = ""
    """what another test looks at"""

    @property
    def does(self) -> str:
        return SIGNALLING_FAULTS[self.name].does

    @property
    def outcome(self) -> str:
        told = [f": “{_readable(one)}”" for one in (self.note, self.trace) if one]
        told += [f"; the subscription is shown as {self.subscription}"] if self.subscription != "active" else []
        told += [f"; the order is shown as {self.order}"] if self.order != "done" else []
        return "plays" + "".join(told) + self.beside


_PICTURE = "; why there is no still picture is told (`tests/gateways/gb28181/test_device_pictures.py`)"
SIGNALLING = [
    SignallingFault(name="utf8-as-gb"),
    SignallingFault(name="gb-as-utf8"),
    SignallingFault(name="length-in-letters"),
    SignallingFault(name="endless-catalogue", note=r"catalogue goes on after \d+ items: the rest is not taken"),
    SignallingFault(name="sum-too-high", note=r"announced 4 items and sent 1, the same ones every time"),
    SignallingFault(name="sum-too-low", note=r"announced 0 items and sent 1"),
    SignallingFault(name="refuses-subscribe", subscription="refused"),
    SignallingFault(name="short-subscriptions"),
    SignallingFault(name="long-subscriptions"),
    SignallingFault(name="refuses-orders", order="refused"),
    SignallingFault(name="keeps-results-back", order="unconfirmed"),
    SignallingFault(name="old-key-frame"),
    SignallingFault(name="uploads-text", beside=_PICTURE),
    SignallingFault(name="uploads-nothing", beside=_PICTURE),
    SignallingFault(name="plain-offers", trace=r"415 offered once more in the plain form"),
    SignallingFault(name="senior-offers", trace=r"488 offered once more in the senior form"),
    SignallingFault(name="wrong-codec-in-answer"),
    SignallingFault(name="no-to-tag"),
    SignallingFault(name="early-media"),
    SignallingFault(name="deaf-to-bye"),
    SignallingFault(name="invites-again"),
    SignallingFault(name="moves"),
]
_OUTCOME = {"plays": "plays", "explained": "does not play; the trace says why"}


def interop_page() -> str:
    rows = "\n".join(f"| `{fault.name}` | {fault.does} | {_outcome(fault)} |" for fault in FAULTS)
    said = "\n".join(f"| `{fault.name}` | {fault.does} | {fault.outcome} |" for fault in SIGNALLING)
    return f"""# Interoperability: what cameras do, and what becomes of it

Made from the table of the journey `tests/journeys/test_faulty_cameras.py`, in which one simulated camera per row is
received by the real server; do not edit by hand. Every row is run in `make test`. To see one yourself:
`fengtai simulate --fault 1=mpegts-under-ps,3=wrong-ssrc`.

"Plays" means that a client that opens the live picture decodes a frame, and another client again when all other rows
have been judged. "Does not play" means that `GET /api/live/{{point}}/traces` names the cause in one sentence,
and one thing to do.

| fault | the camera | the platform |
|---|---|---|
{rows}

What devices say otherwise, from the journey `tests/journeys/test_faulty_signalling.py`; the fault belongs to the whole
device. Each must be known by the right name, play, and take a subscription and a guard order as the table says:

| fault | the device | the platform |
|---|---|---|
{said}

## The troubles of the field

What users of other platforms report most, in the order of how often they do (cascade, voice and the playback of recordings
on the device are not built yet), what becomes of it here, and the test that proves it:

| trouble | here | proven by (below `tests/`) |
|---|---|---|
{trouble_table.rows(trouble_table.TROUBLES)}

## Attacks

| attack | here | proven by (below `tests/`) |
|---|---|---|
{trouble_table.rows(trouble_table.ATTACKS)}

These are simulated devices: bytes made by our own code after the descriptions of real ones. No device of a vendor has
been in the laboratory yet.
"""


def _outcome(fault: Fault) -> str:
    told = f": “{_readable(fault.sentence)}”" if fault.sentence else ""
    if not fault.plays_h265:
        told += "; in H.264 where the browser has no H.265: " + (
            "by the sub-stream" if "sub" in fault.name else "re-coded"
        )
    again = "; the loss is told first, then it plays again by itself" if fault.lost_before else ""
    return _OUTCOME[fault.expected] + told + again


def _readable(pattern: str) -> str:
    """A pattern as people read it."""
    first = pattern.split("|")[0]
    for code, plain in ((r"\d+", "…"), (".*", "…"), (r"\.", "."), (r"\(", "("), (r"\)", ")")):
        first = first.replace(code, plain)
    return first


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else PAGE).write_text(interop_page(), encoding="utf-8")
