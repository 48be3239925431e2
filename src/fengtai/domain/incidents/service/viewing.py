"""Views of clips: a person says what for, and gets a short-lived word with which the clip can be read.

The word goes into the address, because a `<video>` sends no headers of ours and asks again and again while it plays. It is
good for one clip and one session, is kept in this process only, and is nothing without the session itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fengtai.domain.access.model import StatedPurpose
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Forbidden

VIEW_SECONDS = 900.0
"""long enough to look through a clip of 40 s at leisure"""
MOST_VIEWS = 10_000


@dataclass(frozen=True, slots=True)
class ClipView:
    """That a session may read a clip, and what for."""

    word: str
    clip_id: str
    session_id: str
    purpose: StatedPurpose
    until: Instant
    export: Mapping[str, str] | None = None
    """None: it is looked at here. Else it leaves the house: who asked and who agreed, empty where nobody had to"""


class GivenViews:
    def __init__(self) -> None:
        self._by_word: dict[str, ClipView] = {}

    def give(
        self,
        word: str,
        clip_id: str,
        session_id: str,
        purpose: StatedPurpose,
        now: Instant,
        export: Mapping[str, str] | None = None,
    ) -> ClipView:
        if len(self._by_word) >= MOST_VIEWS:
            self._by_word = {word: view for word, view in self._by_word.items() if now.monotonic < view.until.monotonic}
        view = self._by_word[word] = ClipView(word, clip_id, session_id, purpose, now.plus(VIEW_SECONDS), export)
        return view

    def find(self, word: str, clip_id: str, session_id: str, now: Instant) -> ClipView:
        """Raise Forbidden for a word that is not good for this clip in this session, or no more."""
        view = self._by_word.get(word)
        if view is None or (view.clip_id, view.session_id) != (clip_id, session_id):
            raise Forbidden("say what for first: a clip is read with a view that was asked for in this session")
        if now.monotonic >= view.until.monotonic:
            raise Forbidden("this view is over: ask for the clip again")
        return view
