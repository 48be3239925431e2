"""Playbacks that a worker shows: who has a ticket, what he is shown, and the account of it when he has gone.

The browser says how far ahead it wants to have the film ({"type": "ahead", "to_ms": ...}) and where it seeks ({"type":
"seek", "to_ms": ..., "sound": false}): so a paused player costs nothing, and a fast one gets what it needs.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from fengtai.media.messages import OpenPlayback, PlaybackEnded
from fengtai.media.worker.picture_recoder import RecoderPlace, RecoderPool
from fengtai.media.worker.playback_reader import Piece, PlaybackReader
from fengtai.vocabulary.errors import Unavailable

FIRST_AHEAD_MS = 10_000
MOST_SHOWN_AT_ONCE = 16


@dataclass
class _Shown:
    asked: OpenPlayback
    session_id: str = ""
    socket: ServerConnection | None = None
    seconds: float = 0.0
    size_bytes: int = 0
    first_ms: int = 0
    last_ms: int = 0

    def note(self, piece: Piece) -> None:
        if not piece.from_ms:
            return
        self.seconds += (piece.until_ms - piece.from_ms) / 1000
        self.size_bytes += piece.size_bytes
        self.first_ms = min(self.first_ms or piece.from_ms, piece.from_ms)
        self.last_ms = max(self.last_ms, piece.until_ms)


@dataclass
class _Wish:
    """What the player has asked for since it was looked at last."""

    ahead_ms: int
    seek_ms: int | None
    with_sound: bool = False
    is_over: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class PlaybackRoom:
    def __init__(
        self,
        recordings: Path,
        recoders: RecoderPool,
        flush: Callable[[], Awaitable[None]],
        report: Callable[[PlaybackEnded], None],
    ) -> None:
        """`flush`: puts what was recorded so far into the index."""
        self._recordings, self._recoders, self._flush, self._report = recordings, recoders, flush, report
        self._playbacks: dict[str, _Shown] = {}

    @property
    def shown(self) -> int:
        return sum(1 for one in self._playbacks.values() if one.socket is not None)

    def open(self, asked: OpenPlayback) -> None:
        self._playbacks[asked.playback_id] = _Shown(asked)

    def close_unseen(self, playback_id: str) -> None:
        """Nobody came in time; who came stays."""
        found = self._playbacks.get(playback_id)
        if found is not None and found.socket is None:
            self._end(playback_id)

    def may_begin(self, playback_id: str) -> bool:
        """It is there, and nobody sees it yet: a ticket is good for one player."""
        found = self._playbacks.get(playback_id)
        return found is not None and found.socket is None and self.shown < MOST_SHOWN_AT_ONCE

    async def end_session(self, session_id: str) -> None:
        for one in list(self._playbacks.values()):
            if one.session_id == session_id and one.socket is not None:
                await one.socket.close(1008, "your session has ended")

    async def show(self, playback_id: str, session_id: str, socket: ServerConnection, *, plays_h265: bool) -> None:
        """Return when the player has gone."""
        shown = self._playbacks[playback_id]
        shown.session_id, shown.socket = session_id, socket
        asked = shown.asked
        wish = _Wish(asked.from_ms + FIRST_AHEAD_MS, asked.from_ms)
        listening = asyncio.create_task(_listen(socket, wish))
        recoder = None if plays_h265 else RecoderPlace(self._recoders)
        reader = PlaybackReader(self._recordings, asked, recoder)
        try:
            await self._send(socket, reader, wish, shown)
        except Unavailable as error:
            with suppress(ConnectionClosed):
                await socket.send(json.dumps({"type": "failed", "detail": str(error)}, ensure_ascii=False))
                await socket.close()
        except ConnectionClosed:
            pass  # the player has gone
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            reader.close()
            if recoder is not None:
                recoder.give_back()
            self._end(playback_id)

    async def _send(self, socket: ServerConnection, reader: PlaybackReader, wish: _Wish, shown: _Shown) -> None:
        position_ms, is_at_end = shown.asked.from_ms, False
        while not wish.is_over:
            wish.changed.clear()
            if wish.seek_ms is not None:
                position_ms, wish.seek_ms, is_at_end = wish.seek_ms, None, False
                wish.ahead_ms = max(wish.ahead_ms, position_ms + FIRST_AHEAD_MS)
                await self._flush()
                reader.seek(position_ms, with_sound=wish.with_sound)
            elif is_at_end or position_ms >= wish.ahead_ms:
                await wish.changed.wait()
                continue
            piece = await asyncio.to_thread(reader.next)
            if wish.seek_ms is not None:
                continue
            if piece is not None:
                position_ms = piece.until_ms
                shown.note(piece)
                for message in piece.messages:
                    await socket.send(message)
            if piece is None or position_ms >= shown.asked.until_ms:
                is_at_end = True
                await socket.send(json.dumps({"type": "end", "at_ms": position_ms}))

    def _end(self, playback_id: str) -> None:
        shown = self._playbacks.pop(playback_id, None)
        if shown is not None:
            self._report(
                PlaybackEnded(
                    playback_id=playback_id,
                    seconds=shown.seconds,
                    size_bytes=shown.size_bytes,
                    first_ms=shown.first_ms,
                    last_ms=shown.last_ms,
                )
            )


async def _listen(socket: ServerConnection, wish: _Wish) -> None:
    with suppress(ConnectionClosed):
        async for message in socket:
            try:
                said = json.loads(message)
                to_ms = int(said.get("to_ms", 0))
            except (ValueError, AttributeError, TypeError, OverflowError):
                continue  # a player of ours says nothing else
            if said.get("type") == "ahead":
                wish.ahead_ms = to_ms
            elif said.get("type") == "seek":
                wish.seek_ms, wish.ahead_ms = to_ms, to_ms + FIRST_AHEAD_MS
                wish.with_sound = said.get("sound") is True
            wish.changed.set()
    wish.is_over = True
    wish.changed.set()
