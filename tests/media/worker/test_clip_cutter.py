"""Clips cut out of hour files that the recorder and the shelf wrote, without a process."""

from pathlib import Path

import av
import pytest
from tests.media.film import FRAME_90K, film

from fengtai.media.shelf.files import DiskFiles
from fengtai.media.shelf.hour_file import HourFile
from fengtai.media.shelf.journal import Journal
from fengtai.media.worker.clip_cutter import cut_clip
from fengtai.media.worker.recorder import Recorder
from fengtai.media.worker.scribe import Gop
from fengtai.media.worker.timeline import TimedUnit
from fengtai.protocols.elementary import AccessUnit
from fengtai.vocabulary.errors import Unavailable

POINT = "0190aaaabbbbccccddddeeeeffff0001"
BEGIN = 1_795_000_000_000


class Desk:
    """Writes GOPs at once, as the scribe's thread does."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._journal = Journal(DiskFiles(), root, 0)
        self._journal.open()
        self._file: HourFile | None = None

    def store(self, gop: Gop) -> bool:
        if gop.init is not None:
            self.close_point(gop.point_id)
            self._file = HourFile(
                DiskFiles(), self._root, self._journal, point_id=POINT, from_ms=gop.start_ms, init=gop.init
            )
        assert self._file is not None
        self._file.append(
            gop.pieces, start_ms=gop.start_ms, duration_ms=gop.duration_ms, frames=gop.frames, is_damaged=False
        )
        return True

    def close_point(self, point_id: str) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def record(root: Path, *scenes: tuple[int, tuple[AccessUnit, ...]]) -> None:
    """Each scene: ms after BEGIN, and its pictures."""
    recorder = Recorder(POINT, Desk(root), lambda *_: None)
    for at_ms, units in scenes:
        for number, unit in enumerate(units):
            recorder.take(TimedUnit(unit, at_ms * 90 + number * FRAME_90K, BEGIN + at_ms + number * 40))
    recorder.stop()


def cut(root: Path, from_ms: int, until_ms: int):
    return cut_clip(
        root, root / "clips", point_id=POINT, clip_id="clip1", from_ms=BEGIN + from_ms, until_ms=BEGIN + until_ms
    )


def pictures(path: Path) -> list[tuple[float, int]]:
    with av.open(str(path)) as file:
        return [(round(frame.time, 3), frame.width) for frame in file.decode(video=0)]


@pytest.mark.parametrize(
    ("asked", "got"),
    [((0, 2_000), (0, 2_000)), ((410, 1_210), (400, 1_240)), ((399, 400), (0, 400)), ((400, 800), (400, 800))],
)
def test_the_head_goes_back_to_a_key_frame_and_the_tail_is_exact_to_the_picture(
    tmp_path: Path, asked: tuple[int, int], got: tuple[int, int]
) -> None:
    record(tmp_path, (0, film(50, 10)))

    clip = cut(tmp_path, *asked)

    assert (clip.from_ms - BEGIN, clip.until_ms - BEGIN) == got
    assert len(pictures(tmp_path / "clips/clip1.mp4")) == (got[1] - got[0]) // 40
    assert clip.holes == ()


def test_a_hole_stays_a_hole_in_time_and_is_told(tmp_path: Path) -> None:
    record(tmp_path, (0, film(20, 10)), (5_000, film(20, 10)))

    clip = cut(tmp_path, 0, 5_800)

    assert [(hole.from_ms - BEGIN, hole.until_ms - BEGIN) for hole in clip.holes] == [(800, 5_000)]
    shown = pictures(tmp_path / "clips/clip1.mp4")
    assert shown[20][0] == pytest.approx(5.0, abs=0.01)
    assert clip.until_ms - clip.from_ms == 5_800


def test_what_is_missing_at_both_ends_is_told(tmp_path: Path) -> None:
    record(tmp_path, (1_000, film(20, 10)))

    clip = cut(tmp_path, 0, 4_000)

    assert [(hole.from_ms - BEGIN, hole.until_ms - BEGIN) for hole in clip.holes] == [(0, 1_000), (1_800, 4_000)]
    assert (clip.from_ms - BEGIN, clip.until_ms - BEGIN) == (1_000, 1_800)


def test_a_clip_across_a_change_of_the_picture_s_size_decodes_to_the_end(tmp_path: Path) -> None:
    record(tmp_path, (0, film(20, 10)), (800, film(20, 10, 640)))

    cut(tmp_path, 0, 1_600)

    widths = [width for _, width in pictures(tmp_path / "clips/clip1.mp4")]
    assert widths == [320] * 20 + [640] * 20


def test_nothing_recorded_is_no_clip(tmp_path: Path) -> None:
    record(tmp_path, (0, film(20, 10)))

    with pytest.raises(Unavailable, match="nothing was recorded"):
        cut(tmp_path, 800, 2_000)
    assert not (tmp_path / "clips").exists()
