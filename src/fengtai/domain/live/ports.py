"""What live pictures need from outside: somebody who makes a device send, and somebody who receives."""

from collections.abc import Callable
from typing import Protocol

from fengtai.domain.live.model import Receiver, Stage, StreamTrace, WatchPlace

Reached = Callable[[Stage, str], None]
"""Called by a source as each stage is reached, with a detail ("180", "answered by Hikvision DS-2CD")."""


class StreamSource(Protocol):
    """Makes a device send its picture; `gateways.gb28181` implements it."""

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> None:
        """Return when the device has agreed to send (200 and ACK). Raise Unavailable with one sentence of cause."""

    async def stop(self, stream_id: str) -> None:
        """Tell the device to stop. Never raises: a lost BYE is repeated by the source itself."""

    async def want_key_frame(self, stream_id: str) -> None: ...


class Streams(Protocol):
    """The streams that run; `media.streams` implements it. One stream per point, however many watch or record it."""

    async def watch(self, point_id: str, *, device_id: str, channel_id: str, viewer: str) -> WatchPlace:
        """Start the stream if it does not run, wait for its first key frame, and tell where it is watched.
        Raise Unavailable with one sentence of cause."""

    async def snapshot(self, point_id: str) -> bytes:
        """The latest key frame as JPEG. Raise Unavailable when the stream does not run."""

    def traces(self, point_id: str) -> list[StreamTrace]:
        """The last starts, newest first."""

    def playing(self) -> dict[str, str]:
        """point id → stage of its stream."""
