"""The REST description is committed, complete, and what the application says of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from services.gateway.http_api.app import make_app
from services.gateway.http_api.openapi import snapshot

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


def test_operations_have_names_of_their_own() -> None:
    """A generated client has one method an operation."""
    names = [SAID["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(set(names)) == len(names)
