"""Live fan-out of one stream: each picture becomes one fragment, made once for all viewers, and only while there are any."""

import json

from fengtai.media.worker.fragments import fragment_of, init_of
from fengtai.media.worker.ring import GopRing
from fengtai.media.worker.timeline import TimedUnit
from fengtai.media.worker.viewer import Viewer
from fengtai.protocols.elementary import ParameterSets
from fengtai.vocabulary.errors import Malformed

MOST_VIEWERS = 200
LONGEST_FRAME_90K = 90_000


class LiveChannel:
    def __init__(self, ring: GopRing) -> None:
        self._ring = ring
        self._viewers: list[Viewer] = []
        self._sets: ParameterSets | None = None
        self._generation = 0
        self._greeting: tuple[str, bytes] = ("", b"")
        self._origin_90k: int | None = None
        self._sequence = 0
        self._frame_90k = 3_600
        self._last_90k: int | None = None

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def join(self, session_id: str) -> Viewer:
        """A viewer that begins with the cached GOP, when there is one."""
        viewer = Viewer(session_id)
        units = self._ring.units
        if units:
            self._learn(units[0])
            self._greet(viewer)
            viewer.put_fragment(b"".join(self._fragment(timed) for timed in units), is_key=True)
        self._viewers.append(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        if viewer in self._viewers:
            self._viewers.remove(viewer)

    def offer(self, timed: TimedUnit) -> None:
        """The next picture; called after the ring has it."""
        if self._last_90k is not None:
            step = timed.media_90k - self._last_90k
            if 0 < step <= LONGEST_FRAME_90K:
                self._frame_90k = step
        self._last_90k = timed.media_90k
        if not self._viewers:
            return
        is_key = timed.unit.is_key
        if is_key:
            self._learn(timed)
        if self._sets is None:
            return
        fragment = self._fragment(timed)
        for viewer in self._viewers:
            if is_key:
                self._greet(viewer)
            viewer.put_fragment(fragment, is_key=is_key)

    def tell(self, stage: str, detail: str, fix: str) -> None:
        for viewer in self._viewers:
            viewer.put_control(_state(stage, detail, fix))

    def end(self, stage: str, detail: str, fix: str = "") -> None:
        for viewer in self._viewers:
            viewer.end(_state(stage, detail, fix))
        self._viewers.clear()

    def end_session(self, session_id: str) -> None:
        for viewer in [viewer for viewer in self._viewers if viewer.session_id == session_id]:
            viewer.end(_state("stopped", "your session has ended", "sign in again"))
            self.leave(viewer)

    def _learn(self, key: TimedUnit) -> None:
        """Take the parameter sets in force; other ones than before begin a new generation (new hello and init)."""
        sets = key.unit.parameter_sets
        if sets is None or sets == self._sets:
            return
        try:
            video = sets.video
            init = init_of(sets)
        except Malformed:
            return  # the sets in force stay; the intake counts bad ones
        hello = {"type": "hello", "codec": video.codec_string, "width": video.width, "height": video.height}
        self._sets, self._generation = sets, self._generation + 1
        self._greeting = (json.dumps(hello), init)

    def _greet(self, viewer: Viewer) -> None:
        if self._generation and not viewer.generation_seen(self._generation):
            for message in self._greeting:
                viewer.put_control(message)

    def _fragment(self, timed: TimedUnit) -> bytes:
        if self._origin_90k is None:
            self._origin_90k = timed.media_90k
        self._sequence += 1
        return fragment_of(self._sequence, [timed], origin_90k=self._origin_90k, last_duration_90k=self._frame_90k)


def _state(stage: str, detail: str, fix: str) -> str:
    return json.dumps({"type": "state", "stage": stage, "detail": detail, "fix": fix}, ensure_ascii=False)
