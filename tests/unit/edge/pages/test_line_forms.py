"""Lines of a form: what is there and has no column stays, what is ticked off goes, what is new gets a key."""

from __future__ import annotations

from typing import Any

from services.edge.pages.line_forms import FORMS, NEW, read_lines

KNOWN: list[dict[str, Any]] = [
    {"key": "a", "title": "主题党日", "kind": "theme_day", "number": 1, "since": "2026-03", "due": "2026-03-31"},
    {"key": "b", "title": "党课", "kind": "lecture", "number": 1, "since": "2026-01", "due": "2026-03-31"},
    {"key": "c", "title": "观看专题片", "kind": None, "number": 1, "since": None, "due": None},
]
TYPED = {f"{place}-{name}": str(line[name]) for place, line in enumerate(KNOWN) for name in ("title", "number")}


def test_lines_keep_what_has_no_column_and_lose_what_is_emptied() -> None:
    """The key and the month since which it counts stay; a date and a kind that were emptied are gone."""
    lines, places = read_lines(FORMS["notice"], KNOWN[:1], {"0-title": "主题党日（改）", "0-number": "1"})
    assert lines == [{"key": "a", "since": "2026-03", "title": "主题党日（改）", "number": "1"}]
    assert places == [0]


def test_a_line_ticked_off_is_left_out_and_the_others_know_their_places() -> None:
    """So that what is wrong with the body's second line is said beside the form's third."""
    lines, places = read_lines(FORMS["notice"], KNOWN, {**TYPED, "1-gone": "1", "4-title": "走访慰问"})
    assert [line["title"] for line in lines] == ["主题党日", "观看专题片", "走访慰问"]
    assert places == [0, 2, 4]
    assert lines[2]["key"] not in {"a", "b", "c"}


def test_empty_lines_of_a_new_plan_are_none() -> None:
    """A form sent as it came asks for nothing; a line of which anything is typed is there, and its rest is missing."""
    assert read_lines(NEW, [], {}) == ([], [])
    assert read_lines(NEW, [], {"2-number": "3"}) == ([{"number": "3"}], [2])
