"""Workers as processes: they are restarted, their points move, and none outlives its main process."""

import asyncio
import os
import signal
from pathlib import Path

from tests.media.camera import Cameras
from tests.media.conftest import CHANNEL, DEVICE, POINT, close_house, free_port, new_books, open_house

from fengtai.domain.live.model import Receiver, Transport
from fengtai.media import messages as m
from fengtai.media.worker_process import WorkerProcess


async def test_when_one_of_two_workers_dies_only_its_points_move_and_at_once(tmp_path: Path) -> None:
    first = free_port()
    house = await open_house(tmp_path, Cameras(), new_books(), workers=2, http_ports=f"{first}-{first + 1}")
    try:
        points = [f"{number:032x}" for number in range(64)]
        before = {point: house.workers.pick(point) for point in points}
        assert set(before.values()) == {0, 1}
        await house.watch()
        doomed = house.workers.pick(POINT)
        assert doomed is not None

        os.kill(house.workers.pid(doomed), signal.SIGKILL)
        await house.until(lambda: doomed not in house.workers.ready)

        assert {point: house.workers.pick(point) for point in points if before[point] != doomed} == {
            point: worker for point, worker in before.items() if worker != doomed
        }
        assert not house.streams.is_running(POINT)
        again = await house.watch()
        assert f":{house.workers.http_port(1 - doomed)}/" in again.url
        await house.until(lambda: len(house.workers.ready) == 2)
        assert {point: house.workers.pick(point) for point in points} == before
    finally:
        await close_house(house)


async def test_a_worker_that_loses_its_main_process_closes_its_files_and_ends(tmp_path: Path) -> None:
    worker = await WorkerProcess.spawn(0)
    told: list[m.Report] = []
    listening = asyncio.create_task(worker.listen(lambda _, report: told.append(report)))
    worker.send(configuration(tmp_path))
    async with asyncio.timeout(20):
        while worker.ready is None:
            await asyncio.sleep(0.02)
    port = free_port()
    await worker.ask(lambda ask: receiver(ask, port), 5)
    cameras = Cameras()
    await cameras.start(DEVICE, CHANNEL, udp_receiver(port), lambda *_: None)
    async with asyncio.timeout(20):
        while not any(isinstance(report, m.HourOpened) for report in told):
            await asyncio.sleep(0.02)

    await worker.reap()
    listening.cancel()
    await cameras.stop("s")

    files = sorted(path.suffix for path in tmp_path.glob("*/*/*"))
    assert files == [".idx", ".mp4"]
    assert (tmp_path / "journal/worker-0").read_text().count("\n") == 1

    heir = await WorkerProcess.spawn(3)
    booked: list[m.Report] = []
    listening = asyncio.create_task(heir.listen(lambda _, report: booked.append(report)))
    heir.send(configuration(tmp_path, worker=3, journals=[3, 0]))
    async with asyncio.timeout(20):
        while heir.ready is None:
            await asyncio.sleep(0.02)
    closed = [report for report in booked if isinstance(report, m.HourClosed)]
    heir.send(m.HourKept(name=closed[0].name))
    heir.send(m.Stop())
    async with asyncio.timeout(20):
        await listening
    await heir.reap()

    assert [report.gops > 0 for report in closed] == [True]
    assert (tmp_path / "journal/worker-0").read_text() == ""
    assert (tmp_path / "journal/worker-3").read_text() == ""


def configuration(folder: Path, *, worker: int = 0, journals: list[int] | None = None) -> m.Configure:
    return m.Configure(
        worker=worker,
        journals=journals or [worker],
        utc_offset_ms=1_795_000_000_000.0,
        recordings=str(folder),
        clips=str(folder / "clips"),
        http_host="127.0.0.1",
        http_port=free_port(),
        ticket_key=bytes(32),
        origins=[],
        sync_seconds=0.2,
        no_packet_seconds=15,
    )


def receiver(ask: int, port: int) -> m.OpenReceiver:
    return m.OpenReceiver(
        ask=ask, stream_id="s", point_id=POINT, host="127.0.0.1", port=port, ssrc=7, is_tcp=False, records=True
    )


def udp_receiver(port: int) -> Receiver:
    return Receiver(stream_id="s", host="127.0.0.1", port=port, ssrc=7, transport=Transport.UDP)
