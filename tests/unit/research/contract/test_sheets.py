"""The three ledgers: what their cells say, and that a research group reads back as it was written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import TypeAdapter

from services.kernel.sheets.reading import read
from services.kernel.sheets.sheet import filled, parse
from services.research import contract as c
from services.research.contract import Group, group_told

TOPIC: dict[str, Any] = {
    "number": "KT-1",
    "unit": "D1",
    "day": "2026-03-05",
    "title": "数据共享",
    "kind": "对策性",
    "leader": "党组书记",
}
VISIT: dict[str, Any] = {
    "number": "DY-1",
    "unit": "D1",
    "day": "2026-03-10",
    "title": "座谈",
    "topic": "KT-1",
    "leader": "副厅长",
}
MEASURE: dict[str, Any] = {
    "number": "CS-1",
    "unit": "D1",
    "day": "2026-04-01",
    "title": "统一标准",
    "topic": "KT-1",
    "owner": "D2",
    "due": "2026-06-30",
}


def row(kind: str, /, **cells: Any) -> Any:
    """The row that these cells make."""
    told = {"topics": TOPIC, "visits": VISIT, "measures": MEASURE}[kind]
    found, wrong = parse(c.SHEETS[kind], {"_row": 2, **told, **cells})
    assert wrong == []
    return found


def refused(kind: str, /, **cells: Any) -> list[str]:
    """The columns that are wrong."""
    told = {"topics": TOPIC, "visits": VISIT, "measures": MEASURE}[kind]
    return [error.column for error in parse(c.SHEETS[kind], {"_row": 2, **told, **cells})[1]]


def test_a_topic_row_tells_its_whole_life() -> None:
    """Group, cooperating units, stage, and what each stage brought."""
    found = row("topics", group="处长×2；副处长@D002", cooperating="D002、D003", state="关闭", effective="否")
    assert found.group == [c.Member(post="处长", count=2), c.Member(post="副处长", count=1, unit="D002")]
    assert (found.cooperating, found.state, found.effective) == (["D002", "D003"], "closed", False)
    assert row("topics").state == "framing"
    assert refused("topics", group="处长××2") == ["group"]
    assert refused("topics", state="作废") == ["state"]
    assert refused("topics", effective="也许") == ["effective"]


def test_a_visit_row_names_its_place() -> None:
    """A unit, or a place with its kind in Chinese; at least one person."""
    found = row("visits", place="示例村", kind="其他（村、社区等）", people=3.0)
    assert (found.place, found.kind, found.people, found.findings) == ("示例村", "other", 3, None)
    assert refused("visits", people=0) == ["people"]
    assert refused("visits", kind="公司") == ["kind"]


def test_a_measure_row_has_a_note_of_four_fields_or_none() -> None:
    """A note begins with what was done."""
    assert row("measures", next="培训").note() is None
    found = row("measures", done="已印发", next="培训", problem="人手", support="经费", state="推进中", became="制度")
    assert found.note() == c.Progress(done="已印发", next="培训", problem="人手", support="经费")
    assert (found.state, found.became) == ("working", "regulation")


POSTS = some.text(some.sampled_from("处长副厅组员甲乙丙"), min_size=1, max_size=12)
UNITS = some.none() | some.from_regex(r"[A-Z][0-9]{3}(-B[0-9]{2})?", fullmatch=True)


@given(some.lists(some.builds(c.Member, post=POSTS, count=some.integers(1, 1000), unit=UNITS), max_size=30))
def test_a_group_reads_back_as_it_was_written(group: list[c.Member]) -> None:
    """What the export tells is what the import takes."""
    assert TypeAdapter(Group).validate_python(group_told(group)) == group


@pytest.mark.parametrize("kind", list(c.SHEETS))
def test_a_filled_sheet_is_read_again(kind: str) -> None:
    """The columns that go out are those that come in; a formula stays text."""
    told = {"topics": TOPIC, "visits": VISIT, "measures": MEASURE}[kind]
    (found,) = read(c.SHEETS[kind], filled(c.SHEETS[kind], [{**told, "title": "=1+1"}])).rows
    assert {key: value for key, value in found.items() if value != ""} == {**told, "title": "=1+1", "_row": 2}


def test_units_that_a_sheet_only_names_are_not_those_it_acts_for() -> None:
    """A visit to a unit, or a measure that it owns, gives no right to write for it."""
    for sheet in c.SHEETS.values():
        assert sheet.units == ("unit",)
        assert sheet.named
        assert set(sheet.named) <= {column.key for column in sheet.columns}
