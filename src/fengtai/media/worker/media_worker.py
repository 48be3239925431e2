"""The worker: obeys commands of the main process, reports what happens. All decisions about streams are made up there."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import structlog

from fengtai.media import messages as m
from fengtai.media.link import Link, LinkClosed
from fengtai.media.shelf.files import DiskFiles
from fengtai.media.shelf.hour_file import ClosedHour
from fengtai.media.worker.clip_cutter import cut_clip
from fengtai.media.worker.live_channel import LiveChannel
from fengtai.media.worker.live_server import LiveServer
from fengtai.media.worker.picture_recoder import RecoderPool
from fengtai.media.worker.playback_room import PlaybackRoom
from fengtai.media.worker.recorder import Recorder
from fengtai.media.worker.rounds import Rounds
from fengtai.media.worker.scribe import Scribe, Told
from fengtai.media.worker.snapshot import jpeg_of
from fengtai.media.worker.still import still_of
from fengtai.media.worker.stream import Surroundings, WorkerStream
from fengtai.vocabulary.errors import FengtaiError, NotFound

log = structlog.get_logger()
ORPHANED_AFTER_SECONDS = 15.0
"""without a beat, the main process hangs or is gone"""
COUNT_EVERY_SECONDS = 2.0
LAST_WORDS_SECONDS = 5.0
LONGEST_GOP_SECONDS = 15.0


class MediaWorker:
    """`run` returns when told to stop, or when the link is gone: files are closed in both cases."""

    def __init__(self, link: Link[m.Command]) -> None:
        self._link = link
        self._loop = asyncio.get_running_loop()
        self._rounds = Rounds(self._loop)
        self._streams: dict[str, WorkerStream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._offset_ms = 0.0
        self._beat_at = self._loop.time()
        self._cuts = asyncio.Semaphore(2)
        self._gop_taken = asyncio.Event()
        self._round_faults = 0
        self._snapshots = asyncio.Semaphore(2)

    async def run(self) -> None:
        first = await self._link.receive()
        if not isinstance(first, m.Configure):
            raise LinkClosed("the first command must be Configure")
        await self._begin(first)
        rounds = [
            asyncio.create_task(self._every(min(COUNT_EVERY_SECONDS, first.sync_seconds), self._count)),
            asyncio.create_task(self._every(1.0, self._watch)),
            asyncio.create_task(self._every(first.sync_seconds, self._scribe.flush)),
        ]
        try:
            while not isinstance(command := await self._link.receive(), m.Stop):
                self._obey(command)
        except LinkClosed:
            log.warning("worker.orphaned", worker=first.worker)
        finally:
            for task in rounds:
                task.cancel()
            await self._end()

    async def _begin(self, configure: m.Configure) -> None:
        self._offset_ms = configure.utc_offset_ms
        self._recordings, self._clips = Path(configure.recordings), Path(configure.clips)
        self._recoders = RecoderPool(self._loop, configure.recoded_streams)
        told = Told(
            opened=self._opened,
            closed=self._closed,
            dropped=self._dropped,
            stored=self._gop_taken.set,
            failed=self._failed,
        )
        self._scribe = Scribe(self._loop, DiskFiles(), self._recordings, configure.worker, told)
        recovered = await self._scribe.start(configure.journals)
        self._around = Surroundings(
            loop=self._loop,
            rounds=self._rounds,
            utc_ms=self._utc_ms,
            report=self._report,
            recorder=self._recorder,
            no_packet_seconds=configure.no_packet_seconds,
            recoders=self._recoders,
        )
        self._playbacks = PlaybackRoom(self._recordings, self._recoders, self._scribe.flush, self._report)
        self._live = LiveServer(
            ticket_key=configure.ticket_key,
            origins=configure.origins,
            now_ms=lambda: int(self._utc_ms(self._loop.time())),
            channel=self._channel,
            count=lambda stream_id, count: self._report(m.Viewers(stream_id=stream_id, count=count)),
            playbacks=self._playbacks,
        )
        await self._live.start(configure.http_host, configure.http_port, configure.http_tls)
        self._report(m.Ready(pid=os.getpid(), http_port=configure.http_port, recovered=recovered))

    async def _end(self) -> None:
        for stream in list(self._streams.values()):
            stream.close("stopped", "the platform is being stopped")
        self._rounds.close()
        await self._live.stop()
        await self._scribe.close_all()
        try:
            await self._await_kept()
            await self._link.close()
        except LinkClosed:
            log.warning("worker.ends_without_main")
        await self._scribe.stop()

    async def _await_kept(self) -> None:
        """Let the main process write the last rows, so that the next start has nothing to recover."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                while await self._scribe.journalled():
                    command = await self._link.receive()
                    if isinstance(command, m.HourKept):
                        self._scribe.strike(command.name)

    def _utc_ms(self, moment: float) -> float:
        return moment * 1000 + self._offset_ms

    def _report(self, report: m.Report) -> None:
        try:
            self._link.send(report)
        except LinkClosed:
            log.debug("worker.report_lost", report=type(report).__name__)

    def _channel(self, stream_id: str) -> LiveChannel | None:
        """For somebody who is about to watch: what the camera has sent until now is wanted now."""
        stream = self._streams.get(stream_id)
        if stream is None:
            return None
        self._rounds.wake()
        return stream.live

    def _recorder(self, point_id: str) -> Recorder:
        def hole(from_ms: int, until_ms: int, cause: str) -> None:
            self._report(m.GapSeen(point_id=point_id, from_ms=from_ms, until_ms=until_ms, cause=cause))

        return Recorder(point_id, self._scribe, hole)

    # commands

    def _obey(self, command: m.Command) -> None:
        match command:
            case m.Beat():
                self._offset_ms, self._beat_at = command.utc_offset_ms, self._loop.time()
            case m.OpenReceiver():
                self._open(command)
            case m.Record():
                if stream := self._streams.get(command.stream_id):
                    stream.record(command.on)
            case m.CloseReceiver():
                if stream := self._streams.pop(command.stream_id, None):
                    stream.close("stopped", command.reason)
            case m.SenderKnown():
                if stream := self._streams.get(command.stream_id):
                    stream.expect(command.hosts, command.port)
            case m.CarrySound():
                if stream := self._streams.get(command.stream_id):
                    stream.carry_sound(command.on)
            case m.TellViewers():
                if stream := self._streams.get(command.stream_id):
                    stream.live.tell(command.stage, command.detail, command.fix)
            case m.EndSession():
                self._live.end_session(command.session_id)
                for stream in self._streams.values():
                    stream.live.end_session(command.session_id)
                self._spawn(self._playbacks.end_session(command.session_id))
            case m.MakeSnapshot():
                self._spawn(self._answer(command.ask, self._snapshot(command)))
            case m.MakeClip():
                self._spawn(self._answer(command.ask, self._clip(command)))
            case m.OpenPlayback():
                self._playbacks.open(command)
                self._report(m.Done(ask=command.ask))
            case m.ClosePlayback():
                self._playbacks.close_unseen(command.playback_id)
            case m.MakeStill():
                self._spawn(self._answer(command.ask, self._still(command)))
            case m.Discard():
                self._spawn(self._answer(command.ask, self._discard(command)))
            case m.HourKept():
                self._scribe.strike(command.name)
            case m.Configure() | m.Stop():
                raise AssertionError("handled by run")

    def _spawn(self, work: Awaitable[None]) -> None:
        async def guarded() -> None:
            await work

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("worker.task_failed", error=repr(error))

    def _open(self, command: m.OpenReceiver) -> None:
        if command.stream_id in self._streams:
            self._report(m.Refused(ask=command.ask, sentence="this stream is open already"))
            return
        try:
            self._streams[command.stream_id] = WorkerStream(command, self._around)
        except OSError as error:
            sentence = f"port {command.port} on {command.host} cannot be opened: {error.strerror}"
            self._report(m.Refused(ask=command.ask, sentence=sentence))
        else:
            self._report(m.Done(ask=command.ask))

    async def _answer(self, ask: int, work: "Awaitable[m.Report]") -> None:
        try:
            self._report(await work)
        except FengtaiError as error:
            self._report(m.Refused(ask=ask, sentence=str(error)))
        except OSError as error:
            log.error("worker.command_failed", error=str(error))
            self._report(m.Refused(ask=ask, sentence=f"the disk refuses: {error.strerror}"))

    async def _snapshot(self, command: m.MakeSnapshot) -> m.Report:
        stream = next((one for one in self._streams.values() if one.point_id == command.point_id), None)
        if stream is None:
            raise NotFound("this camera's stream does not run")
        key = stream.ring.key_frame
        if key is None:
            raise NotFound(stream.why_dark())
        async with self._snapshots:
            return m.SnapshotMade(ask=command.ask, jpeg=await asyncio.to_thread(jpeg_of, key.unit))

    async def _still(self, command: m.MakeStill) -> m.Report:
        await self._scribe.flush()
        async with self._snapshots:
            jpeg = await asyncio.to_thread(still_of, self._recordings, command.point_id, command.at_ms)
        return m.SnapshotMade(ask=command.ask, jpeg=jpeg)

    async def _clip(self, command: m.MakeClip) -> m.Report:
        await self._await_recorded(command.point_id, command.until_ms)
        await self._scribe.flush()
        async with self._cuts:
            cut = await asyncio.to_thread(
                partial(
                    cut_clip,
                    self._recordings,
                    self._clips,
                    point_id=command.point_id,
                    clip_id=command.clip_id,
                    from_ms=command.from_ms,
                    until_ms=command.until_ms,
                )
            )
        return m.ClipCut(
            ask=command.ask,
            object_key=cut.object_key,
            from_ms=cut.from_ms,
            until_ms=cut.until_ms,
            seconds=round((cut.until_ms - cut.from_ms) / 1000, 3),
            sha256=cut.sha256,
            size_bytes=cut.size_bytes,
            holes=list(cut.holes),
        )

    async def _await_recorded(self, point_id: str, until_ms: int) -> None:
        """The GOP that holds the asked end is stored when the next key frame comes: wait for it, not for ever."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_GOP_SECONDS):
                while any(
                    stream.point_id == point_id and stream.recorded_until_ms < until_ms
                    for stream in self._streams.values()
                    if stream.records
                ):
                    self._gop_taken.clear()
                    await self._gop_taken.wait()

    async def _discard(self, command: m.Discard) -> m.Report:
        return m.Discarded(ask=command.ask, missing=await self._scribe.discard(command.names))

    # what the scribe tells

    def _opened(self, name: str, point_id: str, from_ms: int) -> None:
        self._report(m.HourOpened(name=name, point_id=point_id, from_ms=from_ms))

    def _closed(self, hour: ClosedHour) -> None:
        self._report(
            m.HourClosed(
                name=hour.name,
                point_id=hour.point_id,
                from_ms=hour.from_ms,
                until_ms=hour.until_ms,
                size_bytes=hour.size_bytes,
                index_bytes=hour.index_bytes,
                index_sha256=hour.index_sha256,
                gops=hour.gops,
                was_torn=hour.was_torn,
            )
        )

    def _dropped(self, name: str) -> None:
        self._report(m.HourDropped(name=name))

    def _failed(self, point_id: str, detail: str) -> None:
        for stream in self._streams.values():
            if stream.point_id == point_id:
                stream.recording_failed()
        self._report(m.RecordingFailed(point_id=point_id, cause="disk", detail=detail))

    # rounds

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - top of a background loop
                self._round_faults += 1
                log.error("worker.round_failed", round=work.__name__, error=repr(error))

    async def _watch(self) -> None:
        now = self._loop.time()
        self._report(m.Alive(streams=list(self._streams)))
        for stream in self._streams.values():
            stream.check_silence(now)
            stream.note_clock()
            stream.note_loss()
        if now - self._beat_at > ORPHANED_AFTER_SECONDS:
            log.error("worker.no_beat", seconds=now - self._beat_at)
            await self._link.close()  # ends `run`, which closes the files

    async def _count(self) -> None:
        until, free_bytes = await self._scribe.recorded_until()
        figures = {"streams": len(self._streams), "round_faults": self._round_faults + self._rounds.faults}
        figures |= self._scribe.figures | self._live.figures | self._recoders.figures
        figures |= {"streams_recoded": self._recoders.running, "playbacks": self._playbacks.shown}
        for stream in self._streams.values():
            for name, value in stream.figures.items():
                figures[name] = figures.get(name, 0) + value
        figures["viewers"] = sum(stream.live.viewers for stream in self._streams.values())
        self._report(m.Counters(recorded_until=until, free_bytes=free_bytes, figures=figures))
