"""Where vendors differ, and what a refusal of theirs means to a person."""

from fengtai.protocols.sip import Peer

_REFUSALS = {
    400: (
        "the device did not understand the request for a stream",
        "Ask for its catalogue again: channel codes may differ.",
    ),
    403: ("the device forbids the stream", "Allow this platform in the device's GB/T 28181 page."),
    404: (
        "the device does not know this channel",
        "Ask for its catalogue again and bind the point to a channel of it.",
    ),
    408: ("the device did not answer in time", "Check the network between platform and device."),
    415: ("the device does not accept the session description", "Switch the point between TCP and UDP."),
    480: ("the channel is not available now", "Check the camera behind the recorder: power and network."),
    481: ("the device has lost the call", "Try again."),
    486: ("the device has no free stream", "Stop other viewers of the device, or raise its limit of streams."),
    487: ("the request was taken back", "Try again."),
    488: ("the device does not accept the offered media", "Switch the point between TCP and UDP."),
    500: ("the device reports an internal error", "Restart the device."),
    503: ("the device is overloaded", "Try again in a minute."),
    603: ("the device declined the stream", "Check the channel in the device's own pages."),
}

DISLIKES_OFFER = frozenset((400, 415, 488))
"""refusals that are often about the form of the session description: worth one more try in the plain form"""

SILENT = (
    "the device did not answer the request for a stream",
    "Check that the device is online and that UDP or TCP reaches it; see its last keepalive.",
)
OFFLINE = ("the device is offline", "Check its power and network; it registers again by itself.")
CONNECTION_LOST = (
    "the device's connection broke",
    "The device connects and registers again by itself; then try again.",
)


def refusal(status: int, reason: str) -> tuple[str, str]:
    """One sentence of cause and one of what to do, for a final answer that is no 2xx."""
    cause, fix = _REFUSALS.get(status, ("the device refused the stream", "Look the answer up in the device's manual."))
    return f"{cause} ({status} {reason})".replace(" )", ")"), fix


def same_device(known: Peer, speaking: Peer) -> bool:
    """May this peer speak for a device that registered from `known`? NAT changes ports, and devices reconnect; a new
    host has to register, so that nobody takes over a device by a keepalive."""
    return known.host == speaking.host


def contact_of_binding(contact: str, device_id: str, peer: Peer) -> str:
    """The Contact that a 200 to REGISTER carries: without it some devices count no binding (Monibuca #65)."""
    return contact or f"<sip:{device_id}@{peer.host}:{peer.port}>"
