"""Whatever is sent, the API answers as its description says and never with a 5xx: cases made of the description.

A few cases an operation each time; `make fuzz` asks for thousands. Records that were made on the way are asked for and
changed by the cases that follow, and units and days are often ones that there are: the rules behind are reached too.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.eventually import PATIENCE
from tests.journey.province import ROOT, Province

CASES = int(os.environ.get("SHENGZHI_FUZZ_CASES", "400"))
DESCRIBED = json.loads((Path(__file__).parents[2] / "proto" / "openapi.json").read_text("utf-8"))
SCHEMA: Any = schemathesis.openapi.from_dict(DESCRIBED)
# A stream does not end, and to sign out ends the fuzzing: both have tests of their own.
FOUND: list[Any] = [found.ok() for found in SCHEMA.get_all_operations()]
OPERATIONS = [each for each in FOUND if each.definition.raw["operationId"] not in ("watch_report", "sign_out")]
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
UNIT, BRANCH, CENTRAL = "D900", "D900-B01", "Z900"
BUSINESS = ("unit_admin", "office", "leader", "handler", "secretary", "duty_supervisor", "agent", "judge", "member")
PEOPLE = {
    "fuzzer": BUSINESS,
    "fuzzer-system": ("system_admin", "operations"),
    "fuzzer-security": ("security_admin",),
    "fuzzer-audit": ("audit_admin",),
}
"""Who asks: together they hold every role, and none holds two that exclude each other."""
DAYS = ("2026-03-05", "2026-02-01", "2026-12-31", "2025-01-01")


class Fuzzing:
    """Some people with every role for a department of their own, and what they have made so far."""

    def __init__(self, url: str, tokens: dict[str, str]) -> None:
        self.url = url
        self.tokens = tokens
        self.made: dict[str, list[str]] = defaultdict(list)
        self.cases = 0
        self.asked = set[str]()

    def send(self, case: Any, who: str) -> None:
        """Send a case, hold the answer against the description, and keep the id of what it has made."""
        self.cases += 1
        self.asked.add(str(case.operation.label))
        headers = {"Authorization": self.tokens[who]}
        answer = case.call(base_url=self.url, headers=headers, timeout=PATIENCE)
        case.validate_response(answer, checks=CHECKS)
        if case.method == "POST" and answer.status_code == 201 and "{" not in case.path:
            self.made[case.path].append(str(answer.json().get("id", "")))


@pytest.fixture(scope="module")
def fuzzing(province: Province, administrator: httpx.Client) -> Iterator[Fuzzing]:
    units = {UNIT: ("department", ROOT), BRANCH: ("branch", UNIT), CENTRAL: ("central", ROOT)}
    for id, (kind, parent) in units.items():
        told = {"id": id, "name": f"示例单位{id}", "kind": kind, "parent": parent, "active_from": "2026-01-01"}
        assert administrator.post("/units", json=told).status_code == 201
    for name, roles in PEOPLE.items():
        province.enrol(name, *((role, UNIT) for role in roles))
    sent = Fuzzing(province.platform.url, {name: province.as_user(name).headers["Authorization"] for name in PEOPLE})
    yield sent
    print(f"\nfuzz: {sent.cases} cases of {len(sent.asked)} operations")
    assert sent.cases >= CASES or len(sent.asked) < len(OPERATIONS)


@st.composite
def cases(draw: Callable[[Any], Any], operation: Any, made: dict[str, list[str]]) -> Any:
    """A case of an operation, valid or not; in half of them ids, units and days are such as there are."""
    mode = draw(st.sampled_from((GenerationMode.POSITIVE, GenerationMode.NEGATIVE)))
    case = draw(operation.as_strategy(mode))
    if draw(st.booleans()):
        known = made.get(operation.path.partition("/{")[0], [])
        if known and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = draw(st.sampled_from(known[-5:]))
        for told in (case.path_parameters, case.query, case.body):
            if isinstance(told, dict):
                _grounded(told, draw)
    assume("" not in (case.path_parameters or {}).values())  # an address without its last part is another one
    return case


def _grounded(told: dict[str, Any], draw: Callable[[Any], Any]) -> None:
    for name in told.keys() & {"unit", "owner", "handler", "central", "provincial", "visited"}:
        told[name] = draw(st.sampled_from((UNIT, BRANCH, CENTRAL)))
    for name in told.keys() & {"day", "from", "to", "first", "last", "due", "due_from", "due_to"}:
        if isinstance(told[name], str) and len(told[name]) == len(DAYS[0]):
            told[name] = draw(st.sampled_from(DAYS))


def _label(operation: Any) -> str:
    return str(operation.label)


def _place(operation: Any) -> tuple[int, str]:
    """Records are made before they are asked for."""
    return operation.path.count("/"), operation.path


@pytest.mark.parametrize("operation", sorted(OPERATIONS, key=_place), ids=_label)
def test_every_answer_is_described(fuzzing: Fuzzing, operation: Any) -> None:
    """No 5xx, and no status, type or shape that the description does not have."""

    @settings(
        max_examples=max(2, -(-CASES * 3 // (2 * len(OPERATIONS)))),
        deadline=None,
        database=None,
        derandomize=CASES < 1000,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(operation, fuzzing.made), who=st.sampled_from(("fuzzer", *PEOPLE)))
    def sent(case: Any, who: str) -> None:
        fuzzing.send(case, who)

    sent()
