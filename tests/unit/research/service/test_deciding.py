"""Figures follow the records, whatever comes, moves and is taken back, and in whatever order."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.gateway.projection import facts
from services.kernel.message.errors import DomainError
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.recount import counted_once
from services.research import contract as c
from services.research.domain import MEASURE, PLACE, TOPIC, VISIT, Measure, Topic, Visit
from services.research.domain.counted import COUNTED, VISITED, visited
from services.research.service.deciding import decided, warnings
from tests.unit.gateway.owners import event
from tests.unit.research.records import MEASURE_CONTENT, VISIT_CONTENT, frame
from tests.unit.study.records import SPRING, SUMMER, MemoryWork

PATHS = {"D1": ["P", "D1"], "D2": ["P", "D2"], "D2-B1": ["P", "D2", "D2-B1"], "S1": ["P", "S1"]}
DAYS = [date(2026, 3, 5), date(2026, 3, 31), date(2026, 4, 20), date(2026, 5, 6)]
AIMS: list[dict[str, Any]] = [
    {"visited": "D2", "kind": "department", "counts_as": "D2"},
    {"visited": "D2-B1", "kind": "department", "counts_as": "D2"},
    {"visited": "S1", "kind": "institution", "counts_as": "S1"},
    {"visited": None, "place": "示例公司", "kind": "enterprise", "counts_as": None},
    {"visited": None, "place": "示例 公司", "kind": "enterprise", "counts_as": None},
    {"visited": None, "place": "示例村", "kind": "other", "counts_as": None},
]
Step = tuple[str, int, int, int, int]
VERBS = (
    *("visit", "correct_visit", "void_visit", "measure", "correct_measure", "note", "submit", "settle", "return"),
    *("void_measure", "correct_topic", "void_topic"),
)
steps = some.lists(
    some.tuples(
        some.sampled_from(VERBS), some.integers(0, 3), some.integers(0, 1), some.integers(0, 3), some.integers(0, 5)
    ),
    max_size=40,
)


class Records:
    """Two surveyed topics and what is asked of them, with every event that follows."""

    def __init__(self) -> None:
        self.work = MemoryWork(dict(PATHS))
        for id in ("t0", "t1"):
            self.decide(TOPIC, id, frame(id=id))
            self.decide(TOPIC, id, c.SubmitOutline(id=id, outline="座谈"))
            self.decide(TOPIC, id, c.ApproveOutline(id=id))

    def decide(self, aggregate: Aggregate[Any], id: str, command: Any) -> Any:
        """Decide a command with all that belongs to it."""
        return decided(self.work.as_work(), aggregate, id, command)

    def ask(self, verb: str, number: int, topic: int, day: int, aim: int) -> None:
        """Ask one thing of one record.

        Raises:
            DomainError: the rules refuse it.
        """
        place = {"day": DAYS[day], "topic": f"t{topic}"}
        visit = {**VISIT_CONTENT, **place, **AIMS[aim], "id": f"v{number}"}
        measure = {**MEASURE_CONTENT, **place, "owner": ("D2", "S1")[aim % 2], "id": f"m{number}"}
        again = {"reason": "有误"}
        asked: dict[str, tuple[Aggregate[Any], Any]] = {
            "visit": (VISIT, lambda: c.RecordVisit(**visit)),
            "correct_visit": (VISIT, lambda: c.CorrectVisit(**visit, **again)),
            "void_visit": (VISIT, lambda: c.VoidVisit(id=f"v{number}", **again)),
            "measure": (MEASURE, lambda: c.RecordMeasure(**measure)),
            "correct_measure": (MEASURE, lambda: c.CorrectMeasure(**measure, **again)),
            "note": (MEASURE, lambda: c.NoteProgress(id=f"m{number}", progress=c.Progress(done="已办"))),
            "submit": (MEASURE, lambda: c.SubmitMeasure(id=f"m{number}")),
            "settle": (MEASURE, lambda: c.SettleMeasure(id=f"m{number}", day=DAYS[day])),
            "return": (MEASURE, lambda: c.ReturnMeasure(id=f"m{number}", **again)),
            "void_measure": (MEASURE, lambda: c.VoidMeasure(id=f"m{number}", **again)),
            "correct_topic": (TOPIC, lambda: c.CorrectTopic(**_topic(f"t{topic}", day, aim), **again)),
            "void_topic": (TOPIC, lambda: c.VoidTopic(id=f"t{topic}", **again)),
        }
        aggregate, command = asked[verb]
        made = command()
        self.decide(aggregate, made.id, made)

    @classmethod
    def after(cls, asked: list[Step]) -> Records:
        """What there is after all of it was asked; what the rules refuse changes nothing."""
        records = cls()
        for step in asked:
            before = len(records.work.entries)
            try:
                records.ask(*step)
            except DomainError:
                assert len(records.work.entries) == before
        return records

    def told(self) -> Counter[tuple[str, str, str]]:
        """The facts' contributions, by key, unit and day."""
        sums: Counter[tuple[str, str, str]] = Counter()
        for number, payload in enumerate(self.work.entries):
            for key, unit, day, amount in facts(event("research", "r", 1, payload, number)):
                sums[key, unit, day] += amount
        return sums


def _topic(id: str, day: int, aim: int) -> dict[str, Any]:
    group = [{"post": "处长"}] if aim % 2 else []
    return frame(id=id, day=DAYS[day], group=group).model_dump(exclude={"row"})


@settings(max_examples=75)
@given(steps)
def test_figures_are_what_the_records_count_in_the_end(asked: list[Step]) -> None:
    """By metric, unit and day the events add up to a direct count of the records as they stand."""
    records = Records.after(asked)
    counted: Counter[tuple[str, str, str]] = Counter()
    for kind in COUNTED:
        for state in records.work.of(kind.aggregate):
            counted.update(kind.count(state))
    told = {place: n for place, n in records.told().items() if n and not place[0].startswith(VISITED)}
    assert {place: n for place, n in counted.items() if n} == told


@settings(max_examples=75)
@given(steps)
def test_a_unit_is_visited_once_in_a_campaign(asked: list[Step]) -> None:
    """For each different thing that visits which stand went to, on the day of the first of these; counted by hand."""
    records = Records.after(asked)
    told = Counter({place: n for place, n in records.told().items() if n and place[0].startswith(VISITED)})
    first: dict[tuple[str, str, str], tuple[str, str]] = {}
    for state in sorted(records.work.of(VISIT), key=lambda each: each.day):
        if state.state == "recorded" and state.kind != "other":
            campaign = "C1" if state.day <= SPRING.last else "C2"
            thing = state.counts_as if state.visited else state.place.replace(" ", "")
            place = "P" if state.place else state.counts_as, state.day.isoformat()
            first.setdefault((f"{VISITED}.{state.kind}@campaign", campaign, thing), place)
    by_hand = Counter((key, *place) for (key, _, _), place in first.items())
    assert told == by_hand
    audited = [found for state in records.work.of(VISIT) for found in visited(state, [SPRING, SUMMER])]
    assert counted_once(audited) == by_hand


@settings(max_examples=75)
@given(steps)
def test_a_topic_knows_what_it_has(asked: list[Step]) -> None:
    """So many visits, and so many measures in each state, as stand under it; and places as many visits as they got."""
    records = Records.after(asked)
    visits: list[Visit] = [each for each in records.work.of(VISIT) if each.state == "recorded"]
    measures: list[Measure] = [each for each in records.work.of(MEASURE) if each.state != "void"]
    for id in ("t0", "t1"):
        topic: Topic = records.work.get(TOPIC, id)
        assert topic.visits == sum(each.topic == id for each in visits)
        assert topic.measures == Counter(each.state for each in measures if each.topic == id)
    assert sum(sum(place.counts.values()) for place in records.work.of(PLACE)) == len(visits)


def test_a_unit_with_too_many_visits_in_a_month_is_warned_of() -> None:
    """The one after the limit says so; it is recorded all the same."""
    records = Records()
    found = []
    for number, day in enumerate((2, 3, 4, 5)):
        told = {**VISIT_CONTENT, "topic": "t0", "day": date(2026, 3, day), "id": f"v{number}"}
        visit = records.decide(VISIT, f"v{number}", c.RecordVisit(**told))
        found.append([each["code"] for each in warnings(records.work.as_work(), visit)])
    assert found == [[], [], [], ["visit.crowded"]]


def test_free_text_loses_its_numbers_before_it_becomes_an_event() -> None:
    """Titles, outlines, notes: whatever travels."""
    records = Records()
    told = {**MEASURE_CONTENT, "topic": "t0", "title": "请联系 13900001111", "id": "m0"}
    assert "139" not in records.decide(MEASURE, "m0", c.RecordMeasure(**told)).title
    note = c.NoteProgress(id="m0", progress=c.Progress(done="已办", problem="致电 13900001111 无人接听"))
    assert "139" not in records.decide(MEASURE, "m0", note).progress.problem
    assert not [entry for entry in records.work.entries if "13900001111" in entry.model_dump_json()]


def test_a_day_outside_every_campaign_is_taken() -> None:
    """A visit, a measure; what was visited counts in no campaign, and is counted with the month all the same."""
    records = Records()
    early = date(2025, 12, 31)
    for aggregate, command in (
        (VISIT, c.RecordVisit(**{**VISIT_CONTENT, "topic": "t0", "day": early, "id": "v0"})),
        (MEASURE, c.RecordMeasure(**{**MEASURE_CONTENT, "topic": "t0", "day": early, "id": "m0"})),
    ):
        records.decide(aggregate, command.id, command)
    (place,) = records.work.of(PLACE)
    assert (place.counts, place.days) == ({"2025-12-31 - -": 1}, {})
    records.decide(VISIT, "v0", c.VoidVisit(id="v0", reason="重复登记"))
    assert records.work.of(PLACE)[0].counts == {}


def test_what_is_there_can_be_mended_when_its_topic_has_gone_on() -> None:
    """A visit's people are corrected though its topic is closed to new ones, or its unit cooperates no more."""
    records = Records()
    told = {**VISIT_CONTENT, "topic": "t0", "id": "v0", "unit": "D2", **AIMS[2]}
    topic = frame(id="t0", cooperating=["D2"]).model_dump(exclude={"row"})
    records.decide(TOPIC, "t0", c.CorrectTopic(**topic, reason="增加协作单位"))
    records.decide(VISIT, "v0", c.RecordVisit(**told))
    records.decide(TOPIC, "t0", c.CorrectTopic(**{**topic, "cooperating": []}, reason="协作结束"))
    assert records.decide(VISIT, "v0", c.CorrectVisit(**{**told, "people": 9}, reason="人数有误")).people == 9
    with pytest.raises(DomainError, match=r"topic\.unknown"):
        records.decide(VISIT, "v1", c.RecordVisit(**{**told, "id": "v1"}))
