"""Pairs and their activities: each counts once, and whoever took part has joined while an activity stands."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Payload
from services.kernel.rules.recount import counted_once
from services.organisation.contract import UnitKind
from services.study import contract as c
from services.study.domain import ACTIVITY, JOINING, PAIR, Pair, Session
from services.study.domain.activity import check_pair, check_session
from services.study.domain.activity import counted as activity_counted
from services.study.domain.counted import joining
from services.study.domain.pair import check_side
from services.study.domain.pair import counted as pair_counted
from services.study.service.reports import followed
from tests.unit.study.records import DAY, NOW, SPRING, SUMMER, MemoryWork

PAIRED: dict[str, Any] = {"unit": "D1", "day": DAY, "title": "助企", "central": "Z1", "provincial": "D1", "number": "1"}
HELD: dict[str, Any] = {"unit": "Z1", "day": DAY, "title": "联学", "pair": "p", "central": "Z1", "provincial": "D1"}
DAYS = (date(2026, 1, 9), date(2026, 3, 30), date(2026, 4, 15), date(2026, 4, 16), date(2026, 6, 3))


def pair(*commands: Command) -> Pair:
    """A pair after these commands."""
    state: Pair | None = None
    for command in commands:
        for event in PAIR.decide(state, command, NOW):
            state = PAIR.evolve(state, event)
    assert state is not None
    return state


RECORDED = c.RecordPair(**PAIRED, id="p")


def corrected(**fields: Any) -> c.CorrectPair:
    """The same pair said anew."""
    return c.CorrectPair(**{**PAIRED, "id": "p", "reason": "有误", **fields})


def test_a_pair_counts_while_it_lasts() -> None:
    """One more on its first day, one less on the day after its last; nothing while given back or void."""
    ended = pair(RECORDED, corrected(last=date(2026, 6, 30)))
    assert [(part.day, part.amount) for part in pair_counted(ended)] == [(DAY, 1), (date(2026, 7, 1), -1)]
    returned = pair(RECORDED, c.ReturnPair(id="p", reason="缺主题"))
    assert (returned.state, pair_counted(returned)) == ("returned", [])
    assert pair_counted(pair(RECORDED, c.VoidPair(id="p", reason="误报"))) == []


def test_a_returned_pair_is_reported_again_by_its_correction() -> None:
    """Even where nothing in it changes; a second return is refused."""
    returned = pair(RECORDED, c.ReturnPair(id="p", reason="缺主题"))
    (event,) = PAIR.decide(returned, corrected(), NOW)
    assert isinstance(event, c.PairCorrected)
    assert (event.was, len(event.now)) == ([], 1)
    assert PAIR.decide(pair(RECORDED), corrected(), NOW) == []
    with pytest.raises(DomainError, match=r"pair\.not_reported"):
        PAIR.decide(returned, c.ReturnPair(id="p", reason="又退"), NOW)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"last": date(2026, 1, 1)}, "pair.days_out_of_order"),
        ({"unit": "D2"}, "pair.unit_outside"),
        ({"central": "Z2", "unit": "D1"}, "pair.units_fixed"),
        ({"number": "2"}, "pair.number_fixed"),
        ({"unit": "Z1"}, "pair.unit_fixed"),
        ({"day": date(2027, 1, 1)}, "day.in_future"),
    ],
)
def test_a_pair_is_refused_what_cannot_be(fields: dict[str, Any], code: str) -> None:
    """Days in order, one of the two reports it, and its two units stay."""
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        PAIR.decide(pair(RECORDED), corrected(**fields), NOW)


@pytest.mark.parametrize(
    ("side", "kind", "code"),
    [
        ("central", None, "pair.unit_unknown"),
        ("central", UnitKind.department, "pair.kind_mismatch"),
        ("provincial", UnitKind.central, "pair.kind_mismatch"),
        ("provincial", UnitKind.branch, "pair.kind_mismatch"),
    ],
)
def test_each_side_is_of_its_kinds(side: c.Side, kind: UnitKind | None, code: str) -> None:
    """A central unit on one side, a unit of the province on the other."""
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        check_side(side, "X1", kind)
    check_side("central", "Z1", UnitKind.central)
    check_side("provincial", "E1", UnitKind.enterprise)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"unit": "D2"}, "activity.lead_outside"),
        ({"day": date(2026, 3, 1)}, "activity.day_outside"),
        ({"day": date(2026, 7, 1)}, "activity.day_outside"),
    ],
)
def test_an_activity_lies_within_its_pair(fields: dict[str, Any], code: str) -> None:
    """Led by one of the two, on a day of the pair, which must stand."""
    content = c.ActivityContent(**{**{k: v for k, v in HELD.items() if k not in ("central", "provincial")}, **fields})
    ended = pair(RECORDED, corrected(last=date(2026, 6, 30)))
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        check_pair(ended, content)
    for gone in (None, pair(RECORDED, c.VoidPair(id="p", reason="误报"))):
        with pytest.raises(DomainError, match=r"activity\.pair_unknown"):
            check_pair(gone, content)


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({}, ["R", "D1"], "activity.session_unknown"),
        ({"state": c.SessionState.draft}, ["R", "Z1"], "activity.session_unknown"),
        ({"state": c.SessionState.void}, ["R", "Z1"], "activity.session_unknown"),
        ({"form": c.Form.group_study}, ["R", "Z1"], "activity.session_differs"),
        ({"day": date(2026, 3, 6)}, ["R", "Z1", "Z1-B1"], "activity.session_differs"),
    ],
)
def test_the_session_of_an_activity_is_the_leading_units_joint_study_of_that_day(
    fields: dict[str, Any], path: list[str], code: str
) -> None:
    """Of the leading unit or of one below it, held, of the form of joint study, on the same day."""
    content = c.ActivityContent(**{k: v for k, v in HELD.items() if k not in ("central", "provincial")})
    told = {"unit": path[-1], "day": DAY, "way": "youth", "form": "joint_study", "title": "联学", "due": 9}
    session = Session.model_validate({**told, "absences": [], "number": None, "state": "held"})
    assert check_session(session, content, ["R", "Z1", "Z1-B1"]) == session
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        check_session(session.model_copy(update=fields), content, path)
    with pytest.raises(DomainError, match=r"activity\.session_unknown"):
        check_session(None, content, [])


def test_an_activity_stays_with_its_pair() -> None:
    """No correction moves it."""
    work = MemoryWork({})
    followed(work.as_work(), ACTIVITY, "a", c.RecordActivity(**HELD, id="a"))
    with pytest.raises(DomainError, match=r"activity\.pair_fixed"):
        followed(work.as_work(), ACTIVITY, "a", c.CorrectActivity(**{**HELD, "pair": "q"}, id="a", reason="有误"))


STEP = some.tuples(
    some.sampled_from(["record", "correct", "return", "void"]),
    some.integers(0, 3),
    some.sampled_from([("Z1", "D1"), ("Z1", "D2"), ("Z2", "D1")]),
    some.sampled_from(DAYS),
)


def command(verb: str, number: int, units: tuple[str, str], day: date) -> Command:
    """What is asked of activity `number`, which belongs to the pair of its first two units for good."""
    id = f"a{number}"
    told = {**HELD, "unit": units[number % 2], "day": day, "central": units[0], "provincial": units[1]}
    told["pair"] = "-".join(units)
    match verb:
        case "record":
            return c.RecordActivity(**told, id=id)
        case "correct":
            return c.CorrectActivity(**told, id=id, reason="有误")
        case "return":
            return c.ReturnActivity(id=id, reason="不全")
    return c.VoidActivity(id=id, reason="误报")


@settings(max_examples=200)
@given(some.lists(STEP, max_size=30))
def test_whatever_comes_in_whatever_order_the_events_say_what_stands(steps: list[Any]) -> None:
    """Recorded, corrected, returned, voided in any order: the events add up to a direct count over what stands."""
    work = MemoryWork({})
    for step in steps:
        asked = command(*step)
        try:
            followed(work.as_work(), ACTIVITY, f"a{step[1]}", asked)
        except DomainError:
            continue
    sums: Counter[tuple[str, str, date]] = Counter()
    joins: Counter[tuple[str, str, str]] = Counter()
    for entry in work.entries:
        _fold(entry, sums, joins)
    stands = Counter(
        (part.figure, part.unit, part.day) for state in work.of(ACTIVITY) for part in activity_counted(state)
    )
    assert {place: n for place, n in sums.items() if n} == stands
    reached = [
        each for state in work.of(ACTIVITY) for side in c.SIDES for each in joining(side)(state, [SPRING, SUMMER])
    ]
    assert {place: n for place, n in joins.items() if n} == counted_once(reached)
    assert {joined.unit for joined in work.of(JOINING)} >= {place[1] for place, _, _ in reached}


def _fold(entry: Payload, sums: Counter[Any], joins: Counter[Any]) -> None:
    """What a subscriber makes of an event."""
    if isinstance(entry, c.JoiningCounted):
        for flip in entry.flips:
            key = f"study.{entry.side}_units_joined@{flip.grain}"
            joins[key, entry.unit, flip.day.isoformat()] += flip.now - flip.was
        return
    for sign, parts in ((-1, getattr(entry, "was", [])), (1, getattr(entry, "now", []))):
        for part in parts:
            sums[part.figure, part.unit, part.day] += sign * part.amount
