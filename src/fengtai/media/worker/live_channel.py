"""Live fan-out of one stream: who watches it, and in which form: as it came or in H.264, with or without sound.

A form is made only while somebody wants it: sound is made into FLAC for those who listen, H.265 into H.264 for browsers
that cannot play it, once for all of them. All viewers share the stream that the camera sends.
"""

import itertools
import json
from dataclasses import dataclass

from fengtai.media.worker.picture_recoder import PictureRecoder, RecoderPool
from fengtai.media.worker.rendition import Rendition
from fengtai.media.worker.ring import GopRing
from fengtai.media.worker.sound import TimedSound
from fengtai.media.worker.sound_recoder import SoundRecoder
from fengtai.media.worker.timeline import TimedUnit
from fengtai.media.worker.viewer import Viewer
from fengtai.vocabulary.errors import Unavailable

MOST_VIEWERS = 200


@dataclass(frozen=True, slots=True)
class Form:
    is_recoded: bool = False
    has_sound: bool = False


class LiveChannel:
    def __init__(self, ring: GopRing, recoders: RecoderPool) -> None:
        self._ring, self._recoders = ring, recoders
        self._recoded_ring = GopRing()
        self._generations = itertools.count(1)
        self._renditions = {
            Form(is_recoded, has_sound): Rendition(
                self._recoded_ring if is_recoded else ring, self._generations, is_recoded=is_recoded
            )
            for is_recoded in (False, True)
            for has_sound in (False, True)
        }
        self._plain, self._sounding = self._renditions[Form()], self._renditions[Form(has_sound=True)]
        """looked up once: each picture of each camera is offered to both"""
        self._recoder: PictureRecoder | None = None
        self._sound: SoundRecoder | None = None
        self._sound_codec = ""
        """of what comes, when the point's policy lets it through"""
        self._silent_because = ""

    @property
    def viewers(self) -> int:
        return sum(len(rendition.viewers) for rendition in self._renditions.values())

    def join(self, session_id: str, *, plays_h265: bool = True) -> Viewer:
        """A viewer that begins with the cached GOP, when there is one."""
        viewer = Viewer(session_id, plays_h265=plays_h265)
        self._admit(viewer, Form(is_recoded=self._must_recode(viewer)))
        if self._sound_codec:
            viewer.put_control(self._about_sound())
        return viewer

    def leave(self, viewer: Viewer) -> None:
        for rendition in self._renditions.values():
            if viewer in rendition.viewers:
                rendition.viewers.remove(viewer)
        self._tidy()

    def want_sound(self, viewer: Viewer, wanted: bool) -> None:
        """The viewer listens from now on, or no more: it gets the other form from its key frame on."""
        form = self._form_of(viewer)
        if form is None or form.has_sound == wanted:
            return
        if wanted and not (self._sound_codec and not self._silent_because):
            viewer.put_control(self._about_sound())
            return
        self._renditions[form].viewers.remove(viewer)
        viewer.begin_anew()
        self._admit(viewer, Form(form.is_recoded, wanted))
        self._tidy()

    def offer(self, timed: TimedUnit) -> None:
        """The next picture; called after the ring has it."""
        if timed.unit.is_key and timed.unit.codec == "h265":
            self._move_those_who_cannot()
        if self._sound is not None and (self._sounding.viewers or self._renditions[Form(True, True)].viewers):
            self._spread(self._sound.keep_up(timed.media_90k))
        self._plain.offer(timed)
        self._sounding.offer(timed)
        if self._recoder is not None:
            self._recoder.feed(timed)

    def hear(self, sound: TimedSound) -> None:
        """The next frame of sound, as it came."""
        if sound.track.codec != self._sound_codec:
            self._sound_codec, self._sound, self._silent_because = sound.track.codec, None, ""
            self._tell_all(self._about_sound())
        if not self._listeners or self._silent_because:
            return
        if self._sound is None or self._sound.source != sound.track:
            try:
                self._sound = SoundRecoder(sound.track)
            except Unavailable as error:
                self._silent_because = str(error)
                self._tell_all(self._about_sound())
                return
        self._spread(self._sound.frames(sound))

    def no_sound(self) -> None:
        """The policy lets none through any more: who listens goes on in silence."""
        self._sound, self._sound_codec = None, ""
        for is_recoded in (False, True):
            for viewer in list(self._renditions[Form(is_recoded, True)].viewers):
                self.want_sound(viewer, False)
        self._tell_all(self._about_sound())

    def tell(self, stage: str, detail: str, fix: str) -> None:
        self._tell_all(_state(stage, detail, fix))

    def end(self, stage: str, detail: str, fix: str = "") -> None:
        for viewer in self._all():
            viewer.end(_state(stage, detail, fix))
        for rendition in self._renditions.values():
            rendition.viewers.clear()
        self._tidy()

    def end_session(self, session_id: str) -> None:
        for viewer in [viewer for viewer in self._all() if viewer.session_id == session_id]:
            viewer.end(_state("stopped", "your session has ended", "sign in again"))
            self.leave(viewer)

    # inside

    @property
    def _listeners(self) -> bool:
        return any(rendition.viewers for form, rendition in self._renditions.items() if form.has_sound)

    def _must_recode(self, viewer: Viewer) -> bool:
        key = self._ring.key_frame
        return not viewer.plays_h265 and key is not None and key.unit.codec == "h265"

    def _admit(self, viewer: Viewer, form: Form) -> None:
        if form.is_recoded and self._recoder is None:
            try:
                self._recoder = self._recoders.begin(self._recoded)
            except Unavailable as error:
                viewer.end(_state("failed", f"{error}", ""))
                return
            for timed in self._ring.units:
                self._recoder.feed(timed)
        self._renditions[form].join(viewer)

    def _recoded(self, timed: TimedUnit) -> None:
        """A picture comes back from the recoder."""
        self._recoded_ring.add(timed)
        self._renditions[Form(is_recoded=True)].offer(timed)
        self._renditions[Form(True, True)].offer(timed)

    def _move_those_who_cannot(self) -> None:
        """The camera has changed to H.265."""
        for has_sound in (False, True):
            for viewer in [one for one in self._renditions[Form(False, has_sound)].viewers if not one.plays_h265]:
                self._renditions[Form(False, has_sound)].viewers.remove(viewer)
                viewer.begin_anew()
                self._admit(viewer, Form(True, has_sound))

    def _spread(self, sounds: list[TimedSound]) -> None:
        for is_recoded in (False, True):
            self._renditions[Form(is_recoded, True)].hear(sounds)

    def _tidy(self) -> None:
        """End what nobody wants any more."""
        if self._recoder is not None and not any(self._renditions[Form(True, one)].viewers for one in (False, True)):
            self._recoder.close()
            self._recoder = None
            self._recoded_ring.clear()
        if not self._listeners:
            self._sound = None

    def _form_of(self, viewer: Viewer) -> Form | None:
        return next((form for form, one in self._renditions.items() if viewer in one.viewers), None)

    def _all(self) -> list[Viewer]:
        return [viewer for rendition in self._renditions.values() for viewer in rendition.viewers]

    def _tell_all(self, message: str) -> None:
        for viewer in self._all():
            viewer.put_control(message)

    def _about_sound(self) -> str:
        """Whether there is sound to listen to, and why not."""
        available = bool(self._sound_codec) and not self._silent_because
        told = {"type": "sound", "available": available, "codec": self._sound_codec, "detail": self._silent_because}
        return json.dumps(told, ensure_ascii=False)


def _state(stage: str, detail: str, fix: str) -> str:
    return json.dumps({"type": "state", "stage": stage, "detail": detail, "fix": fix}, ensure_ascii=False)
