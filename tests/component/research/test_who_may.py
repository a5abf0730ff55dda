"""Who may take which step with a measure: the service finds the role, whatever the edge has looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, ensure_collections, open_database
from services.kernel.message.errors import DomainError
from services.kernel.message.event import ADMITTED, Actor, Envelope, HeldRole, method_name, new_id
from services.kernel.message.history import GetHistory
from services.kernel.resource import Step, may_take
from services.research import contract, store
from services.research.domain import AGGREGATES
from services.research.service import Research
from tests.eventually import PATIENCE

PATHS = {"P": ["P"], **{unit: ["P", unit] for unit in ("D1", "D2", "D3", "D4")}, "B1": ["P", "D1", "B1"]}
"""D1 asks for the measure, D2 owns it, D3 helps; D4 has no part in it, and B1 lies below who asks."""
NOW = datetime(2026, 3, 20, tzinfo=UTC)
(MEASURE,) = (each for each in contract.RESOURCES if each.kind == "measure")
TOPIC = {"unit": "D1", "day": "2026-03-05", "title": "数据共享", "kind": "solution", "leader": "书记", "number": "T1"}
CONTENT: dict[str, Any] = {
    "unit": "D1",
    "day": "2026-03-06",
    "title": "印发标准",
    "topic": "T1",
    "owner": "D2",
    "cooperating": ["D3"],
    "due": "2026-06-30",
}
BODIES: dict[str, dict[str, Any]] = {
    "progress": {"progress": {"done": "已印发"}},
    "returns": {"reason": "佐证不足"},
    "handovers": {"into": "problem"},
    "corrections": {**CONTENT, "title": "印发办法", "reason": "名称有误"},
    "voids": {"reason": "重复"},
}
PARTS = {"unit": "D1", "owner": "D2", "cooperating": "D3"}
Do = Callable[..., dict[str, Any]]


@pytest.fixture
def do(mongo: str, database: str) -> Iterator[Do]:
    """Carries out a command for who holds these roles, on a store of the test's own."""
    client: MongoClient[Document] = MongoClient(mongo)
    opened = open_database(client, f"{database}_research")
    journal = Journal(
        opened, service="research", site="test", chain_key=b"k" * 32, clock=lambda: NOW, transaction_seconds=10
    )
    journal.ensure_indexes()
    journal.by, journal.aggregates = may_take(contract.RESOURCES), AGGREGATES
    ensure_collections(opened, (aggregate.collection for aggregate in AGGREGATES))
    store.ensure_indexes(opened)
    service: Any = Research()
    service.journal = journal

    def done(name: str, body: dict[str, Any], *units: str) -> dict[str, Any]:
        command = GetHistory if name == "GetHistory" else getattr(contract, name)
        (action, allowed), *_ = contract.PERMITS[command].items()
        roles = tuple(HeldRole(role=min(allowed), unit=unit) for unit in units)
        actor = Actor(user="u", role=roles[0].role, unit=roles[0].unit, action=action, roles=roles)
        envelope = Envelope(
            command_id=new_id(),
            actor=actor,
            paths={unit: PATHS[unit] for unit in ("D1", "D2", "D3")},
            deadline=datetime.now(UTC) + timedelta(seconds=PATIENCE),
        )
        answer: dict[str, Any] = getattr(service, method_name(command))(envelope, body)
        return answer

    topic = done("FrameTopic", {**TOPIC, "id": new_id()}, "D1")["id"]
    done("SubmitOutline", {"id": topic, "outline": "座谈"}, "D1")
    done("ApproveOutline", {"id": topic}, "D1")
    yield done
    client.close()


def asked(do: Do, step: Step, *units: str) -> str | dict[str, Any]:
    """What comes of a step with a new measure: the refusal's code where it is one of permission, else the answer."""
    id = do("RecordMeasure", {**CONTENT, "id": new_id()}, "D1")["id"]
    try:
        return do(step.command.__name__, {**BODIES.get(step.name, {}), "id": id}, *units)
    except DomainError as refusal:
        return refusal.code if refusal.kind in ("forbidden", "not_found") else {}


@pytest.mark.parametrize("step", MEASURE.steps, ids=lambda step: step.name)
def test_each_part_may_take_the_steps_that_name_it(do: Do, step: Step) -> None:
    """Who stands at a unit that the step names, or above it, may; who has another part in it sees it and may not."""
    named = {unit for field, unit in PARTS.items() if any(field in each.split("|") for each in step.by)}
    for unit in ("D1", "D2", "D3"):
        answer = asked(do, step, unit)
        assert isinstance(answer, dict) == (unit in named), (step.name, unit, answer)
        if not isinstance(answer, dict):
            assert answer == "unit.out_of_scope"
    assert isinstance(asked(do, step, "P"), dict), "who stands above all of them"
    assert asked(do, step, "D4") == "record.not_found"
    assert asked(do, step, "B1") == "record.not_found", "who stands below"


def test_of_several_roles_the_one_that_reaches_is_taken_and_told(do: Do) -> None:
    """A caller sends all roles held for the action; the answer names the one for the access log."""
    (settled,) = (step for step in MEASURE.steps if step.name == "voids")
    answer = asked(do, settled, "D4", "D2", "P")
    assert isinstance(answer, dict)
    assert answer[ADMITTED]["unit"] == "P"
    assert asked(do, settled, "D4", "D2") == "unit.out_of_scope"


def test_what_is_not_there_is_not_found(do: Do) -> None:
    """As what lies outside the scope: nobody learns which of the two it is."""
    with pytest.raises(DomainError) as refusal:
        do("VoidMeasure", {"id": "none", "reason": "重复"}, "P")
    assert refusal.value.code == "record.not_found"


def test_a_change_that_no_record_admits_is_never_saved(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a service carry a change out without asking any record, it fails instead of being let through."""
    id = do("RecordMeasure", {**CONTENT, "id": new_id()}, "D1")["id"]
    monkeypatch.setattr("services.kernel.journal.work.Work.admit", lambda *asked: None)
    with pytest.raises(TypeError, match="VoidMeasure"):
        do("VoidMeasure", {"id": id, "reason": "重复"}, "P")
    monkeypatch.undo()
    assert do("GetMeasure", {"id": id}, "D1")["state"] == "set"


def test_the_history_tells_who_did_what_and_what_changed(do: Do) -> None:
    """The latest first; a step that changed content names the fields; outside the scope there is none."""
    id = do("RecordMeasure", {**CONTENT, "id": new_id()}, "D1")["id"]
    do("CorrectMeasure", {**CONTENT, "due": "2026-07-31", "reason": "时限调整", "id": id}, "D1")
    do("SubmitMeasure", {"id": id}, "D2")
    told = do("GetHistory", {"kind": "measure", "id": id}, "D3")
    assert [entry["type"] for entry in told["items"]] == ["submitted", "corrected", "recorded"]
    assert told["items"][1]["reason"] == "时限调整"
    assert told["items"][1]["changes"] == [{"field": "due", "was": "2026-06-30", "now": "2026-07-31"}]
    assert told["items"][0]["actor"] == "u"
    second = do("GetHistory", {"kind": "measure", "id": id, "page": 2, "page_size": 2}, "P")
    assert ([entry["n"] for entry in second["items"]], second["total"]) == ([1], 3)
    for kind, unit in (("measure", "D4"), ("place", "P"), ("none", "P")):
        with pytest.raises(DomainError) as refusal:
            do("GetHistory", {"kind": kind, "id": id}, unit)
        assert refusal.value.code == "record.not_found"
