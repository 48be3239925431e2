"""Given files as pictures to send."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tests.protocols.elementary.drawn import drawn_units

from fengtai.apps.simulator.clips import read_clip
from fengtai.apps.simulator.gallery import Gallery
from fengtai.apps.simulator.scenes import Encoding
from fengtai.apps.simulator.street import StreetLook
from fengtai.protocols.fmp4 import Sample, fragment, init_segment
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Invalid


@pytest.fixture
def h264_clip(tmp_path: Path) -> Path:
    units = drawn_units("h264", frames=20, gop=10)
    assert units[0].parameter_sets is not None
    samples = [Sample(unit.length_prefixed(), 3600, unit.is_key) for unit in units]
    path = tmp_path / "clip.mp4"
    path.write_bytes(init_segment(units[0].parameter_sets) + fragment(1, 0, samples))
    return path


def test_h264_is_sent_as_it_is(h264_clip: Path):
    units, rate = read_clip(h264_clip, Encoding())
    assert rate == 25.0
    assert [unit.nals for unit in units] == [unit.nals for unit in drawn_units("h264", frames=20, gop=10)]


def test_anything_else_is_encoded_anew(tmp_path: Path):
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=Fraction(10), options={"strict": "unofficial"})
        stream.width, stream.height, stream.pix_fmt = 322, 182, "yuvj420p"
        for index in range(12):
            picture = np.full((182, 322, 3), 20 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    units, rate = read_clip(path, Encoding())
    assert (len(units), rate, units[0].is_key) == (12, 10.0, True)
    assert units[0].parameter_sets is not None
    assert (units[0].parameter_sets.video.width, units[0].parameter_sets.video.height) == (320, 180)


@pytest.mark.parametrize("content", [b"", b"this is no video at all" * 100])
def test_files_that_are_no_video_are_refused_with_their_name(tmp_path: Path, content: bytes):
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=r"broken\.mp4"):
        read_clip(path, Encoding())


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(Invalid):
        read_clip(tmp_path / "nothing.mp4", Encoding())


async def test_every_camera_of_a_gallery_sends_the_clip(h264_clip: Path):
    looks = {f"c{n}": StreetLook(name=str(n), width=320, height=180) for n in range(3)}
    gallery = Gallery(looks, Encoding(), clock=HandClock(), clip=h264_clip)
    assert gallery.mode == "clip"
    assert all([(await (await gallery.open(channel)).next(want_key=True)).is_key for channel in looks])
    gallery.close()


async def test_a_clip_that_cannot_be_read_is_refused_before_the_city_starts(tmp_path: Path):
    gallery = Gallery({"c": StreetLook(name="1")}, Encoding(), clock=HandClock(), clip=tmp_path / "none.mp4")
    with pytest.raises(Invalid):
        await gallery.prepare()
    gallery.close()
