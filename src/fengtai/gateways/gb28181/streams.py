"""Streams that devices send because we asked: the `domain.live.ports.StreamSource` of GB/T 28181.

One stream id is one call. A stream that cannot start fails with one sentence of cause and one of what to do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from fengtai.domain.live.model import Receiver, Stage, Transport
from fengtai.domain.live.ports import Reached
from fengtai.protocols.gb28181 import PlatformEndpoint, PlayAnswered, PlayEnded, PlayFailed, PlayTrying, SsrcPool
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Conflict, Unavailable

log = structlog.get_logger()


@dataclass(slots=True)
class _Stream:
    stream_id: str
    device_id: str
    reached: Reached
    agreed: asyncio.Future[None]
    own_ssrc: int
    """from our pool, to be given back; 0: media chose it"""


class StreamDesk:
    def __init__(
        self,
        endpoint: PlatformEndpoint,
        clock: Clock,
        pump: Callable[[], None],
        check: Callable[[str], Awaitable[None]],
    ) -> None:
        """`check` raises Unavailable for a device of which no pictures may be taken."""
        self._endpoint, self._clock, self._pump, self._check = endpoint, clock, pump, check
        self._pool = SsrcPool(endpoint.identity.domain, first=endpoint.identity.port % 10_000)
        self._by_call: dict[str, _Stream] = {}
        self._call_of: dict[str, str] = {}
        self._all_ended = asyncio.Event()

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> None:
        """Return when the device has agreed (200 and ACK). Raise Unavailable with cause and fix; Conflict when a stream
        of this id runs. `reached(Stage.STOPPED, cause)` is called later if the device ends it."""
        await self._check(device_id)
        if receiver.stream_id in self._call_of:
            raise Conflict(f"stream {receiver.stream_id} runs already")
        now = self._clock.now()
        own_ssrc = 0 if receiver.ssrc else self._pool.take(now.monotonic)
        tcp = receiver.transport is Transport.TCP_PASSIVE
        try:
            call_id = self._endpoint.play(
                device_id,
                channel_id,
                host=receiver.host,
                port=receiver.port,
                ssrc=receiver.ssrc or own_ssrc,
                tcp=tcp,
                now=now,
            )
        except Unavailable:
            self._pool.give_back(own_ssrc, now.monotonic)
            raise
        agreed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._by_call[call_id] = _Stream(receiver.stream_id, device_id, reached, agreed, own_ssrc)
        self._call_of[receiver.stream_id] = call_id
        way = "TCP, the device connects" if tcp else "UDP"
        reached(Stage.INVITE_SENT, f"media to {receiver.host}:{receiver.port} by {way}")
        self._pump()
        try:
            await agreed
        except asyncio.CancelledError:
            await self.stop(receiver.stream_id)
            raise

    async def stop(self, stream_id: str) -> None:
        """The BYE is repeated until the device confirms; nothing is waited for here."""
        call_id = self._call_of.get(stream_id)
        if call_id is None:
            return
        stream = self._forget(call_id)
        if stream is not None and not stream.agreed.done():
            stream.agreed.set_exception(Unavailable("the stream was stopped before the device answered"))
            stream.agreed.exception()  # nobody may be waiting any more
        self._endpoint.hang_up(call_id, self._clock.now())
        self._pump()

    async def want_key_frame(self, stream_id: str) -> None:
        call_id = self._call_of.get(stream_id)
        if call_id is not None:
            self._endpoint.want_key_frame(call_id, self._clock.now())
            self._pump()

    async def stop_all(self, *, within_seconds: float) -> None:
        """A BYE for every stream, and a little patience for the answers."""
        for stream_id in list(self._call_of):
            await self.stop(stream_id)
        self._all_ended.clear()
        if self._endpoint.open_calls():
            try:
                async with asyncio.timeout(within_seconds):
                    await self._all_ended.wait()
            except TimeoutError:
                log.warning("stream.bye_unconfirmed", calls=self._endpoint.open_calls())

    def take(self, event: PlayTrying | PlayAnswered | PlayFailed | PlayEnded) -> None:
        """What the endpoint tells of a call."""
        stream = self._by_call.get(event.call_id)
        match event:
            case PlayTrying() if stream is not None:
                stream.reached(Stage.TRYING, str(event.status))
            case PlayAnswered() if stream is not None:
                stream.reached(Stage.ANSWERED, event.note or f"the device sends from {event.host}:{event.port}")
                stream.reached(Stage.ACKNOWLEDGED, "")
                if not stream.agreed.done():
                    stream.agreed.set_result(None)
            case PlayFailed() if stream is not None:
                log.warning("stream.refused", device=stream.device_id, status=event.status, cause=event.cause)
                self._forget(event.call_id)
                if not stream.agreed.done():
                    stream.agreed.set_exception(Unavailable(f"{_sentence(event.cause)} {event.fix}"))
            case PlayEnded() if stream is not None:
                self._forget(event.call_id)
                stream.reached(Stage.STOPPED, event.cause)
            case _:
                pass  # a call that nobody wants any more comes to its end
        if not self._endpoint.open_calls():
            self._all_ended.set()

    def _forget(self, call_id: str) -> _Stream | None:
        stream = self._by_call.pop(call_id, None)
        if stream is not None:
            self._call_of.pop(stream.stream_id, None)
            self._pool.give_back(stream.own_ssrc, self._clock.now().monotonic)
        return stream


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
