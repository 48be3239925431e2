"""The OpenAPI document: examples that fit their schemas, every refusal named, one problem schema."""

import jsonschema_rs
import pytest

from fengtai.apps.openapi_document import document
from fengtai.apps.web_api.examples import EXAMPLES


@pytest.fixture(scope="module")
def whole() -> dict:
    return document()


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_fits_its_schema(whole: dict, name: str):
    schema = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
    assert name in whole["components"]["schemas"]
    jsonschema_rs.Draft202012Validator(schema).validate(EXAMPLES[name])


def operations(whole: dict):
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_operation_that_is_not_public_says_401_403_and_429(whole: dict):
    lacking = [
        name
        for name, operation in operations(whole)
        if operation["x-access"] != "public" and not {"401", "403", "429"} <= set(operation["responses"])
    ]
    assert lacking == []


def test_every_refusal_is_a_problem(whole: dict):
    for name, operation in operations(whole):
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert answer == {"$ref": f"#/components/responses/Problem{status}"}, name


def test_every_reference_leads_somewhere(whole: dict):
    def refs(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for item in value.values():
                yield from refs(item)
        elif isinstance(value, list):
            for item in value:
                yield from refs(item)

    for ref in set(refs(whole)):
        found = whole
        for part in ref.removeprefix("#/").split("/"):
            found = found[part]


BOUNDED_BY_NATURE = {
    "/api/areas": "one level of the tree of GB/T 2260",
    "/api/device-makes": "a table of ours",
    "/api/devices/{device_id}/sip": "a ring of fixed size",
    "/api/identity-providers": "a handful",
    "/api/live/layouts": "fifty of one's own, and those that chiefs share",
    "/api/live/streams": "those that run now, bounded by the receivers' ports",
    "/api/live/{point_id}/traces": "a ring of fixed size",
    "/api/on-test": "those that hold now, each for hours",
    "/api/audit/missing-results": "the hundred oldest: normally none",
    "/api/hand-over-draft": "what is open now, with a bound for each kind",
    "/api/hand-overs/{hand_over_id}": "one hand-over, bounded when it was written",
    "/api/organisations": "hundreds in a city",
    "/api/own/sessions": "a handful",
    "/api/own/tokens": "a handful",
    "/api/points/fields": "a table of ours",
    "/api/points/map": "a box, with its own bound",
    "/api/recordings/{point_id}/hours": "a span of time, with its own bound",
    "/api/roles": "a table of ours",
    "/api/sources": "one per supervised account: the board shows all",
    "/api/units": "hundreds in a city",
    "/api/webhooks": "fifty at most",
}
"""Lists without pages, each with why that is enough. A new list has `limit` and a cursor, or a line here."""
IN_ONE_PIECE = ("/api/points/imports", "/api/points/{", "/api/organisations/{")
"""the register's lists of one thing (history, documents, who may see it) and its newest imports"""


def queries(operation: dict) -> dict[str, dict]:
    return {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}


def shown(whole: dict, operation: dict) -> dict:
    content = operation["responses"].get("200", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return whole["components"]["schemas"].get(schema.get("$ref", "").rsplit("/", 1)[-1], schema)


def test_every_list_has_pages_with_bounds_or_a_reason(whole: dict):
    without = []
    for path, methods in whole["paths"].items():
        told = shown(whole, methods.get("get", {"responses": {}}))
        if told.get("type") != "array" and "items" not in told.get("properties", {}):
            continue
        limit = queries(methods["get"]).get("limit")
        if limit is None and path not in BOUNDED_BY_NATURE and not path.startswith(IN_ONE_PIECE):
            without.append(path)
        if limit is not None:
            assert limit["minimum"] == 1, path
            assert limit["maximum"] <= 5000, path
            assert "next" in told["properties"], path
    assert without == []


def test_every_integer_in_a_query_has_bounds(whole: dict):
    for name, operation in operations(whole):
        for query, schema in queries(operation).items():
            for choice in schema.get("anyOf", [schema]):
                if choice.get("type") == "integer":
                    assert "minimum" in choice or "exclusiveMinimum" in choice, f"{name} {query}"
                    assert "maximum" in choice, f"{name} {query}"
