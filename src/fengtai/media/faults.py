"""Why a stream did not start or was lost: one sentence of cause, one thing to do. Pure; the wording lives here."""

from fengtai.domain.live.model import Receiver, Transport
from fengtai.domain.live.ports import NoPicture
from fengtai.domain.recordings.model import GapCause


class Fault(Exception):
    """A start or a stream that failed."""

    def __init__(
        self, cause: str, fix: str, gap: GapCause = GapCause.STREAM_LOST, *, may_try_other: bool = False
    ) -> None:
        super().__init__(f"{cause} {fix}")
        self.cause, self.fix, self.gap = cause, fix, gap
        self.may_try_other = may_try_other
        """another transport may succeed"""


def no_worker() -> Fault:
    return Fault(
        "No media worker is running.",
        "It is restarted by itself; if this stays, look for worker errors in the log.",
        GapCause.WORKER_RESTARTED,
    )


def worker_lost() -> Fault:
    return Fault(
        "The media worker of this stream ended unexpectedly.",
        "The stream is started again on another worker by itself.",
        GapCause.WORKER_RESTARTED,
    )


def refused_by_source(refusal: NoPicture) -> Fault:
    return Fault(refusal.cause, refusal.fix, may_try_other=refusal.may_try_other)


def source_unavailable(reason: str) -> Fault:
    return Fault(
        reason if reason.endswith(".") else f"{reason}.", "It is tried again by itself; if this stays, see the log."
    )


def source_hangs() -> Fault:
    return Fault("The device did not answer.", "Check that the device is online and see its SIP messages.")


def no_packet(receiver: Receiver, seconds: float, detail: str = "") -> Fault:
    if detail:
        return Fault(
            f"The device agreed to send, but after {seconds:g} s there is nothing to be shown: {detail}.",
            "Set the camera's stream to RTP with PS and send it to the address of the offer; restart the camera.",
            may_try_other=True,
        )
    if receiver.transport is Transport.TCP_ACTIVE:
        return Fault(
            f"We connected to the device by TCP, but within {seconds:g} s it has sent nothing.",
            "Restart the camera, or let it connect to the platform (TCP passive).",
            may_try_other=True,
        )
    how = "connected by TCP to" if receiver.transport is Transport.TCP_PASSIVE else "sent a packet by UDP to"
    return Fault(
        f"The device agreed to send, but within {seconds:g} s it has not {how} {receiver.host}:{receiver.port}.",
        f"Check that the device can reach {receiver.host} (setting media.advertised) and that a firewall lets it in.",
        may_try_other=True,
    )


def no_key_frame(detail: str, seconds: float) -> Fault:
    return Fault(
        f"Packets come, but after {seconds:g} s no picture can be shown: {detail or 'no key frame has come'}.",
        "Set the camera's stream to H.264 or H.265 in PS, with a key frame at least every 4 s.",
        may_try_other=True,
    )


def went_silent(seconds: float) -> Fault:
    return Fault(
        f"The device stopped sending: no packet for {seconds:.0f} s.",
        "Check the camera's power and network.",
    )


def connection_lost(detail: str, *, may_try_other: bool = False) -> Fault:
    return Fault(
        f"The media connection was lost: {detail}.",
        "It is started again by itself while it is recorded.",
        may_try_other=may_try_other,
    )


def ended_by_device(reason: str) -> Fault:
    return Fault(f"The device ended the stream: {reason or 'BYE'}.", "Ask for the picture again.")
