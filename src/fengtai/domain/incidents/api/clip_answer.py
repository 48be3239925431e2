"""A clip on its way to somebody: its bytes, and then the RESULT in the audit, however the sending ends."""

import asyncio
from collections.abc import AsyncIterator

from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fengtai.domain.incidents.api.byte_ranges import ByteRange, wanted_range
from fengtai.domain.incidents.service.playing import Playback
from fengtai.vocabulary.errors import FengtaiError

_ending: set[asyncio.Task[None]] = set()
"""Results being written: kept here until done, because a task without a holder may be collected."""


async def clip_answer(playback: Playback, range_header: str) -> Response:
    span = wanted_range(range_header, playback.size_bytes)
    if span is not None:
        return ClipAnswer(playback, span)
    await playback.finish(sent_bytes=0, failed="the range lies beyond the end")
    return Response(status_code=416, headers={"Content-Range": f"bytes */{playback.size_bytes}"})


class ClipAnswer(StreamingResponse):
    def __init__(self, playback: Playback, span: ByteRange) -> None:
        headers = {
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-store",
            "Content-Length": str(span.length),
        }
        if playback.view.export is not None:
            headers["Content-Disposition"] = f'attachment; filename="clip-{playback.clip.id}.mp4"'
        if span.partial:
            headers["Content-Range"] = f"bytes {span.first}-{span.last}/{playback.size_bytes}"
        super().__init__(
            self._pieces(span), status_code=206 if span.partial else 200, headers=headers, media_type="video/mp4"
        )
        self._playback = playback
        self._sent_bytes, self._failed = 0, ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # A reader who leaves, or a server that stops, must not cancel the audit line.
            told = asyncio.ensure_future(self._playback.finish(sent_bytes=self._sent_bytes, failed=self._failed))
            _ending.add(told)
            told.add_done_callback(_ending.discard)
            await asyncio.shield(told)

    async def _pieces(self, span: ByteRange) -> AsyncIterator[bytes]:
        try:
            async for piece in self._playback.read(span.first, span.last):
                yield piece
                self._sent_bytes += len(piece)
        except FengtaiError as error:
            self._failed = str(error)
            raise
