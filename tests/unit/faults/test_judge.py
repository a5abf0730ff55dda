"""The judge: what is whole passes, and each planted fault is found as what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults import judge


@pytest.mark.parametrize(
    ("asked", "acknowledged", "effects", "found"),
    [
        (["a", "b"], ["a"], ["a"], []),
        (["a", "b"], ["a"], ["a", "b"], []),
        (["a"], ["a"], [], ["lost: a was acknowledged"]),
        (["a"], [], ["a", "a"], ["doubled: a took effect 2 times"]),
        (["a"], [], ["b"], ["invented: nobody asked for b"]),
    ],
)
def test_acknowledged_is_done_and_done_was_asked(
    asked: list[str], acknowledged: list[str], effects: list[str], found: list[str]
) -> None:
    """What was acknowledged is there once; what was not acknowledged may be there; nothing else is."""
    assert [str(finding) for finding in judge.commands(asked, acknowledged, effects)] == found


@pytest.mark.parametrize(
    ("version", "entries", "found"),
    [
        (2, [2, 1], []),
        (2, [2], ["lost: r has no event 1"]),
        (1, [1, 1], ["doubled: r has event 1 2 times"]),
        (1, [1, 2], ["invented: r is at version 1, event 2"]),
    ],
)
def test_a_record_has_exactly_its_events(version: int, entries: list[int], found: list[str]) -> None:
    """A version without its event, an event twice and an event without its version are found."""
    assert [str(finding) for finding in judge.versions({"r": version}, [("r", n) for n in entries])] == found


@pytest.mark.parametrize(
    ("taken", "aside", "found"),
    [
        (["a", "b"], [], []),
        (["a"], ["b"], []),
        (["a", "b"], ["b"], []),
        (["a"], [], ["lost: s never had b"]),
        (["a", "b", "a"], [], ["doubled: s had a 2 times"]),
        (["a", "b", "c"], [], ["invented: s had c, which never happened"]),
    ],
)
def test_each_event_takes_effect_once_or_is_set_aside(taken: list[str], aside: list[str], found: list[str]) -> None:
    """Every event is taken once or set aside."""
    assert [str(finding) for finding in judge.deliveries("s", ["a", "b"], taken, aside)] == found


@given(st.permutations(range(1, 5)), st.lists(st.integers(1, 4)))
def test_only_first_sendings_must_be_in_order(first: list[int], again: list[int]) -> None:
    """In whatever order versions are sent again, only an inverted first sending is found."""
    inverted = judge.order([("r", n) for n in [*first, *again]])
    assert bool(inverted) == (first != sorted(first))
    assert {finding.kind for finding in inverted} <= {"inverted"}


def test_a_version_is_no_more_published_than_the_one_below_it() -> None:
    """A published version above an unpublished one is found, and so is what stays unpublished."""
    entries = [("r", 2, True), ("r", 1, False), ("q", 1, True), ("q", 2, False)]
    assert [str(finding) for finding in judge.marks(entries)] == ["inverted: r: 2 counts as published before 1"]
    assert [str(finding) for finding in judge.drained(entries)] == ["unpublished: r 1", "unpublished: q 2"]
