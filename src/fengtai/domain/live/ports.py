"""What live pictures need from outside: somebody who makes a device send, and somebody who receives."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from fengtai.domain.live.model import (
    Receiver,
    Sender,
    Stage,
    StreamChanged,
    StreamState,
    StreamTrace,
    Transport,
    TransportLesson,
    WallLayout,
    WatchPlace,
    WatchWish,
)
from fengtai.vocabulary.errors import Unavailable


class NoPicture(Unavailable):
    """A stream that a source could not start: one sentence of cause, and the one thing to do about it."""

    def __init__(self, cause: str, fix: str, *, may_try_other: bool = False) -> None:
        super().__init__(f"{cause} {fix}")
        self.cause, self.fix = cause, fix
        self.may_try_other = may_try_other
        """another transport may succeed"""


Reached = Callable[[Stage, str], None]
"""Called by a source as each stage is reached, with a detail ("180", "answered by Hikvision DS-2CD")."""


class StreamSource(Protocol):
    """Makes a device send its picture; `gateways.gb28181` implements it."""

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> Sender:
        """Return when the device has agreed to send (200 and ACK). Raise NoPicture with cause and fix."""

    async def stop(self, stream_id: str) -> None:
        """Tell the device to stop. Never raises: a lost BYE is repeated by the source itself."""

    async def want_key_frame(self, stream_id: str) -> None: ...

    def is_held(self, port: int, ssrc: int) -> bool:
        """Whether a device may still be sending to this port, or with this SSRC, for a stream that is over (a lost BYE,
        a crash of ours): nobody else gets it before the device has confirmed."""


class PictureFiles(Protocol):
    """The object store. Raises NotFound, and Unavailable when the store does not answer."""

    async def put(self, key: str, content: bytes | AsyncIterator[bytes]) -> None: ...

    async def get(self, key: str) -> bytes: ...

    async def delete(self, key: str) -> None: ...

    def listed(self, prefix: str = "") -> AsyncIterator[str]:
        """All keys below this folder."""


class StreamNews(Protocol):
    """Who is told that a stream has changed; `StreamLog` puts it into the event log."""

    async def changed(self, event: StreamChanged) -> None: ...


class TransportStore(Protocol):
    """Which transport each device has taught us; a row per device that needs another one than the first."""

    def get(self, device_id: str) -> TransportLesson | None: ...

    def save(self, lesson: TransportLesson) -> None: ...

    def delete(self, device_id: str) -> None:
        """Unknown ones are gone already."""


class WallLayouts(Protocol):
    """What people keep of their walls."""

    def get(self, layout_id: str) -> WallLayout | None: ...

    def of(self, user_id: str) -> Sequence[WallLayout]:
        """Theirs and shared ones, by name."""

    def save(self, layout: WallLayout) -> None: ...

    def remove(self, layout_id: str) -> None:
        """Unknown ones are gone already."""


class TransportBook(Protocol):
    """What media asks before a start, and tells after it; `LearntTransports` implements it."""

    async def of(self, device_id: str) -> TransportLesson | None: ...

    async def learn(self, device_id: str, transport: Transport, why: str) -> None:
        """Pictures came by this transport after others had failed."""


class Streams(Protocol):
    """The streams that run; `media.streams` implements it. One stream per point, however many watch or record it."""

    async def watch(
        self,
        point_id: str,
        *,
        device_id: str,
        channel_id: str,
        session_id: str,
        host: str = "",
        wish: WatchWish = WatchWish(),
    ) -> WatchPlace:
        """Start the stream if it does not run, wait for its first key frame, and tell where it is watched.
        `session_id`: the ticket dies with that session. `host`: by which name the console reached us.
        Raise Unavailable with one sentence of cause."""

    async def snapshot(self, point_id: str) -> bytes:
        """The latest key frame as JPEG. Raise Unavailable when the stream does not run."""

    async def end_session(self, session_id: str) -> None:
        """Close all that this session watches; its tickets are dead from now on."""

    def carry_sound(self, point_id: str, carries: bool) -> None:
        """The point's policy was changed: sound goes on, or ends at the receiver from now on."""

    def traces(self, point_id: str) -> list[StreamTrace]:
        """The last starts, newest first."""

    def states(self) -> list[StreamState]:
        """All streams that run or are being started."""
