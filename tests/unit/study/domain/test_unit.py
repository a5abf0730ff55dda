"""What study learns of units."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from services.kernel.message.event import Event, body_of, new_id
from services.organisation.contract import UnitAdded, UnitKind
from services.study.domain import KnownUnit, learnt

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def unit_event(id: str, path: list[str], kind: str = "branch", n: int = 1, **more: Any) -> Event:
    """What the gateway tells of a new unit."""
    told = UnitAdded.model_validate(
        {"unit": id, "day": "2026-01-01", "name": f"单位{id}", "kind": kind, "path": path, "members": 12}
    )
    return Event(
        id=new_id(),
        source="/test/gateway",
        subject=id,
        time=NOW,
        recorded=NOW,
        actor="u1",
        aggregateversion=n,
        unit=told.unit,
        day=told.day,
        data=body_of(told),
        **{"type": f"shengzhi.gateway.{told.type}", **more},
    )


def test_a_unit_is_known_from_what_is_told_of_it() -> None:
    """Kind, path, members and the day from which it is there."""
    expected = KnownUnit(
        name="单位D1-B1", kind=UnitKind.branch, path=["R", "D1", "D1-B1"], members=12, active_from=date(2026, 1, 1)
    )
    assert learnt(None, unit_event("D1-B1", ["R", "D1", "D1-B1"])) == expected


def test_what_study_need_not_know_is_passed_over() -> None:
    """A kind of event that nobody here has heard of changes nothing."""
    assert learnt(None, unit_event("D1", ["R", "D1"], type="shengzhi.gateway.unit.painted.v1")) is None


def test_a_unit_is_called_otherwise_and_is_no_more() -> None:
    """What it is called and its last day follow what is told; of a unit that nobody knows nothing is learnt."""
    known = learnt(None, unit_event("D1", ["R", "D1"]))
    was, now = ({"first": "2026-01-01", "name": name} for name in ("旧名", "新名"))
    renamed = _told("D1", {"was": was, "now": now, "basis": "文"}, "unit.renamed.v1")
    ended = _told("D1", {"into": "D2", "basis": "文"}, "unit.merged.v1")
    called = learnt(known, renamed)
    assert called is not None
    assert called.name == "新名"
    gone = learnt(called, ended)
    assert gone is not None
    assert (gone.name, gone.until) == ("新名", date(2026, 1, 1))
    assert learnt(None, renamed) is None


def _told(id: str, data: dict[str, Any], type: str) -> Event:
    return unit_event(id, ["R", id], type=f"shengzhi.gateway.{type}").model_copy(update={"data": data})
