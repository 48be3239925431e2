"""Starting one stream, step by step: receiver, INVITE, first packet, first key frame; TCP passive first, then UDP.

What worked with a device is tried first the next time. Each attempt has its own stream id, port and SSRC.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from fengtai.domain.live.model import Receiver, Stage, StreamState, Transport
from fengtai.domain.live.ports import NoPicture, StreamSource
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
ASK_KEY_FRAME_SECONDS = 1.0
WORKER_SECONDS = 5.0


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
    viewers: int = 0
    first_packet: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    key_frame: "asyncio.Future[str]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

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
        ports: PortPool,
        ssrcs: SsrcPool,
        traces: TraceBook,
        clock: Clock,
        reached: Callable[[Running, Stage, str], None],
        ended: Callable[[str, str], None],
    ) -> None:
        """`ended`: told (stream, reason) when the device ends a stream that had been brought up."""
        self._workers, self._source, self._clock = workers, source, clock
        self._ports, self._ssrcs, self._traces, self._on_reached = ports, ssrcs, traces, reached
        self._on_ended = ended
        self._settings = workers.settings
        self._attempts: dict[str, Running] = {}
        self._works: dict[str, Transport] = {}
        """device → transport that worked last"""

    @property
    def states(self) -> list[StreamState]:
        return [attempt.state for attempt in self._attempts.values()]

    async def start(self, point_id: str, device_id: str, channel_id: str, *, records: bool) -> Running:
        """Return when the first key frame has come. Raise Fault."""
        transports = [self._works.get(device_id, Transport.TCP_PASSIVE)]
        transports += [other for other in Transport if other not in transports]
        trace: Trace | None = None
        for number, transport in enumerate(transports):
            is_last = number == len(transports) - 1
            attempt = await self._open(point_id, device_id, transport, records, trace)
            trace = attempt.trace
            try:
                await self._bring_up(attempt, channel_id, is_last)
            except Fault as fault:
                await self.close(attempt, fault.cause)
                if is_last or not fault.may_try_other:
                    self._traces.failed(trace, fault.cause, fault.fix)
                    raise
                self._step(attempt, Stage.REQUESTED, f"{fault.cause} Trying {transports[number + 1].value}.")
            except BaseException:
                await self.close(attempt, "broken off")
                raise
            else:
                self._works[device_id] = transport
                return attempt
            finally:
                self._attempts.pop(attempt.stream_id, None)
        raise AssertionError("the last transport returns or raises")

    async def close(self, stream: Running, reason: str) -> None:
        """Tell the device, close the receiver, let port and SSRC rest."""
        now = asyncio.get_running_loop().time()
        self._workers.send(stream.worker, m.CloseReceiver(stream_id=stream.stream_id, reason=reason))
        self._ports.give_back(stream.receiver.port, now)
        self._ssrcs.give_back(stream.receiver.ssrc, now)
        await self._source.stop(stream.stream_id)

    def reached(self, report: m.StreamReached) -> None:
        attempt = self._attempts.get(report.stream_id)
        if attempt is None:
            return
        stage = Stage(report.stage)
        self._step(attempt, stage, report.detail)
        waited = attempt.first_packet if stage is Stage.FIRST_PACKET else attempt.key_frame
        if not waited.done():
            waited.set_result(report.detail)

    def broken(self, report: m.StreamBroken) -> None:
        if (attempt := self._attempts.get(report.stream_id)) is not None:
            attempt.fail(faults.connection_lost(report.detail))

    def worker_lost(self, worker: int) -> None:
        for attempt in self._attempts.values():
            if attempt.worker == worker:
                attempt.fail(faults.worker_lost())

    async def _open(
        self, point_id: str, device_id: str, transport: Transport, records: bool, trace: Trace | None
    ) -> Running:
        stream_id = uuid.uuid4().hex
        if trace is None:
            trace = self._traces.begin(stream_id, point_id)
        trace.stream_id = stream_id
        self._traces.reached(trace, Stage.REQUESTED, transport.value)
        try:
            worker = await self._ready_worker(point_id)
            receiver = await self._receiver(worker, stream_id, point_id, transport, records)
        except Fault as fault:
            self._traces.failed(trace, fault.cause, fault.fix)
            raise
        state = StreamState(point_id=point_id, stream_id=stream_id, stage=Stage.REQUESTED, since=self._clock.now().utc)
        attempt = Running(point_id, stream_id, device_id, worker, receiver, state, trace)
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

    async def _receiver(
        self, worker: int, stream_id: str, point_id: str, transport: Transport, records: bool
    ) -> Receiver:
        loop = asyncio.get_running_loop()
        refusal = ""
        for _ in range(PORT_TRIES):
            try:
                port, ssrc = self._unheld(loop.time())
            except Unavailable as error:
                raise Fault(f"{error}.", "Close live pictures that nobody needs.") from error
            receiver = Receiver(
                stream_id=stream_id, host=self._settings.advertised_host, port=port, ssrc=ssrc, transport=transport
            )
            try:
                await self._workers.ask(worker, partial(self._opening, receiver, point_id, records))
            except Unavailable as error:
                refusal = str(error)
                self._ports.give_back(port, loop.time())
                self._ssrcs.give_back(ssrc, loop.time())
            else:
                return receiver
        raise Fault(f"No receiver could be opened: {refusal}.", "Check that the range media.ports is free.")

    def _unheld(self, now: float) -> tuple[int, int]:
        """A port and an SSRC to which no device may still be sending for a stream of before. Raise Unavailable."""
        while self._source.is_held(port := self._ports.take(now), 0):
            self._ports.give_back(port, now)
        while self._source.is_held(0, ssrc := self._ssrcs.take(now)):
            self._ssrcs.give_back(ssrc, now)
        return port, ssrc

    def _opening(self, receiver: Receiver, point_id: str, records: bool, ask: int) -> m.OpenReceiver:
        return m.OpenReceiver(
            ask=ask,
            stream_id=receiver.stream_id,
            point_id=point_id,
            host=self._settings.host,
            port=receiver.port,
            ssrc=receiver.ssrc,
            is_tcp=receiver.transport is Transport.TCP_PASSIVE,
            records=records,
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
                await self._source.start(attempt.device_id, channel_id, attempt.receiver, reached)
        except NoPicture as refusal:
            raise faults.refused_by_source(refusal) from refusal
        except FengtaiError as error:
            raise faults.source_unavailable(str(error)) from error
        except TimeoutError as error:
            raise faults.source_hangs() from error
        patience = self._settings.no_packet_seconds
        await_packet = patience if is_last else min(patience, FIRST_TRANSPORT_SECONDS)
        try:
            async with asyncio.timeout(await_packet):
                await attempt.first_packet
        except TimeoutError:
            detail = await self._why_dark(attempt)
            raise faults.no_packet(attempt.receiver, await_packet, "" if detail == m.NOTHING_CAME else detail) from None
        await self._await_key_frame(attempt, patience)

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
