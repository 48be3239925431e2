"""Files that we write play in another's player, and are read back as they were written."""

import io

import av
import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.elementary.drawn import drawn_units

from fengtai.protocols.elementary import VideoCodec, encode_alaw, encode_ulaw
from fengtai.protocols.fmp4 import (
    AudioRun,
    AudioTrack,
    Sample,
    find_box,
    fragment,
    init_segment,
    iterate_boxes,
    read_fragment,
    read_fragments,
    read_init_segment,
)
from fengtai.vocabulary.errors import Invalid, Malformed

GOP = 10
FRAME = 3600


def gops(codec: VideoCodec = "h264") -> list[list[Sample]]:
    samples = [Sample(unit.length_prefixed(), FRAME, unit.is_key) for unit in drawn_units(codec, frames=30, gop=GOP)]
    return [samples[at : at + GOP] for at in range(0, len(samples), GOP)]


def film(codec: VideoCodec = "h264", *, starts_at: int = 0) -> bytes:
    sets = drawn_units(codec, frames=30, gop=GOP)[0].parameter_sets
    assert sets is not None
    parts = [fragment(n + 1, starts_at + n * GOP * FRAME, gop) for n, gop in enumerate(gops(codec))]
    return init_segment(sets) + b"".join(parts)


def shown(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data), format="mp4") as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_every_picture_is_decoded_at_its_time(codec: VideoCodec):
    frames = shown(film(codec))
    assert [round((frame.time or 0.0) * 25) for frame in frames] == list(range(30))
    assert {(frame.width, frame.height, frame.is_corrupt) for frame in frames} == {(320, 180, False)}


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_one_frame_a_fragment_as_live_pictures_are_sent(codec: VideoCodec):
    sets = drawn_units(codec, frames=30, gop=GOP)[0].parameter_sets
    assert sets is not None
    samples = [sample for gop in gops(codec) for sample in gop]
    live = b"".join(fragment(n + 1, n * FRAME, [sample]) for n, sample in enumerate(samples))
    assert len(shown(init_segment(sets) + live)) == 30


def test_a_file_may_begin_at_any_time():
    late = 40_000 * 90_000  # beyond 32 bits
    pieces = list(read_fragments(film(starts_at=late), read_init_segment(film()).end))
    assert [piece.base_time_90k - late for piece in pieces] == [0, GOP * FRAME, 2 * GOP * FRAME]
    assert len(shown(film(starts_at=late))) == 30


@pytest.mark.parametrize(("codec", "encode", "name"), [("g711a", encode_alaw, "alaw"), ("g711u", encode_ulaw, "ulaw")])
def test_sound_lies_beside_the_pictures(codec, encode, name: str):
    sets = drawn_units("h264", frames=30, gop=GOP)[0].parameter_sets
    assert sets is not None
    second_track = b"".join(
        fragment(n + 1, n * GOP * FRAME, gop, audio=AudioRun(n * 3200, ((encode(bytes([n, n]) * 320), 320),) * 10))
        for n, gop in enumerate(gops())
    )
    data = init_segment(sets, AudioTrack(codec)) + second_track
    with av.open(io.BytesIO(data), format="mp4") as container:
        sounds = list(container.decode(audio=0))
        assert container.streams.audio[0].codec_context.name == {"alaw": "pcm_alaw", "ulaw": "pcm_mulaw"}[name]
    assert sum(sound.samples for sound in sounds) == 3 * 3200
    assert len(shown(data)) == 30
    info = read_init_segment(data)
    assert [(track.sample_entry, track.timescale) for track in info.tracks] == [("avc1", 90000), (name, 8000)]
    pieces = list(read_fragments(data, info.end))
    assert [[(sound.time, sound.size) for sound in piece.audio] for piece in pieces] == [
        [(n * 3200 + m * 320, 320) for m in range(10)] for n in range(3)
    ]
    assert info.tracks[1].audio == AudioTrack(codec)


@pytest.mark.parametrize("codec", ["aac", "flac"])
def test_sound_that_browsers_play_is_understood_by_other_readers_and_read_back(codec: str):
    encoder = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.format = 16_000, "mono", "fltp" if codec == "aac" else "s16"
    encoder.open()
    samples = encoder.frame_size
    kind = numpy.float32 if codec == "aac" else numpy.int16
    frames: list[bytes] = []
    for number in range(20):
        tone = (numpy.sin(numpy.arange(samples) / 5) * (0.3 if codec == "aac" else 9000)).astype(kind)
        frame = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format=encoder.format.name, layout="mono")
        frame.sample_rate, frame.pts = 16_000, number * samples
        frames += [bytes(packet) for packet in encoder.encode(frame)]
    sets = drawn_units("h264", frames=30, gop=GOP)[0].parameter_sets
    assert sets is not None
    track = AudioTrack(codec, 16_000, 1, bytes(encoder.extradata or b""))
    run = AudioRun(0, tuple((frame, samples) for frame in frames))

    data = init_segment(sets, track) + fragment(1, 0, gops()[0], audio=run)

    with av.open(io.BytesIO(data), format="mp4") as container:
        assert container.streams.audio[0].codec_context.name == codec
        assert sum(sound.samples for sound in container.decode(audio=0)) == len(frames) * samples
    assert read_init_segment(data).tracks[1].audio == track


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_what_was_written_is_read_back(codec: VideoCodec):
    data = film(codec)
    info = read_init_segment(data)
    sets = drawn_units(codec, frames=30, gop=GOP)[0].parameter_sets
    assert sets is not None
    assert info.tracks[0].decoder_configuration == sets.decoder_configuration()
    assert (info.tracks[0].width, info.tracks[0].height) == (320, 180)
    pieces = list(read_fragments(memoryview(data), info.end))
    assert [(piece.sequence, piece.duration_90k, len(piece.samples)) for piece in pieces] == [
        (n + 1, GOP * FRAME, GOP) for n in range(3)
    ]
    assert [[data[s.offset : s.offset + s.size] for s in piece.samples] for piece in pieces] == [
        [sample.data for sample in gop] for gop in gops(codec)
    ]
    assert [[s.is_key for s in piece.samples] for piece in pieces] == [[True] + [False] * 9] * 3
    assert [pieces[n].end for n in range(2)] == [pieces[n].start for n in (1, 2)]


samples = st.builds(Sample, st.binary(min_size=1, max_size=50), st.integers(0, 2**32 - 1), st.booleans())
runs = st.builds(
    AudioRun,
    st.integers(0, 2**64 - 1),
    st.lists(st.tuples(st.binary(min_size=1, max_size=50), st.integers(0, 2**32 - 1)), max_size=20).map(tuple),
)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1), st.lists(samples, min_size=1, max_size=30), runs)
def test_any_fragment_is_read_back(sequence: int, base: int, wanted: list[Sample], run: AudioRun):
    data = fragment(sequence, base, wanted, audio=run)
    piece = read_fragment(data)
    assert (piece.sequence, piece.base_time_90k, piece.end) == (sequence, base, len(data))
    assert [Sample(data[s.offset : s.offset + s.size], s.duration, s.is_key) for s in piece.samples] == wanted
    assert tuple((data[s.offset : s.offset + s.size], s.duration) for s in piece.audio) == run.frames
    assert [s.time for s in piece.audio[:1]] == [run.base_time for _ in run.frames[:1]]


def test_a_cut_file_tells_where_its_last_whole_fragment_ends():
    data = film()
    info = read_init_segment(data)
    whole = list(read_fragments(data, info.end))
    reading = read_fragments(data[:-100], info.end)
    assert [next(reading), next(reading)] == whole[:2]
    with pytest.raises(Malformed) as cut:
        next(reading)
    assert cut.value.at == whole[2].start


def test_a_fragment_needs_a_picture():
    with pytest.raises(Invalid):
        fragment(1, 0, [])


def test_boxes_are_found_by_their_path():
    data = film()
    found = find_box(data, "moov/mvex/trex")
    assert found is not None
    assert find_box(data, "moov/udta") is None
    assert [box.kind for box in iterate_boxes(data)] == [b"ftyp", b"moov"] + [b"moof", b"mdat"] * 3


@settings(max_examples=200)
@given(st.integers(0, 1500), st.binary(min_size=1, max_size=6))
def test_any_damage_to_the_heads_is_malformed_or_harmless(at: int, noise: bytes):
    data = bytearray(film())
    data[at : at + len(noise)] = noise
    try:
        info = read_init_segment(bytes(data))
        for piece in read_fragments(bytes(data), info.end):
            assert piece.end <= len(data)
    except Malformed as refused:
        clause = refused.clause
    else:
        return
    assert clause.startswith("14496-12")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_fragment_or_malformed(data: bytes):
    clauses = []
    for read in (read_init_segment, read_fragment):
        try:
            read(data)
        except Malformed as refused:
            clauses.append(refused.clause)
    assert all(clause.startswith("14496-12") for clause in clauses)
