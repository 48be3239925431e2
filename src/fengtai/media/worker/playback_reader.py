"""What was recorded of a point, as one film: whole GOPs out of hour files on one time line that begins with the playback.

Second n of the film is UTC `origin + n`, whatever files and gaps lie between: so a player seeks by the clock. Pictures are
copied as they are (H.265 made into H.264 when the browser cannot play it); sound is made into FLAC when it is asked for.
Blocking; runs in a thread.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fengtai.media.messages import Hole, OpenPlayback
from fengtai.media.shelf.gop_index import GopRecord
from fengtai.media.shelf.reader import GopFile, Portion, portions
from fengtai.media.worker.clip_cutter import LEAST_HOLE_MS
from fengtai.media.worker.picture_recoder import Film, RecoderPlace, RecodersBusy
from fengtai.media.worker.sound import RunMaker, TimedSound
from fengtai.media.worker.sound_recoder import SoundRecoder
from fengtai.media.worker.timeline import TimedUnit
from fengtai.protocols import fmp4
from fengtai.protocols.elementary import AccessUnit, ParameterSets
from fengtai.vocabulary.errors import Malformed, Unavailable

WINDOW_MS = 3_600_000
"""so much of the index is read at once"""
JOINED_90K = 18_000
"""GOPs that are not farther apart than this follow each other without a seam"""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is sent together."""

    messages: tuple[str | bytes, ...]
    until_ms: int
    from_ms: int = 0
    """0: no pictures, only words"""
    size_bytes: int = 0


class PlaybackReader:
    """`seek`, then `next` until it gives None; again as often as wanted."""

    def __init__(self, recordings: Path, asked: OpenPlayback, recoder: RecoderPlace | None = None) -> None:
        """`recoder`: for a browser that cannot play H.265."""
        self._root, self._asked, self._recoder = recordings, asked, recoder
        self._gops: Iterator[tuple[Portion, GopRecord]] = iter(())
        self._with_sound = False
        self._file: GopFile | None = None
        self._form: tuple[ParameterSets, fmp4.AudioTrack | None] | None = None
        self._is_recoded = False
        self._sound: SoundRecoder | None = None
        self._runs: RunMaker | None = None
        self._position_ms = asked.from_ms
        self._end_90k = 0
        self._sequence = 0

    def seek(self, to_ms: int, *, with_sound: bool) -> None:
        """Go on with the GOP that holds this moment (or the next one after it); a new hello comes first."""
        self.close()
        self._position_ms = min(max(to_ms, self._asked.from_ms), self._asked.until_ms)
        self._with_sound = with_sound and self._asked.carries_sound
        self._gops = self._found(self._position_ms)
        self._form = self._sound = self._runs = None
        self._end_90k = 0

    def next(self) -> Piece | None:
        """The next GOP, with what must be said before it; None at the end. A GOP that the disk does not give is a gap.
        Raise RecodersBusy."""
        for portion, record in self._gops:
            words = self._gap_before(record.start_ms)
            self._position_ms = max(self._position_ms, record.end_ms)
            try:
                media = self._media(portion, record)
            except RecodersBusy:
                raise
            except (Unavailable, Malformed):
                words += (_gap(record.start_ms, record.end_ms, "damaged"),)
                return Piece(words, record.end_ms)
            return Piece((*words, *media), record.end_ms, record.start_ms, record.size_bytes)
        words = self._gap_before(self._asked.until_ms)
        self._position_ms = self._asked.until_ms
        return Piece(words, self._position_ms) if words else None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _found(self, at_ms: int) -> Iterator[tuple[Portion, GopRecord]]:
        given_ms = 0
        while at_ms < self._asked.until_ms:
            until_ms = min(at_ms + WINDOW_MS, self._asked.until_ms)
            for portion in portions(self._root, self._asked.point_id, at_ms, until_ms):
                for record in portion.records:
                    if record.start_ms >= given_ms:
                        given_ms = record.end_ms
                        yield portion, record
            at_ms = until_ms

    def _gap_before(self, moment_ms: int) -> tuple[str, ...]:
        if moment_ms - self._position_ms < LEAST_HOLE_MS:
            return ()
        return (_gap(self._position_ms, moment_ms, self._cause(self._position_ms, moment_ms)),)

    def _cause(self, from_ms: int, until_ms: int) -> str:
        def touches(hole: Hole) -> bool:
            return hole.from_ms < until_ms and hole.until_ms > from_ms

        return next((hole.cause for hole in self._asked.holes if touches(hole)), "not-recorded")

    def _media(self, portion: Portion, record: GopRecord) -> tuple[str | bytes, ...]:
        if self._file is None or self._file.name != portion.name:
            self.close()
            self._file = GopFile(self._root, portion)
        data = self._file.fragment(record)
        info = fmp4.read_fragment(data)
        video = next((track for track in self._file.init.tracks if track.audio is None), None)
        if video is None:
            raise Malformed("no track of pictures", clause="segment-shelf")
        base_90k = (record.start_ms - self._asked.from_ms) * 90
        if abs(base_90k - self._end_90k) < JOINED_90K:
            base_90k = self._end_90k
        samples = [fmp4.Sample(data[s.offset : s.offset + s.size], s.duration, s.is_key) for s in info.samples]
        sets = video.parameter_sets
        self._is_recoded = self._recoder is not None and sets.codec == "h265"
        if self._recoder is not None and self._is_recoded:
            self._recoder.take()
            samples, sets = _recoded(samples, sets, base_90k)
        self._end_90k = base_90k + sum(sample.duration_90k for sample in samples)
        sounds = self._heard(self._file.init, info, data, base_90k)
        hello = self._hello(sets)
        run = self._runs.run(sounds) if self._runs is not None and sounds else None
        self._sequence += 1
        return (*hello, fmp4.fragment(self._sequence, max(0, base_90k), samples, audio=run))

    def _hello(self, sets: ParameterSets) -> tuple[str | bytes, ...]:
        track = self._sound.track if self._sound is not None else None
        if self._form == (sets, track):
            return ()
        self._form = (sets, track)
        self._runs = RunMaker(track, 0) if track is not None else None
        shown = sets.video
        codec = shown.codec_string if track is None else f"{shown.codec_string},{track.codec}"
        hello = {"type": "hello", "codec": codec, "width": shown.width, "height": shown.height}
        hello |= {"sound": track is not None, "origin_ms": self._asked.from_ms, "recoded": self._is_recoded}
        return json.dumps(hello), fmp4.init_segment(sets, track)

    def _heard(self, init: fmp4.InitInfo, info: fmp4.FragmentInfo, data: bytes, base_90k: int) -> list[TimedSound]:
        track = next((one.audio for one in init.tracks if one.audio is not None), None)
        if track is None or not self._with_sound:
            self._sound = None
            return []
        if self._sound is None or self._sound.source != track:
            try:
                self._sound = SoundRecoder(track)
            except Unavailable:
                return []  # a codec that no browser plays: its pictures are shown all the same
        found: list[TimedSound] = []
        for one in info.audio:
            at_90k = one.time * 90_000 // track.sample_rate - info.base_time_90k + base_90k
            frame = TimedSound(track, data[one.offset : one.offset + one.size], one.duration, at_90k)
            found += self._sound.frames(frame)
        return found + self._sound.keep_up(self._end_90k)


def _recoded(samples: list[fmp4.Sample], sets: ParameterSets, base_90k: int) -> tuple[list[fmp4.Sample], ParameterSets]:
    """A GOP by itself, as it is sought: each begins with a key frame, and so does what is made of it."""
    film, given, at_90k = Film(), [], base_90k
    for sample in samples:
        unit = AccessUnit("h265", fmp4.sample_nals(sample.data), sample.is_key, at_90k, sets if sample.is_key else None)
        given += film.recoded(TimedUnit(unit, at_90k, 0))
        at_90k += sample.duration_90k
    given += film.rest()
    if not given or given[0].unit.parameter_sets is None:
        raise Unavailable("the GOP could not be decoded")
    ends = [*(one.media_90k for one in given[1:]), at_90k]
    recoded = [
        fmp4.Sample(one.unit.length_prefixed(), end - one.media_90k, one.unit.is_key)
        for one, end in zip(given, ends, strict=True)
    ]
    return recoded, given[0].unit.parameter_sets


def _gap(from_ms: int, until_ms: int, cause: str) -> str:
    return json.dumps({"type": "gap", "from_ms": from_ms, "until_ms": until_ms, "cause": cause})
