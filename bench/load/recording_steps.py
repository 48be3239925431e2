"""What a picture costs on a worker's loop, step by step, with warm caches: microseconds, the best of many rounds.

Usage: python -m bench.load.recording_steps. No sockets, no disk: read the figures against each other, not as a forecast.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from bench.load.recording_gb28181 import Packing
from bench.load.recording_pictures import STEP_90K, the_loop
from fengtai.media.worker.intake import Intake
from fengtai.media.worker.live_channel import LiveChannel
from fengtai.media.worker.picture_recoder import RecoderPool
from fengtai.media.worker.recorder import Recorder
from fengtai.media.worker.ring import GopRing
from fengtai.media.worker.scribe import Gop
from fengtai.media.worker.timeline import TimeLine
from fengtai.protocols.rtp import StreamDeframer

ROUNDS = 15


class Nowhere:
    """A store that takes everything."""

    def store(self, gop: Gop) -> bool:
        return True

    def close_point(self, point_id: str) -> None:
        return


def one_round(chunks: list[bytes], nobody: RecoderPool, spent: dict[str, float]) -> None:
    deframer, intake, timeline, ring = StreamDeframer(), Intake(0), TimeLine(), GopRing()
    live, recorder = LiveChannel(ring, nobody), Recorder("0" * 36, Nowhere(), lambda *_: None)
    clock = time.perf_counter

    def step(name: str, work: Callable[[], Any]) -> Any:
        begun = clock()
        given = work()
        spent[name] = spent.get(name, 0.0) + clock() - begun
        return given

    for number, chunk in enumerate(chunks):
        now = number / 25
        packets = step("deframing", lambda chunk=chunk: deframer.feed(chunk))
        groups = step("order and grouping", lambda found=packets, at=now: intake.receiver.receive_all(found, now=at))
        units = step("PS, NAL units, access unit", lambda found=groups: intake.units_of(found))
        for unit in units:
            timed = step("time line", lambda unit=unit, at=now: timeline.place(unit, at * 1000))
            step("ring", lambda timed=timed: ring.add(timed))
            step("recorder", lambda timed=timed: recorder.take(timed))
            step("live", lambda timed=timed: live.offer(timed))


def main() -> None:
    packing = Packing()
    chunks = [packing(unit, place * STEP_90K)[0][1] for place, unit in enumerate(the_loop() * 2)]
    best: dict[str, float] = {}
    loop = asyncio.new_event_loop()
    nobody = RecoderPool(loop, 0)
    for _ in range(ROUNDS):
        spent: dict[str, float] = {}
        one_round(chunks, nobody, spent)
        best = {name: min(seconds, best.get(name, seconds)) for name, seconds in spent.items()}
    for name, seconds in best.items():
        print(f"{name:28} {seconds / len(chunks) * 1e6:6.1f}")
    print(f"{'all':28} {sum(best.values()) / len(chunks) * 1e6:6.1f}")
    loop.close()


if __name__ == "__main__":
    main()
