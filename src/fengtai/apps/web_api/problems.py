"""Refusals as problem details (RFC 9457). The only place where a kind becomes an HTTP status.

Nothing that was sent is repeated in an answer: a body may hold a password, NaN or megabytes.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from fengtai.vocabulary.errors import FengtaiError, Kind

log = structlog.get_logger()

HTTP_STATUS: Mapping[Kind, int] = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}

TITLES: Mapping[Kind, str] = {
    Kind.INVALID: "What was sent cannot be accepted",
    Kind.UNAUTHENTICATED: "Nobody is signed in",
    Kind.FORBIDDEN: "This is not allowed",
    Kind.NOT_FOUND: "There is no such thing",
    Kind.CONFLICT: "The state of the thing does not allow this",
    Kind.TOO_MANY: "Too many requests",
    Kind.UNAVAILABLE: "Something that is needed does not answer",
}

_KIND_OF_STATUS: Mapping[int, Kind] = {
    400: Kind.INVALID,
    401: Kind.UNAUTHENTICATED,
    403: Kind.FORBIDDEN,
    404: Kind.NOT_FOUND,
    405: Kind.INVALID,
    408: Kind.INVALID,
    409: Kind.CONFLICT,
    412: Kind.CONFLICT,
    413: Kind.INVALID,
    415: Kind.INVALID,
    429: Kind.TOO_MANY,
    503: Kind.UNAVAILABLE,
}


class Problem(JSONResponse):
    media_type = "application/problem+json"


def problem(
    kind: Kind,
    detail: str,
    *,
    status: int | None = None,
    field: str = "",
    missing: Mapping[str, Any] | None = None,
) -> Problem:
    """The answer for a refusal; `status` only where HTTP has a finer word than the kind (405, 413). `missing`: the right
    for want of which it was refused, and where (`access.model.NotAllowed`)."""
    body: dict[str, Any] = {
        "type": f"/problems/{kind.value}",
        "title": TITLES[kind],
        "status": status or HTTP_STATUS[kind],
        "detail": detail.encode("utf-8", "replace").decode(),
        "kind": kind.value,
    }
    if field:
        body["field"] = field.encode("utf-8", "replace").decode()
    if missing:
        body["missing"] = dict(missing)
    headers = {"cache-control": "no-store"}
    if kind is Kind.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    return Problem(body, status_code=body["status"], headers=headers)


def of_error(error: FengtaiError) -> Problem:
    return problem(
        error.kind, str(error), field=getattr(error, "field", ""), missing=getattr(error, "explanation", None)
    )


def add_problem_answers(app: FastAPI) -> None:
    """Every exception that leaves a route becomes a problem; an unexpected one is logged and tells nothing."""
    app.add_exception_handler(FengtaiError, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _refused(request: Request, error: Exception) -> Problem:
    assert isinstance(error, FengtaiError)
    return of_error(error)


async def _not_valid(request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))[:200]
    return problem(Kind.INVALID, f"{field or 'request'}: {first['msg']}"[:500], field=field)


async def _http(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    kind = _KIND_OF_STATUS.get(error.status_code, Kind.INVALID)
    answer = problem(kind, str(error.detail)[:500], status=error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _unexpected(request: Request, error: Exception) -> Problem:
    log.error("request.failed", method=request.method, path=request.url.path, exc_info=error)
    answer = problem(Kind.UNAVAILABLE, "Something went wrong here; it has been logged.", status=500)
    # This answer is given outside of all middleware, so it brings its own headers.
    answer.headers.update({"content-security-policy": "default-src 'none'", "x-content-type-options": "nosniff"})
    return answer
