"""Starting one stream, step by step: receiver, INVITE, first packet, first key frame.

Transports are tried in order: what the device has taught us, then TCP to us, UDP, TCP to the device. What worked after
others had failed is learnt. Each attempt has its own stream id and SSRC; the port stays with the point, so that a hundred
cameras that need two tries each do not need two hundred ports.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from fengtai.domain.live.model import Receiver, Sender, Stage, StreamState, Transport
from fengtai.domain.live.ports import NoPicture, StreamSource, TransportBook
from fengtai.media import faults
from fengtai.media import messages as m
from fengtai.media.allocation import PortPool, SsrcPool
from fengtai.media.faults import Fault
from fengtai.media.supervisor import Supervisor
from fengtai.media.traces import Trace, TraceBook
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError, Unavailable

log = structlog.get_logger()
PORT_TRIES = 5
SOURCE_SECONDS = 25.0
"""the source has its own, shorter time-outs; this one is for a source that hangs"""
FIRST_TRANSPORT_SECONDS = 6.0
"""to the first packet, while another transport has not been tried"""
ASK_KEY_FRAME_SECONDS = 0.4
WORKER_SECONDS = 5.0
PORT_SECONDS = 35.0
"""how long a start waits for a port or an SSRC that rests"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be started."""

    point_id: str
    device_id: str
    channel_id: str
    records: bool = False
    carries_sound: bool = False
    stream_number: int = 0
    """0 the main stream, 1 the sub-stream"""

    @property
    def place(self) -> str:
        """Whose port it is: a point's main and sub-stream may run side by side."""
        return f"{self.point_id}/{self.stream_number}" if self.stream_number else self.point_id


@dataclass(eq=False)
class Running:
    """A stream that runs, or an attempt at one."""

    point_id: str
    stream_id: str
    device_id: str
    worker: int
    receiver: Receiver
    state: StreamState
    trace: Trace
    place: str
    """whose port it is"""
    viewers: int = 0
    carries_sound: bool = False
    codec: str = ""
    """as the first key frame told"""
    first_packet: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    key_frame: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def is_main(self) -> bool:
        return self.receiver.stream_number == 0

    @property
    def has_packets(self) -> bool:
        return self.first_packet.done() and not self.first_packet.cancelled() and self.first_packet.exception() is None

    def fail(self, fault: Fault) -> None:
        for waited in (self.first_packet, self.key_frame):
            if not waited.done():
                waited.set_exception(fault)
                waited.exception()  # it may be that nobody waits for it any more


class StartDesk:
    def __init__(
        self,
        workers: Supervisor,
        *,
        source: StreamSource,
        lessons: TransportBook,
        ports: PortPool,
        ssrcs: SsrcPool,
        traces: TraceBook,
        clock: Clock,
        reached: Callable[[Running, Stage, str], None],
        ended: Callable[[str, str], None],
    ) -> None:
        """`ended`: told (stream, reason) when the device ends a stream that had been brought up."""
        self._workers, self._source, self._lessons, self._clock = workers, source, lessons, clock
        self._ports, self._ssrcs, self._traces, self._on_reached = ports, ssrcs, traces, reached
        self._on_ended = ended
        self._settings = workers.settings
        self._attempts: dict[str, Running] = {}
        self._opening: set[str] = set()
        """streams whose receiver is being opened"""

    @property
    def states(self) -> list[StreamState]:
        return [attempt.state for attempt in self._attempts.values()]

    def knows(self, stream_id: str) -> bool:
        return stream_id in self._attempts or stream_id in self._opening

    async def start(self, wanted: Wanted) -> Running:
        """Return when the first key frame has come. Raise Fault."""
        transports = await self._transports(wanted.device_id)
        trace: Trace | None = None
        failures: list[str] = []
        telling: Fault | None = None
        for number, transport in enumerate(transports):
            is_last = number == len(transports) - 1
            attempt = await self._open(wanted, transport, trace)
            trace = attempt.trace
            try:
                await self._bring_up(attempt, wanted.channel_id, is_last)
            except Fault as fault:
                await self.close(attempt, fault.cause)
                if telling is None or transport is not Transport.TCP_ACTIVE or attempt.has_packets:
                    telling = fault  # few devices wait for our connection: that they do not is no news
                if is_last or not fault.may_try_other:
                    self._traces.failed(trace, telling.cause, telling.fix)
                    raise telling from fault
                failures.append(f"{transport.value}: {fault.cause}")
                self._step(attempt, Stage.REQUESTED, f"{fault.cause} Trying {transports[number + 1].value}.")
            except BaseException:
                await self.close(attempt, "broken off")
                raise
            else:
                if failures:
                    await self._learn(wanted.device_id, transport, failures)
                return attempt
            finally:
                self._attempts.pop(attempt.stream_id, None)
        raise AssertionError("the last transport returns or raises")

    async def _transports(self, device_id: str) -> list[Transport]:
        try:
            lesson = await self._lessons.of(device_id)
        except FengtaiError as error:  # the usual order does as well, only slower
            log.error("transport.not_looked_up", device_id=device_id, error=str(error))
            lesson = None
        first = [] if lesson is None else [lesson.transport]
        return [*first, *(other for other in Transport if other not in first)]

    async def _learn(self, device_id: str, transport: Transport, failures: list[str]) -> None:
        try:
            await self._lessons.learn(device_id, transport, " ".join(failures))
        except FengtaiError as error:
            log.error("transport.not_learnt", device_id=device_id, error=str(error))

    async def close(self, stream: Running, reason: str) -> None:
        """Tell the device, close the receiver, let port and SSRC rest."""
        now = asyncio.get_running_loop().time()
        self._workers.send(stream.worker, m.CloseReceiver(stream_id=stream.stream_id, reason=reason))
        self._ports.give_back(stream.receiver.port, now, stream.place)
        self._ssrcs.give_back(stream.receiver.ssrc, now)
        await self._source.stop(stream.stream_id)

    def reached(self, report: m.StreamReached) -> None:
        attempt = self._attempts.get(report.stream_id)
        if attempt is None:
            return
        stage = Stage(report.stage)
        self._step(attempt, stage, report.detail)
        waited = attempt.first_packet if stage is Stage.FIRST_PACKET else attempt.key_frame
        if stage is Stage.FIRST_KEY_FRAME:
            attempt.codec = report.detail.partition(" ")[0]
        if not waited.done():
            waited.set_result(report.detail)

    def broken(self, report: m.StreamBroken) -> None:
        if (attempt := self._attempts.get(report.stream_id)) is not None:
            attempt.fail(faults.connection_lost(report.detail, may_try_other=True))

    def worker_lost(self, worker: int) -> None:
        for attempt in self._attempts.values():
            if attempt.worker == worker:
                attempt.fail(faults.worker_lost())

    async def _open(self, wanted: Wanted, transport: Transport, trace: Trace | None) -> Running:
        point_id, stream_id = wanted.point_id, uuid.uuid4().hex
        if trace is None:
            trace = self._traces.begin(stream_id, point_id)
        trace.stream_id = stream_id
        self._traces.reached(trace, Stage.REQUESTED, transport.value + (", sub-stream" if wanted.stream_number else ""))
        self._opening.add(stream_id)
        try:
            worker = await self._ready_worker(point_id)
            receiver = await self._receiver(worker, stream_id, wanted, transport)
        except Fault as fault:
            self._traces.failed(trace, fault.cause, fault.fix)
            raise
        finally:
            self._opening.discard(stream_id)
        state = StreamState(point_id=point_id, stream_id=stream_id, stage=Stage.REQUESTED, since=self._clock.now().utc)
        attempt = Running(point_id, stream_id, wanted.device_id, worker, receiver, state, trace, wanted.place)
        attempt.carries_sound = wanted.carries_sound
        self._attempts[stream_id] = attempt
        self._on_reached(attempt, Stage.REQUESTED, transport.value)
        self._step(attempt, Stage.RECEIVER_OPEN, f"{receiver.host}:{receiver.port} {transport.value}")
        return attempt

    async def _ready_worker(self, point_id: str) -> int:
        loop = asyncio.get_running_loop()
        until = loop.time() + WORKER_SECONDS
        while (worker := self._workers.pick(point_id)) is None:
            if loop.time() >= until:
                raise faults.no_worker()
            await self._workers.wait_ready(until - loop.time())
        return worker

    async def _receiver(self, worker: int, stream_id: str, wanted: Wanted, transport: Transport) -> Receiver:
        loop = asyncio.get_running_loop()
        refusal = ""
        for attempt in range(PORT_TRIES):
            port, ssrc = await self._numbers("" if attempt else wanted.place)
            receiver = Receiver(
                stream_id=stream_id,
                host=self._settings.advertised_host,
                port=port,
                ssrc=ssrc,
                transport=transport,
                stream_number=wanted.stream_number,
            )
            try:
                await self._workers.ask(worker, partial(self._opening_of, receiver, wanted))
            except BaseException as error:
                # the worker may have opened it all the same, when its answer is only late
                self._workers.send(worker, m.CloseReceiver(stream_id=stream_id, reason="it was not opened in time"))
                self._ports.give_back(port, loop.time())
                self._ssrcs.give_back(ssrc, loop.time(), unused=True)
                if not isinstance(error, Unavailable):
                    raise
                refusal = str(error)
            else:
                return receiver
        raise Fault(f"No receiver could be opened: {refusal}.", "Check that the range media.ports is free.")

    async def _numbers(self, place: str) -> tuple[int, int]:
        """A port and an SSRC to which no other device may still be sending. When all are taken but some rest, it waits
        for the next one. Raise Fault."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PORT_SECONDS
        while True:
            now = loop.time()
            try:
                return self._unheld(now, place)
            except Unavailable as error:
                rested_at = self._ports.rested_at(now)
                if rested_at is None or rested_at > until:
                    raise Fault(f"{error}.", "Close live pictures that nobody needs, or widen the range.") from error
            await asyncio.sleep(rested_at - now + 0.01)

    def _unheld(self, now: float, place: str) -> tuple[int, int]:
        """The port that the point had before is not asked about: whoever may still send there is its own camera, and
        another SSRC or another kind of socket keeps the two apart. Raise Unavailable."""
        port = self._ports.take_own(place)
        while port is None:
            found = self._ports.take(now)
            if self._source.is_held(found, 0):
                self._ports.give_back(found, now)
            else:
                port = found
        try:
            while self._source.is_held(0, ssrc := self._ssrcs.take(now)):
                self._ssrcs.give_back(ssrc, now)
        except Unavailable:
            self._ports.give_back(port, now, unused=True)
            raise
        return port, ssrc

    def _opening_of(self, receiver: Receiver, wanted: Wanted, ask: int) -> m.OpenReceiver:
        return m.OpenReceiver(
            ask=ask,
            stream_id=receiver.stream_id,
            point_id=wanted.point_id,
            host=self._settings.host,
            port=receiver.port,
            ssrc=receiver.ssrc,
            is_tcp=receiver.transport is not Transport.UDP,
            connects=receiver.transport is Transport.TCP_ACTIVE,
            records=wanted.records,
            carries_sound=wanted.carries_sound,
        )

    async def _bring_up(self, attempt: Running, channel_id: str, is_last: bool) -> None:
        def reached(stage: Stage, detail: str) -> None:
            if stage is not Stage.STOPPED:
                self._step(attempt, stage, detail)
            elif attempt.stream_id in self._attempts:
                attempt.fail(faults.ended_by_device(detail))
            else:
                self._on_ended(attempt.stream_id, detail)

        try:
            async with asyncio.timeout(SOURCE_SECONDS):
                sender = await self._source.start(attempt.device_id, channel_id, attempt.receiver, reached)
        except NoPicture as refusal:
            raise faults.refused_by_source(refusal) from refusal
        except FengtaiError as error:
            raise faults.source_unavailable(str(error)) from error
        except TimeoutError as error:
            raise faults.source_hangs() from error
        self._introduce(attempt, sender)
        if sender.told_host:
            attempt.receiver = replace(attempt.receiver, host=sender.told_host)
        patience = self._settings.no_packet_seconds
        await_packet = patience if is_last else min(patience, FIRST_TRANSPORT_SECONDS)
        try:
            async with asyncio.timeout(await_packet):
                await attempt.first_packet
        except TimeoutError:
            detail = await self._why_dark(attempt)
            raise faults.no_packet(attempt.receiver, await_packet, "" if detail == m.NOTHING_CAME else detail) from None
        await self._await_key_frame(attempt, patience)

    def _introduce(self, attempt: Running, sender: Sender) -> None:
        """The worker learns who may speak at its port, or where it connects to."""
        known = m.SenderKnown(stream_id=attempt.stream_id, hosts=list(sender.hosts), port=sender.port)
        self._workers.send(attempt.worker, known)

    async def _await_key_frame(self, attempt: Running, patience: float) -> None:
        try:
            async with asyncio.timeout(ASK_KEY_FRAME_SECONDS):
                await asyncio.shield(attempt.key_frame)
                return
        except TimeoutError:
            await self._source.want_key_frame(attempt.stream_id)
        try:
            async with asyncio.timeout(patience):
                await asyncio.shield(attempt.key_frame)
        except TimeoutError:
            raise faults.no_key_frame(await self._why_dark(attempt), patience + ASK_KEY_FRAME_SECONDS) from None

    async def _why_dark(self, attempt: Running) -> str:
        """What the worker makes of the packets."""
        try:
            await self._workers.ask(
                attempt.worker, lambda ask: m.MakeSnapshot(ask=ask, point_id=attempt.point_id), seconds=2.0
            )
        except Unavailable as error:
            return str(error)
        return ""

    def _step(self, attempt: Running, stage: Stage, detail: str) -> None:
        self._traces.reached(attempt.trace, stage, detail)
        attempt.state = StreamState(
            point_id=attempt.point_id,
            stream_id=attempt.stream_id,
            stage=stage,
            since=self._clock.now().utc,
            detail=detail,
        )
