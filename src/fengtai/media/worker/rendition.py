"""One form of a live stream for those viewers who want that form: each picture becomes one fragment, made once for all of
them, and only while there are any. Knows nothing of re-coding: what it is offered is what it sends.
"""

import json
from collections.abc import Iterable, Iterator

from fengtai.media.worker.fragments import fragment_of, init_of
from fengtai.media.worker.ring import GopRing
from fengtai.media.worker.sound import RunMaker, TimedSound
from fengtai.media.worker.timeline import TimedUnit
from fengtai.media.worker.viewer import Viewer
from fengtai.protocols.elementary import ParameterSets
from fengtai.protocols.fmp4 import AudioRun, AudioTrack
from fengtai.vocabulary.errors import Malformed

LONGEST_FRAME_90K = 90_000
MOST_SOUNDS = 512


class Rendition:
    def __init__(self, ring: GopRing, generations: Iterator[int], *, is_recoded: bool) -> None:
        """`generations`: numbers that differ between all renditions of a stream."""
        self.ring = ring
        self.viewers: list[Viewer] = []
        self._generations, self._is_recoded = generations, is_recoded
        self._sets: ParameterSets | None = None
        self._track: AudioTrack | None = None
        self._runs: RunMaker | None = None
        self._sounds: list[TimedSound] = []
        self._generation = 0
        self._greeting: tuple[str, bytes] = ("", b"")
        self._origin_90k: int | None = None
        self._sequence = 0
        self._frame_90k = 3_600
        self._last_90k: int | None = None

    def join(self, viewer: Viewer) -> None:
        """The viewer begins with the cached GOP, when there is one."""
        units = self.ring.units
        if units:
            self._learn(units[0].unit.parameter_sets, self._track)
            self._greet(viewer)
            viewer.put_fragment(b"".join(self._fragment(timed) for timed in units), is_key=True)
        self.viewers.append(viewer)

    def offer(self, timed: TimedUnit) -> None:
        """The next picture; called after the ring has it."""
        if self._last_90k is not None and 0 < timed.media_90k - self._last_90k <= LONGEST_FRAME_90K:
            self._frame_90k = timed.media_90k - self._last_90k
        self._last_90k = timed.media_90k
        if not self.viewers:
            self._sounds.clear()
            return
        is_key = timed.unit.is_key
        if is_key:
            self._learn(timed.unit.parameter_sets, self._sounds[0].track if self._sounds else self._track)
        if self._sets is None:
            return
        run = self._runs.run(self._sounds) if self._runs is not None and self._sounds else None
        self._sounds.clear()
        fragment = self._fragment(timed, run)
        for viewer in self.viewers:
            if is_key:
                self._greet(viewer)
            viewer.put_fragment(fragment, is_key=is_key)

    def hear(self, sounds: Iterable[TimedSound]) -> None:
        """Sound that goes with the next picture; the first of a new kind begins with the next key frame."""
        if self.viewers:
            self._sounds += sounds
            del self._sounds[:-MOST_SOUNDS]

    def _learn(self, sets: ParameterSets | None, track: AudioTrack | None) -> None:
        """Take what is in force; other than before, it begins a new generation (new hello and init)."""
        if sets is None or (sets == self._sets and track == self._track):
            return
        try:
            video = sets.video
            init = init_of(sets, track)
        except Malformed:
            return  # the sets in force stay; the intake counts bad ones
        codecs = video.codec_string if track is None else f"{video.codec_string},{track.codec}"
        hello = {"type": "hello", "codec": codecs, "width": video.width, "height": video.height}
        hello |= {"sound": track is not None, "recoded": self._is_recoded}
        self._sets, self._track, self._generation = sets, track, next(self._generations)
        if self._origin_90k is not None and track is not None:
            self._runs = RunMaker(track, self._origin_90k)
        elif track is not None:
            self._runs = None  # made with the first fragment
        self._greeting = (json.dumps(hello), init)

    def _greet(self, viewer: Viewer) -> None:
        if self._generation and not viewer.generation_seen(self._generation):
            for message in self._greeting:
                viewer.put_control(message)

    def _fragment(self, timed: TimedUnit, run: AudioRun | None = None) -> bytes:
        if self._origin_90k is None:
            self._origin_90k = timed.media_90k
        if self._runs is None and self._track is not None:
            self._runs = RunMaker(self._track, self._origin_90k)
        self._sequence += 1
        return fragment_of(
            self._sequence, [timed], origin_90k=self._origin_90k, last_duration_90k=self._frame_90k, audio=run
        )
