"""Streams that devices send because we asked: the `domain.live.ports.StreamSource` of GB/T 28181.

One stream id is one call, kept durably from its INVITE to its confirmed end; no ACK leaves before it is kept. A stream
that cannot start fails with one sentence of cause and one of what to do.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import structlog

from fengtai.domain.devices.model import OpenCall
from fengtai.domain.devices.service import DeviceRegistry
from fengtai.domain.live.model import Receiver, Sender, Stage, Transport
from fengtai.domain.live.ports import NoPicture, Reached
from fengtai.protocols.gb28181 import (
    CallOver,
    KeptCall,
    PlatformEndpoint,
    PlayAnswered,
    PlayEnded,
    PlayFailed,
    PlayTrying,
    SsrcPool,
)
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Conflict, FengtaiError, TooMany, Unavailable

log = structlog.get_logger()

OFFLINE = ("The device is offline.", "Check its power and network; it registers again by itself.")
WORTH_ANOTHER_TRANSPORT = frozenset((200, 400, 415, 488))
"""statuses of refusals that the other transport may not meet: the form of the offer, or an answer we cannot use"""


_WAYS = {
    Transport.TCP_PASSIVE: "TCP, the device connects",
    Transport.UDP: "UDP",
    Transport.TCP_ACTIVE: "TCP, we connect to the device",
}


@dataclass(slots=True)
class _Stream:
    stream_id: str
    device_id: str
    reached: Reached
    agreed: asyncio.Future[None]
    own_ssrc: int
    """from our pool, to be given back; 0: media chose it"""
    sender: Sender
    """whole when the device has answered"""


class StreamDesk:
    def __init__(
        self,
        endpoint: PlatformEndpoint,
        clock: Clock,
        pump: Callable[[], None],
        devices: DeviceRegistry,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        began: Callable[[str, str], None],
    ) -> None:
        """`began`: told call and device before the INVITE leaves."""
        self._endpoint, self._clock, self._pump = endpoint, clock, pump
        self._devices, self._spawn, self._began = devices, spawn, began
        self._pool = SsrcPool(endpoint.identity.domain, first=endpoint.identity.port % 10_000)
        self._by_call: dict[str, _Stream] = {}
        self._call_of: dict[str, str] = {}
        self._all_ended = asyncio.Event()
        self._writing: set[asyncio.Task[None]] = set()

    async def restore(self) -> int:
        """After a crash: tell every device that may still be sending to stop. Answers how many calls there were."""
        calls = await self._devices.open_calls()
        now = self._clock.now()
        for call in calls:
            log.warning("call.left_over", call=call.id, device=call.device_id, port=call.port, ssrc=call.ssrc)
            self._endpoint.restore_call(_as_kept(call), now)
        return len(calls)

    def is_held(self, port: int, ssrc: int) -> bool:
        ports, ssrcs = self._endpoint.held(self._clock.now())
        return port in ports or ssrc in ssrcs

    async def start(self, device_id: str, channel_id: str, receiver: Receiver, reached: Reached) -> Sender:
        """Return when the device has agreed (200, kept, ACK). Raise NoPicture; Conflict when a stream of this id runs.
        `reached(Stage.STOPPED, cause)` is called later if the device ends it."""
        obstacle = await self._devices.why_not_playable(device_id)
        if obstacle is not None:
            raise NoPicture(obstacle.cause, obstacle.fix)
        if receiver.stream_id in self._call_of:
            raise Conflict(f"stream {receiver.stream_id} runs already")
        now = self._clock.now()
        host = self._endpoint.own_address_for(device_id) or receiver.host
        own_ssrc = 0
        try:
            own_ssrc = 0 if receiver.ssrc else self._pool.take(now.monotonic)
            call_id = self._endpoint.play(
                device_id,
                channel_id,
                host=host,
                port=receiver.port,
                ssrc=receiver.ssrc or own_ssrc,
                tcp=receiver.transport is not Transport.UDP,
                connects=receiver.transport is Transport.TCP_ACTIVE,
                stream_number=receiver.stream_number,
                now=now,
            )
        except Unavailable:
            self._pool.give_back(own_ssrc, now.monotonic)
            raise NoPicture(*OFFLINE) from None
        except TooMany as error:
            self._pool.give_back(own_ssrc, now.monotonic)
            raise NoPicture(_sentence(str(error)), "Try again in a minute.") from error
        agreed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began(call_id, device_id)
        stream = _Stream(receiver.stream_id, device_id, reached, agreed, own_ssrc, Sender(hosts=(), told_host=host))
        self._by_call[call_id] = stream
        self._call_of[receiver.stream_id] = call_id
        reached(Stage.INVITE_SENT, f"media to {host}:{receiver.port} by {_WAYS[receiver.transport]}")
        self._pump()
        self._write(self._keep_early(call_id, stream))
        try:
            await agreed
        except asyncio.CancelledError:
            await self.stop(receiver.stream_id)
            raise
        return stream.sender

    async def stop(self, stream_id: str) -> None:
        """The BYE is repeated until the device confirms; nothing is waited for here."""
        call_id = self._call_of.get(stream_id)
        if call_id is None:
            return
        stream = self._forget(call_id)
        if stream is not None and not stream.agreed.done():
            stream.agreed.set_exception(NoPicture("The stream was stopped before the device answered.", "Try again."))
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
        await asyncio.gather(*self._writing, return_exceptions=True)

    def take(self, event: PlayTrying | PlayAnswered | PlayFailed | PlayEnded | CallOver) -> None:
        """What the endpoint tells of a call."""
        stream = self._by_call.get(event.call_id)
        match event:
            case PlayTrying() if stream is not None:
                stream.reached(Stage.TRYING, f"{event.status} {event.note}".strip())
            case PlayAnswered():
                self._spawn(self._keep(event, stream))
            case PlayFailed() if stream is not None:
                log.warning("stream.refused", device=stream.device_id, status=event.status, cause=event.cause)
                self._forget(event.call_id)
                if not stream.agreed.done():
                    other = event.status in WORTH_ANOTHER_TRANSPORT
                    stream.agreed.set_exception(NoPicture(_sentence(event.cause), event.fix, may_try_other=other))
            case PlayEnded() if stream is not None:
                self._forget(event.call_id)
                if stream.agreed.done():
                    stream.reached(Stage.STOPPED, event.cause)
                else:
                    stream.agreed.set_exception(NoPicture(_sentence(event.cause), "Try again."))
            case CallOver():
                self._write(self._over(event.call_id))
            case _:
                pass  # a call that nobody wants any more comes to its end
        if not self._endpoint.open_calls():
            self._all_ended.set()

    async def _keep(self, answered: PlayAnswered, stream: _Stream | None) -> None:
        """First durable, then the ACK: a device never sends for a call that a crash could make us forget."""
        if stream is not None:
            hosts = tuple(dict.fromkeys(host for host in (answered.host, answered.peer_host) if host))
            stream.sender = replace(stream.sender, hosts=hosts, port=answered.port)
            stream.reached(Stage.ANSWERED, answered.note or f"the device sends from {answered.host}:{answered.port}")
            try:
                await self._devices.call_answered(self._as_open(answered.keep, stream))
            except FengtaiError as error:
                log.error("call.not_kept", call=answered.call_id, device=stream.device_id, error=str(error))
                self._forget(answered.call_id)
                if not stream.agreed.done():
                    cause = "The call could not be kept, so the picture was not taken."
                    stream.agreed.set_exception(NoPicture(cause, "Look for database errors in the log."))
        if self._by_call.get(answered.call_id) is stream and stream is not None:
            self._endpoint.acknowledge(answered.call_id, self._clock.now())
            stream.reached(Stage.ACKNOWLEDGED, "")
            if not stream.agreed.done():
                stream.agreed.set_result(None)
        else:
            self._endpoint.hang_up(answered.call_id, self._clock.now())
        self._pump()

    def _write(self, work: Coroutine[Any, Any, None]) -> None:
        """What `stop_all` waits for."""
        writing = self._spawn(work)
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    async def _keep_early(self, call_id: str, stream: _Stream) -> None:
        """A crash between the INVITE and its answer must not leave a camera that sends to nobody."""
        kept = self._endpoint.early_call(call_id)
        if kept is None:
            return
        try:
            await self._devices.call_answered(self._as_open(kept, stream))
        except FengtaiError as error:
            log.warning("call.not_kept_early", call=call_id, error=str(error))  # it is tried again with its answer

    async def _over(self, call_id: str) -> None:
        try:
            await self._devices.call_over(call_id)
        except FengtaiError as error:
            log.error("call.end_not_kept", call=call_id, error=str(error))  # a BYE too many at the next start

    def _as_open(self, kept: KeptCall, stream: _Stream) -> OpenCall:
        return OpenCall(
            id=kept.call_id,
            stream_id=stream.stream_id,
            device_id=kept.device_id,
            channel_id=kept.channel_id,
            local=kept.local,
            remote=kept.remote,
            target=kept.target,
            route=kept.route,
            sequence=kept.cseq,
            port=kept.port,
            ssrc=kept.ssrc,
            started_at=self._clock.now().utc,
        )

    def _forget(self, call_id: str) -> _Stream | None:
        stream = self._by_call.pop(call_id, None)
        if stream is not None:
            self._call_of.pop(stream.stream_id, None)
            self._pool.give_back(stream.own_ssrc, self._clock.now().monotonic)
        return stream


def _as_kept(call: OpenCall) -> KeptCall:
    return KeptCall(
        call_id=call.id,
        device_id=call.device_id,
        channel_id=call.channel_id,
        local=call.local,
        remote=call.remote,
        target=call.target,
        route=call.route,
        cseq=call.sequence,
        port=call.port,
        ssrc=call.ssrc,
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
