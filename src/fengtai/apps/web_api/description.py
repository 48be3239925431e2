"""The OpenAPI document: what FastAPI derives from the routes, and what the edge adds to each of them.

Each operation names every status that it may answer, refusals as one problem schema (RFC 9457), the headers that the edge
reads, and examples of the bodies that people send most (`examples.py`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from fengtai.apps.web_api.editions import thing_of, thing_routes
from fengtai.apps.web_api.examples import EXAMPLES
from fengtai.apps.web_api.problems import TITLES
from fengtai.vocabulary.errors import Kind

MEANING: Mapping[int, str] = {
    304: "It still looks as If-None-Match says",
    400: "The request cannot be read: not JSON, a NUL character, a bad header",
    401: "Nobody is signed in, or the session has ended",
    403: "The rights, or the page that asks, do not allow this; the detail says which",
    404: "There is no such thing",
    408: "The request did not arrive in time",
    409: "The state of the thing does not allow this, or its version is another one",
    412: "It was changed since If-Match was read",
    413: "The request is too large",
    415: "The body is of a kind that is not taken here",
    416: "The range does not lie within the thing",
    422: "What was sent cannot be accepted; `field` names what",
    428: "This edit needs If-Match",
    429: "Too many requests; Retry-After says when to come again",
    500: "A fault of ours; it has been logged",
    503: "Something that is needed does not answer now",
}

PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "A refusal (RFC 9457).",
    "required": ["type", "title", "status", "detail", "kind"],
    "properties": {
        "type": {"type": "string", "description": "/problems/ and the kind"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "a sentence that says what to do"},
        "kind": {"type": "string", "enum": [kind.value for kind in Kind]},
        "field": {"type": "string", "description": "the value that is at fault"},
        "missing": {"type": "object", "description": "the right for want of which it was refused, and where"},
    },
    "example": {
        "type": "/problems/conflict",
        "title": TITLES[Kind.CONFLICT],
        "status": 409,
        "detail": "This alarm was changed meanwhile: look at it again.",
        "kind": "conflict",
    },
}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` answer the whole document; it is made once, when first asked for."""
    derived = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = derived()
            app.openapi_schema = completed(document, [route for route in app.routes if isinstance(route, APIRoute)])
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


def completed(document: dict[str, Any], routes: Iterable[APIRoute]) -> dict[str, Any]:
    routes = list(routes)
    things = thing_routes(routes)
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for left_over in ("HTTPValidationError", "ValidationError"):
        schemas.pop(left_over, None)
    schemas["Problem"] = dict(PROBLEM_SCHEMA)
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["example"] = example
    parts["responses"] = {f"Problem{status}": _problem(status) for status in MEANING if status != 304}
    parts["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "fengtai_session"},
    }
    for route in routes:
        for method in route.methods or ():
            operation = document.get("paths", {}).get(route.path_format, {}).get(method.lower())
            if operation is not None:
                _complete(operation, route, method, things)
    return document


def _complete(operation: dict[str, Any], route: APIRoute, method: str, things: Mapping[str, APIRoute]) -> None:
    public = operation.get("x-access") == "public"
    if not public:
        operation["security"] = [{"bearer": []}, {"session": []}]
    responses = operation["responses"]
    for status in refusals(route, method, public=public, things=things):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    headers = []
    if method == "GET" and route.path in things:
        responses["304"] = {"description": MEANING[304]}
        headers.append(("If-None-Match", "an ETag of before: 304 when it still looks so"))
    if method != "GET" and thing_of(route.path, things) is not None:
        headers.append(("If-Match", "the ETag of your last GET of the thing: 412 when it was changed since"))
    if method == "POST" and not public:
        headers.append(("Idempotency-Key", "any text that you send again with the same request: done once"))
    for name, meaning in headers:
        operation.setdefault("parameters", []).append(
            {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}
        )


def refusals(route: APIRoute, method: str, *, public: bool, things: Mapping[str, APIRoute]) -> list[int]:
    """Every status of 400 and more that this operation may answer."""
    changes = method != "GET"
    found = {400, 422, 429, 500, 503}
    found |= set() if public else {401, 403}
    found |= {404} if "{" in route.path or any(name in _CURSORS for name in _query_names(route)) else set()
    found |= {409} if "{" in route.path else set()
    found |= {401, 403, 404, 408, 409, 413} if changes else set()
    if changes and thing_of(route.path, things) is not None:
        found |= {412, 428} if method == "PUT" else {412}
    if "206" in {str(status) for status in route.responses}:
        found.add(416)
    return sorted(found)


_CURSORS = frozenset({"after", "before", "after_number"})


def _query_names(route: APIRoute) -> set[str]:
    return {parameter.alias for parameter in route.dependant.query_params}


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": MEANING[status],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
