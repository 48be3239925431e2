"""Sound on its time line: frames out of any pieces, runs that never fall back, silence where it is missing."""

from hypothesis import given
from hypothesis import strategies as st
from tests.media.film import FRAME_90K
from tests.media.tones import adts_tone, g711_tone
from tests.media.worker.test_worker_parts import timed

from fengtai.media.worker.sound import RunMaker, SoundLine, TimedSound
from fengtai.media.worker.sound_recoder import SoundRecoder
from fengtai.protocols.elementary import AudioFrame
from fengtai.protocols.fmp4 import AudioTrack


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_no_bytes_of_sound_stop_the_line(payloads: list[bytes]) -> None:
    line, last = SoundLine(), timed()[0]
    for number, payload in enumerate(payloads):
        for codec in ("aac", "g711a", "unknown"):
            for sound in line.place(AudioFrame(codec, payload, number * FRAME_90K), last):
                assert sound.duration > 0 or not payload


def test_frames_of_aac_may_be_split_anywhere() -> None:
    whole = b"".join(adts_tone(12))
    together = SoundLine().place(AudioFrame("aac", whole, 0, 16_000), timed()[0])
    line = SoundLine()
    apart = [
        sound
        for at in range(0, len(whole), 37)
        for sound in line.place(AudioFrame("aac", whole[at : at + 37], at * 10, 16_000), timed()[0])
    ]
    assert [one.data for one in apart] == [one.data for one in together]
    assert len(apart) == len(adts_tone(12))
    assert apart[0].track.configuration == b"\x14\x08"  # AAC-LC, 16 kHz, mono (14496-3 1.6.2.1)


def test_sound_that_is_missing_makes_silence_and_never_goes_back() -> None:
    track = AudioTrack("g711a")
    recoder, runs = SoundRecoder(track), None
    end = 0
    for number in (*range(50), *range(100, 150), *range(120, 130)):  # two seconds are missing, then some come twice
        sounds = recoder.frames(TimedSound(track, g711_tone("g711a"), 320, number * FRAME_90K))
        runs = runs or RunMaker(recoder.track, 0)
        run = runs.run(sounds)
        if run is not None:
            assert run.base_time == end
            end = run.base_time + sum(duration for _, duration in run.frames)
    assert abs(end - 150 * 320) < 1_200
    assert recoder.keep_up(200 * FRAME_90K)
