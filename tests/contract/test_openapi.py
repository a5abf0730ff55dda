"""The REST description is committed, complete, and what the application says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest

from services.edge.http_api.app import make_app
from services.edge.http_api.openapi import snapshot

COMMITTED = Path(__file__).parents[2] / "proto" / "openapi.json"
SAID = json.loads(snapshot(make_app(cast(Any, None))))
OPERATIONS = [(path, method) for path, operations in SAID["paths"].items() for method in operations]


def test_the_committed_description_is_todays() -> None:
    """Whoever changes an operation commits its description with it."""
    assert json.loads(COMMITTED.read_text("utf-8")) == SAID, "run `make proto` and commit what it writes"


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_every_operation_says_what_it_is_and_how_it_refuses(path: str, method: str) -> None:
    """A summary in Chinese, a description, and a problem for what it refuses."""
    operation = SAID["paths"][path][method]
    assert any("\u4e00" <= character <= "\u9fff" for character in operation["summary"])
    assert operation["description"]
    if path.startswith("/api/"):
        refusals = [answer for status, answer in operation["responses"].items() if status[0] in "45"]
        assert refusals
        assert all("application/problem+json" in answer["content"] for answer in refusals)


EXAMPLES = [
    pytest.param(content["schema"], content.get("example"), id=f"{method} {path} {place}")
    for path, method in OPERATIONS
    for place, told in [
        ("body", SAID["paths"][path][method].get("requestBody", {})),
        *SAID["paths"][path][method]["responses"].items(),
    ]
    if place == "body" or place[0] == "2"
    for kind, content in told.get("content", {}).items()
    if kind == "application/json"
] + [
    pytest.param(parameter["schema"], parameter.get("example"), id=f"{method} {path} {parameter['name']}")
    for path, method in OPERATIONS
    for parameter in SAID["paths"][path][method].get("parameters", ())
    if parameter.get("required")
]


@pytest.mark.parametrize(("schema", "example"), EXAMPLES)
def test_what_is_sent_and_answered_has_an_example_that_fits(schema: dict[str, Any], example: Any) -> None:
    """What is shown is what the schema allows, and says something."""
    assert example
    whole = {**schema, "components": SAID["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(example)


def test_problems_have_an_example_and_the_description_says_how_to_sign_in() -> None:
    """OpenAPI 3.1, with what every refusal looks like."""
    assert SAID["openapi"].startswith("3.1")
    assert SAID["components"]["schemas"]["Problem"]["examples"]
    assert SAID["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_operations_have_names_of_their_own() -> None:
    """A generated client has one method an operation."""
    names = [SAID["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(set(names)) == len(names)
