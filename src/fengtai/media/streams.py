"""The streams that run: one per point, however many watch or record it. Implements `domain.live.ports.Streams`.

Waiters share one start. A stream is stopped when nobody watches it any more, after a grace, unless it is recorded.
What a start does step by step is in `stream_start`; why one fails, in `faults`.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import structlog

from fengtai.domain.live.model import Stage, StreamChanged, StreamState, StreamTrace, WatchPlace, WatchWish
from fengtai.domain.live.ports import StreamNews, StreamSource, TransportBook
from fengtai.media import messages as m
from fengtai.media.allocation import PortPool, SsrcPool
from fengtai.media.faults import Fault, connection_lost, ended_by_device, went_silent, worker_lost
from fengtai.media.stream_start import Running, StartDesk, Wanted
from fengtai.media.supervisor import Supervisor
from fengtai.media.tickets import make_ticket
from fengtai.media.traces import TraceBook
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import Unavailable

log = structlog.get_logger()
Lost = Callable[[str, Fault], None]
"""point, why: told when a stream ends that was wanted"""


SUBSTREAM_AGAIN_SECONDS = 3_600.0


class StreamTable:
    def __init__(
        self,
        *,
        workers: Supervisor,
        source: StreamSource,
        lessons: TransportBook,
        news: StreamNews,
        clock: Clock,
    ) -> None:
        self._workers, self._source, self._news, self._clock = workers, source, news, clock
        self._settings = workers.settings
        self._traces = TraceBook(clock)
        self._streams: dict[str, Running] = {}
        """by place: the point's id for its main stream, with /1 behind it for its sub-stream"""
        self._starts: dict[str, asyncio.Task[Running]] = {}
        self._recorded: set[str] = set()
        self._idle: dict[str, asyncio.TimerHandle] = {}
        self._failed: dict[str, StreamState] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._untold: asyncio.Queue[StreamChanged] = asyncio.Queue(10_000)
        self._lost: list[Lost] = []
        self._closing = False
        self._no_substream: dict[tuple[str, str], float] = {}
        """device and channel → until when its sub-stream is not asked for: it has none in H.264"""
        rest = self._settings.quarantine_seconds
        self._desk = StartDesk(
            workers,
            source=source,
            lessons=lessons,
            ports=PortPool(self._settings.ports, rest),
            ssrcs=SsrcPool(self._settings.domain, rest),
            traces=self._traces,
            clock=clock,
            reached=self._reached,
            ended=self.ended_by_source,
        )
        workers.listen(self._report)

    def on_lost(self, lost: Lost) -> None:
        self._lost.append(lost)

    async def start(self) -> None:
        self._spawn(self._tell_news())

    async def stop(self) -> None:
        """End all streams: devices are told."""
        self._closing = True
        for start in list(self._starts.values()):
            start.cancel()
        await asyncio.gather(*self._starts.values(), return_exceptions=True)
        await asyncio.gather(*(self._end(stream, "the platform is being stopped") for stream in self._all()))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # domain.live.ports.Streams

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
        wanted = Wanted(point_id=point_id, device_id=device_id, channel_id=channel_id, carries_sound=wish.carries_sound)
        stream = await self._ensure(wanted)
        if stream.codec == "h265" and not wish.plays_h265:
            stream = await self._in_h264(wanted, stream)
        self._expect_viewers(stream)
        now = self._clock.now()
        expires = now.plus(self._settings.ticket_seconds)
        ticket = make_ticket(
            self._workers.ticket_key, stream_id=stream.stream_id, session_id=session_id, until_ms=expires.utc_ms
        )
        url = f"{self.place(stream.worker, host)}/live/{stream.stream_id}?ticket={ticket}"
        return WatchPlace(point_id=point_id, stream_id=stream.stream_id, url=url, expires_at=expires.utc)

    async def snapshot(self, point_id: str) -> bytes:
        stream = self._streams.get(point_id)
        if stream is None:
            raise Unavailable("this camera's stream does not run: open its live picture first")
        answer = await self._workers.ask(stream.worker, lambda ask: m.MakeSnapshot(ask=ask, point_id=point_id))
        assert isinstance(answer, m.SnapshotMade)
        return answer.jpeg

    async def end_session(self, session_id: str) -> None:
        for worker in self._workers.ready:
            self._workers.send(worker, m.EndSession(session_id=session_id))

    def carry_sound(self, point_id: str, carries: bool) -> None:
        for stream in self._all():
            if stream.point_id == point_id and stream.carries_sound != carries:
                stream.carries_sound = carries
                self._workers.send(stream.worker, m.CarrySound(stream_id=stream.stream_id, on=carries))

    def traces(self, point_id: str) -> list[StreamTrace]:
        return self._traces.of(point_id)

    def states(self) -> list[StreamState]:
        running = [stream.state for stream in self._all()]
        starting = [state for state in self._desk.states if state.point_id not in self._streams]
        known = {state.point_id for state in [*running, *starting]}
        return [*running, *starting, *(state for point, state in self._failed.items() if point not in known)]

    # for the keeper, clips and the gateway

    async def keep(self, point_id: str, device_id: str, channel_id: str, *, carries_sound: bool = False) -> None:
        """Record this point from now on. Raise Unavailable when its stream cannot be started."""
        self._recorded.add(point_id)
        stream = await self._ensure(
            Wanted(point_id=point_id, device_id=device_id, channel_id=channel_id, carries_sound=carries_sound)
        )
        self._workers.send(stream.worker, m.Record(stream_id=stream.stream_id, on=True))

    def release(self, point_id: str) -> None:
        """It is not recorded any more; who watches it goes on watching."""
        self._recorded.discard(point_id)
        if (stream := self._streams.get(point_id)) is not None:
            self._workers.send(stream.worker, m.Record(stream_id=stream.stream_id, on=False))
            self._expect_viewers(stream)

    @property
    def recorded(self) -> frozenset[str]:
        return frozenset(self._recorded)

    def is_running(self, point_id: str) -> bool:
        return point_id in self._streams or point_id in self._starts

    def place(self, worker: int, host: str) -> str:
        """Where a console reaches this worker; `host`: by which name it reached us."""
        name = self._settings.http_advertised or host or self._settings.http_host
        name = f"[{name}]" if ":" in name and not name.startswith("[") else name
        return f"{self._settings.live_scheme}://{name}:{self._workers.http_port(worker)}"

    def worker_of(self, point_id: str) -> int | None:
        """The worker that has the point's stream, else the one that would get it."""
        stream = self._streams.get(point_id)
        return stream.worker if stream is not None else self._workers.pick(point_id)

    def ended_by_source(self, stream_id: str, reason: str) -> None:
        """The device has ended the stream by itself (BYE)."""
        if (stream := self._by_id(stream_id)) is not None:
            self._lose(stream, ended_by_device(reason))

    # starting

    async def _ensure(self, wanted: Wanted) -> Running:
        place = wanted.place
        if (stream := self._streams.get(place)) is not None:
            self.carry_sound(wanted.point_id, wanted.carries_sound)
            return stream
        if self._closing:
            raise Unavailable("the platform is being stopped")
        start = self._starts.get(place)
        if start is None:
            start = asyncio.create_task(self._start(wanted))
            self._starts[place] = start
            start.add_done_callback(lambda task: self._started(wanted, task))
        try:
            return await asyncio.shield(start)
        except Fault as fault:
            raise Unavailable(str(fault)) from fault

    async def _start(self, wanted: Wanted) -> Running:
        stream = await self._desk.start(replace(wanted, records=wanted.place in self._recorded))
        self._streams[wanted.place] = stream
        self._reached(stream, Stage.PLAYING, "")
        return stream

    async def _in_h264(self, wanted: Wanted, main: Running) -> Running:
        """The sub-stream, when the device has one in H.264; else the main stream, which the worker re-codes."""
        now, key = asyncio.get_running_loop().time(), (wanted.device_id, wanted.channel_id)
        if now < self._no_substream.get(key, 0.0):
            return main
        self._expect_viewers(main)
        try:
            sub = await self._ensure(replace(wanted, stream_number=1))
        except Unavailable as error:
            log.info("stream.no_substream", point_id=wanted.point_id, reason=str(error))
        else:
            if sub.codec == "h264":
                return sub
            if self._forget(sub):
                self._spawn(self._end(sub, "it is not in H.264"))
        self._no_substream[key] = now + SUBSTREAM_AGAIN_SECONDS
        return await self._ensure(wanted)  # it may have ended meanwhile

    def _started(self, wanted: Wanted, task: "asyncio.Task[Running]") -> None:
        self._starts.pop(wanted.place, None)
        point_id = wanted.point_id
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Fault) and wanted.stream_number:
            return  # a device without a sub-stream is no failure: the main stream goes on
        if isinstance(error, Fault):
            trace = self._traces.of(point_id)
            self._note_failure(point_id, trace[0].stream_id if trace else "", error)
        elif error is not None:
            log.error("stream.start_failed", point_id=point_id, error=repr(error))

    def _reached(self, stream: Running, stage: Stage, detail: str) -> None:
        stream.state = self._state(stream.point_id, stream.stream_id, stage, detail)
        if stage in (Stage.PLAYING, Stage.STOPPED):  # the steps before are the start desk's
            self._traces.reached(stream.trace, stage, detail)
        if stage is Stage.PLAYING:
            self._failed.pop(stream.point_id, None)
        if stage in (Stage.REQUESTED, Stage.PLAYING, Stage.STOPPED) and stream.is_main:
            self._publish(stream.point_id, stream.stream_id, stage, detail)

    # ending

    def _expect_viewers(self, stream: Running) -> None:
        """Stop it after the grace unless somebody watches or it is recorded."""
        if (timer := self._idle.pop(stream.place, None)) is not None:
            timer.cancel()
        if stream.viewers or stream.place in self._recorded:
            return
        self._idle[stream.place] = asyncio.get_running_loop().call_later(
            self._settings.no_viewer_seconds, self._unwatched, stream
        )

    def _unwatched(self, stream: Running) -> None:
        self._idle.pop(stream.place, None)
        if not stream.viewers and stream.place not in self._recorded and self._forget(stream):
            self._reached(stream, Stage.STOPPED, "nobody watches it")
            self._spawn(self._end(stream, "nobody watches it"))

    def _lose(self, stream: Running, fault: Fault) -> None:
        if not self._forget(stream):
            return
        if stream.is_main:
            self._note_failure(stream.point_id, stream.stream_id, fault)
        self._traces.failed(stream.trace, fault.cause, fault.fix)
        told = m.TellViewers(stream_id=stream.stream_id, stage=Stage.FAILED.value, detail=fault.cause, fix=fault.fix)
        self._workers.send(stream.worker, told)
        self._spawn(self._end(stream, fault.cause))
        if stream.place in self._recorded:
            for lost in self._lost:
                lost(stream.point_id, fault)

    def _forget(self, stream: Running) -> bool:
        if self._streams.get(stream.place) is not stream:
            return False
        del self._streams[stream.place]
        if (timer := self._idle.pop(stream.place, None)) is not None:
            timer.cancel()
        return True

    async def _end(self, stream: Running, reason: str) -> None:
        if self._closing:
            self._streams.pop(stream.place, None)
        await self._desk.close(stream, reason)

    def _note_failure(self, point_id: str, stream_id: str, fault: Fault) -> None:
        before = self._failed.get(point_id)
        state = self._state(point_id, stream_id, Stage.FAILED, fault.cause, fault.fix)
        self._failed[point_id] = state
        if before is None or before.detail != fault.cause:  # a camera that fails again and again is told once
            self._publish(point_id, stream_id, Stage.FAILED, fault.cause, fault.fix)

    # what workers report

    def _report(self, worker: int, report: m.Report | None) -> None:
        if report is None:
            self._desk.worker_lost(worker)
            for orphan in self._all():
                if orphan.worker == worker:
                    self._lose(orphan, worker_lost())
            return
        match report:
            case m.StreamReached():
                self._desk.reached(report)
            case m.StreamNoted():
                if (stream := self._by_id(report.stream_id)) is not None:
                    self._traces.reached(stream.trace, Stage.PLAYING, report.detail)
            case m.Alive():
                self._reap(worker, report.streams)
            case m.StreamSilent():
                if (stream := self._by_id(report.stream_id)) is not None:
                    self._lose(stream, went_silent(report.seconds))
            case m.StreamBroken():
                self._desk.broken(report)
                if (stream := self._by_id(report.stream_id)) is not None:
                    self._lose(stream, connection_lost(report.detail))
            case m.Viewers():
                if (stream := self._by_id(report.stream_id)) is not None:
                    stream.viewers = report.count
                    self._expect_viewers(stream)
            case _:
                return  # hours and counters are the bookkeeper's

    def _reap(self, worker: int, open_streams: list[str]) -> None:
        """Close receivers that nobody knows any more: their port must not stay bound, nor their camera go on sending."""
        known = {stream.stream_id for stream in self._streams.values()}
        for stream_id in open_streams:
            if stream_id not in known and not self._desk.knows(stream_id):
                log.warning("stream.orphan_closed", worker=worker, stream_id=stream_id)
                self._workers.send(worker, m.CloseReceiver(stream_id=stream_id, reason="nobody knows it any more"))

    # small parts

    def _all(self) -> list[Running]:
        return list(self._streams.values())

    def _by_id(self, stream_id: str) -> Running | None:
        return next((stream for stream in self._streams.values() if stream.stream_id == stream_id), None)

    def _state(self, point_id: str, stream_id: str, stage: Stage, detail: str, fix: str = "") -> StreamState:
        since = self._clock.now().utc
        return StreamState(point_id=point_id, stream_id=stream_id, stage=stage, since=since, detail=detail, fix=fix)

    def _publish(self, point_id: str, stream_id: str, stage: Stage, detail: str, fix: str = "") -> None:
        event = StreamChanged(point_id=point_id, stream_id=stream_id, stage=stage.value, detail=detail, fix=fix)
        try:
            self._untold.put_nowait(event)
        except asyncio.QueueFull:
            log.error("stream.news_dropped", point_id=point_id, stage=stage.value)

    async def _tell_news(self) -> None:
        while True:
            event = await self._untold.get()
            try:
                await self._news.changed(event)
            except Exception as error:  # noqa: BLE001 - top of a background loop
                log.error("stream.news_failed", point_id=event.point_id, error=repr(error))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
