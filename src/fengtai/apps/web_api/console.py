"""Serves the built console: hashed files for a year, `index.html` for every page of it, one plain page if not built.

It answers only what no route answers. A path leads to a file only if the resolved file lies inside the folder. What the
build has compressed (web/scripts/compress.mjs) is sent so to whoever accepts it.
"""

from mimetypes import guess_type
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from fengtai.apps.web_api.problems import problem
from fengtai.vocabulary.errors import Kind

_NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>Fengtai</title>
<h1>控制台尚未构建 · The console is not built</h1>
<p>平台正在运行。请运行 <code>make setup</code>，然后重新载入本页。</p>
<p>The platform is running. Run <code>make setup</code>, then load this page again.</p></html>
"""
_API_PREFIXES = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json")
_FOR_A_YEAR = "public, max-age=31536000, immutable"


class Console:
    """ASGI application for whatever no route matched."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder.resolve() if folder else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "live streams come from the media workers"})
            return
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> ASGIApp:
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD") or path == "/api" or path.startswith(_API_PREFIXES):
            return problem(Kind.NOT_FOUND, "There is nothing at this address.")
        if self._folder is None or not (self._folder / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, headers={"cache-control": "no-store"})
        file = self._file(path)
        if file is not None:
            hashed = path.startswith("/assets/")
            return _sent(file, scope, _FOR_A_YEAR if hashed else "no-cache")
        if path.startswith("/assets/") or "." in path.rsplit("/", 1)[-1]:
            return problem(Kind.NOT_FOUND, "There is no such file.")
        return _sent(self._folder / "index.html", scope, "no-cache")

    def _file(self, path: str) -> Path | None:
        assert self._folder is not None
        if "\x00" in path or "\\" in path:
            return None
        try:
            file = (self._folder / path.lstrip("/")).resolve()
            inside = file.is_relative_to(self._folder) and file.is_file()
        except (OSError, ValueError):  # a name too long for the file system, or a loop of links
            return None
        return file if inside else None


def _sent(file: Path, scope: Scope, caching: str) -> Response:
    """The file, compressed when there is such a one and the browser takes it; 304 when the browser has this very one."""
    asked, told = Headers(scope=scope), {"cache-control": caching}
    media_type = guess_type(file.name)[0]
    compressed = file.with_name(f"{file.name}.gz")
    if compressed.is_file():
        told["vary"] = "accept-encoding"
        if _takes_gzip(asked.get("accept-encoding", "")):
            file, told["content-encoding"] = compressed, "gzip"
    answer = FileResponse(file, headers=told, media_type=media_type, stat_result=file.stat())
    if answer.headers.get("etag") and asked.get("if-none-match") == answer.headers["etag"]:
        return Response(status_code=304, headers={"etag": answer.headers["etag"]} | told)
    return answer


def _takes_gzip(accepted: str) -> bool:
    """RFC 9110 section 12.5.3: named, and not refused by a weight of 0."""
    for one in accepted.lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in ("q=", "q=0.")
    return False
