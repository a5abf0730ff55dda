"""Materials, copies and programmes: what counts, what belongs to what."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command
from services.study import contract as c
from services.study.domain import ISSUE, MATERIAL_SET, PROGRAMME
from services.study.domain.material import check_material, issued
from services.study.domain.programme import check_programme
from tests.unit.study.records import DAY, NOW

ISSUED: dict[str, Any] = {"unit": "D1", "day": DAY, "title": "资料", "copies": 120}
SET: dict[str, Any] = {"unit": "R", "day": DAY, "title": "资料", "manner": "complete", "medium": "offline"}
SET |= {"items": [{"title": "读本", "hours": 6}]}
OPENED: dict[str, Any] = {"unit": "R", "day": DAY, "last": date(2026, 5, 31), "title": "提升工程", "units": ["D1"]}


def after(aggregate: Any, *commands: Command) -> Any:
    """A record after these commands."""
    state = None
    for command in commands:
        for event in aggregate.decide(state, command, NOW):
            state = aggregate.evolve(state, event)
    return state


def test_copies_count_as_many_as_there_are() -> None:
    """Corrected they count as said last; given back or void, not at all; a set itself counts nothing."""
    recorded = c.RecordIssue(**ISSUED, id="i")
    fewer = c.CorrectIssue(**{**ISSUED, "copies": 100}, id="i", reason="清点有误")
    (event,) = ISSUE.decide(after(ISSUE, recorded), fewer, NOW)
    assert isinstance(event, c.IssueCorrected)
    assert ([part.amount for part in event.was], [part.amount for part in event.now]) == ([120], [100])
    assert issued(after(ISSUE, recorded, c.ReturnIssue(id="i", reason="不全"))) == []
    assert issued(after(ISSUE, recorded, c.VoidIssue(id="i", reason="误报"))) == []
    (told,) = MATERIAL_SET.decide(None, c.RecordMaterialSet(**SET, id="m"), NOW)
    assert isinstance(told, c.MaterialSetRecorded)
    assert (told.was, told.now) == ([], [])


def test_a_row_is_remembered_with_what_it_changed() -> None:
    """So that the same row again is known."""
    state = after(ISSUE, c.RecordIssue(**ISSUED, id="i", row="one"), c.VoidIssue(id="i", reason="误报", row="two"))
    assert state.rows == ["one", "two"]


def test_copies_are_of_a_set_from_above() -> None:
    """Of the unit's own or of one above it, while it stands."""
    material = after(MATERIAL_SET, c.RecordMaterialSet(**SET, id="m"))
    assert check_material(material, ["R", "D1"]) == material
    gone = after(MATERIAL_SET, c.RecordMaterialSet(**SET, id="m"), c.VoidMaterialSet(id="m", reason="误报"))
    for known, path in ((None, ["R"]), (material, ["X", "D1"]), (gone, ["R", "D1"])):
        with pytest.raises(DomainError, match=r"issue\.material_unknown"):
            check_material(known, path)


def test_a_programme_takes_sessions_of_its_units_and_days() -> None:
    """Those named and below them; all below it where none are named; on its days."""
    programme = after(PROGRAMME, c.RecordProgramme(**OPENED, id="g"))
    check_programme(programme, DAY, ["R", "D1", "D1-Y1"])
    check_programme(after(PROGRAMME, c.RecordProgramme(**{**OPENED, "units": []}, id="g")), DAY, ["R", "D2"])
    with pytest.raises(DomainError, match=r"session\.programme_unknown"):
        check_programme(programme, DAY, ["R", "D2"])
    with pytest.raises(DomainError, match=r"session\.programme_day"):
        check_programme(programme, date(2026, 6, 1), ["R", "D1"])
    with pytest.raises(DomainError, match=r"programme\.days_out_of_order"):
        PROGRAMME.decide(None, c.RecordProgramme(**{**OPENED, "last": date(2026, 1, 1)}, id="g"), NOW)
