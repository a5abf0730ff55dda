"""What each kind of event adds to the figures."""

import re
from datetime import date
from typing import Any

import pytest

from services.gateway.projection import GRAINS, METRICS, Contribution, Metric, by_subject, facts
from services.hotline import contract as hotline
from services.kernel.message.event import Event, Payload
from services.registry import SERVICES
from services.study import contract as study
from tests.unit.gateway.owners import event

DAY, UNIT = "2026-03-05", "D001-B01"


def payloads(module: Any) -> list[type[Payload]]:
    """Every event that a contract tells of, but for the bases they share."""
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Payload)]
    return [kind for kind in kinds if "type" in vars(kind)]


def told(payload: Payload, service: str = "study") -> Event:
    return event(service, "r1", 1, payload, 1)


EXAMPLES = [
    (service.source, kind.model_validate(example))
    for service in SERVICES
    if service.source != "gateway"  # its own are counted by hand
    for kind in payloads(service.contract)
    for example in kind.examples
]


@pytest.mark.parametrize(("service", "payload"), EXAMPLES, ids=[payload.type for _, payload in EXAMPLES])
def test_every_committed_example_is_understood(service: str, payload: Payload) -> None:
    """The contracts' own examples contribute to metrics of the catalogue, from events that it names as sources."""
    happened = told(payload, service)
    for contribution in facts(happened):
        assert happened.type.removeprefix("shengzhi.") in METRICS[re.split("[@#]", contribution.key)[0]].sources


def test_a_submitted_session_counts_itself_and_its_people() -> None:
    """One of its way, and four attendance figures."""
    counted = study.Counted(
        unit=UNIT, day=date(2026, 3, 5), way=study.Way.youth, due=20, present=17, excused=2, absent=1
    )
    happened = told(study.SessionSubmitted(unit=UNIT, day=date(2026, 3, 5), title="学习", now=counted))
    assert set(facts(happened)) == {
        Contribution("study.sessions.youth", UNIT, DAY, 1),
        Contribution("study.attendance.due", UNIT, DAY, 20),
        Contribution("study.attendance.present", UNIT, DAY, 17),
        Contribution("study.attendance.excused", UNIT, DAY, 2),
        Contribution("study.attendance.absent", UNIT, DAY, 1),
    }


def test_a_correction_contributes_the_difference_alone() -> None:
    """What stays the same is not said again; what moved to another day leaves the old one."""
    example = study.SessionCorrected.examples[0]
    happened = told(study.SessionCorrected.model_validate(example))
    assert set(facts(happened)) == {
        Contribution("study.attendance.due", UNIT, DAY, 1),
        Contribution("study.attendance.present", UNIT, DAY, 1),
    }
    moved = {**example, "now": {**example["was"], "day": "2026-04-01"}}
    amounts = {(part.key, part.day): part.amount for part in facts(told(study.SessionCorrected.model_validate(moved)))}
    assert amounts["study.sessions.branch", DAY] == -1
    assert amounts["study.sessions.branch", "2026-04-01"] == 1


def test_a_dispatch_moves_the_ticket_to_its_handler() -> None:
    """The desk counts it no more; the unit that handles it does, on the day of receipt."""
    happened = told(hotline.TicketDispatched.model_validate(hotline.TicketDispatched.examples[0]), "hotline")
    assert sorted((part.unit, part.day, part.amount) for part in facts(happened)) == [
        ("D001", DAY, -1),
        ("D002", DAY, 1),
    ]


def test_coverage_contributes_its_flips_each_under_its_grain() -> None:
    """First in the month and the quarter, gone from neither year nor campaign."""
    flips = [
        study.Flip(grain=grain, window="w", day=date(2026, 3, 5), was=was, now=1 - was)
        for grain, was in zip(GRAINS, (0, 0, 1, 1), strict=True)
    ]
    happened = told(
        study.CoverageCounted(
            unit=UNIT, day=date(2026, 3, 9), campaign="C1", month="2026-03", was=0, now=1, flips=flips
        )
    )
    assert [(part.key.split("@")[1], part.day, part.amount) for part in facts(happened)] == [
        ("month", DAY, 1),
        ("quarter", DAY, 1),
        ("year", DAY, -1),
        ("campaign", DAY, -1),
    ]


def test_what_counts_nothing_contributes_nothing() -> None:
    """A kind of event that the projection does not know is no error: consumers ignore what they do not know."""
    known = told(study.SessionHeld.model_validate(study.SessionHeld.examples[0]))
    assert facts(known) == []
    unknown = known.model_copy(update={"type": "shengzhi.census.visit.made.v1", "data": {"now": {"unit": UNIT}}})
    assert facts(unknown) == []


def test_a_figure_that_no_catalogue_has_is_refused() -> None:
    """An event that names an unknown figure is for a person to see, not to be counted silently."""
    happened = told(hotline.TicketAnswered.model_validate(hotline.TicketAnswered.examples[0]), "hotline")
    strange = {**happened.data, "now": [{"figure": "smiles", "unit": UNIT, "day": DAY, "amount": 1}]}
    with pytest.raises(ValueError, match=r"hotline\.smiles"):
        facts(happened.model_copy(update={"data": strange}))


def test_a_way_that_no_figure_counts_is_refused() -> None:
    """Its people are counted, itself would not be: that is for a person to see, too."""
    happened = told(study.SessionSubmitted.model_validate(study.SessionSubmitted.examples[0]))
    part = {**happened.data["now"], "way": "by_post"}
    with pytest.raises(ValueError, match="by_post"):
        facts(happened.model_copy(update={"data": {**happened.data, "now": part}}))


@pytest.mark.parametrize("kind", ["session.submitted", "coverage.counted"])
def test_a_version_that_nobody_has_read_yet_is_refused(kind: str) -> None:
    """What a later version means by the same words is not known: it is for a person to see, not to be counted."""
    happened = told(study.SessionSubmitted.model_validate(study.SessionSubmitted.examples[0]))
    with pytest.raises(ValueError, match="only v1"):
        facts(happened.model_copy(update={"type": f"shengzhi.study.{kind}.v2"}))


def test_adding_a_figure_is_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was excused in youth study, counted from the events that are there, by its entry alone."""
    entry = Metric(
        "study.youth_excused",
        "精学请假人次",
        "人次",
        "精学活动的请假",
        ("study.session.submitted.v1",),
        where={"way": "youth"},
        amount="excused",
    )
    monkeypatch.setitem(METRICS, entry.id, entry)
    counted = study.Counted(
        unit=UNIT, day=date(2026, 3, 5), way=study.Way.youth, due=20, present=17, excused=2, absent=1
    )
    happened = told(study.SessionSubmitted(unit=UNIT, day=date(2026, 3, 5), title="学习", now=counted))
    assert Contribution(entry.id, UNIT, DAY, 2) in facts(happened, by_subject(METRICS.values()))
    of_branch = counted.model_copy(update={"way": study.Way.branch})
    happened = told(study.SessionSubmitted(unit=UNIT, day=date(2026, 3, 5), title="学习", now=of_branch))
    assert entry.id not in {part.key for part in facts(happened, by_subject(METRICS.values()))}


def test_a_tagged_record_counts_by_each_of_its_tags_too() -> None:
    """Beside the figure itself; what loses a tag leaves that tag's figure alone."""
    part = {"figure": "pairs", "unit": UNIT, "day": DAY, "amount": 1}
    example = {**study.PairRecorded.examples[0], "now": [{**part, "tags": ["建在链上", "F1"]}]}
    happened = told(study.PairRecorded.model_validate(example))
    assert set(facts(happened)) == {
        Contribution(key, UNIT, DAY, 1) for key in ("study.pairs", "study.pairs#建在链上", "study.pairs#F1")
    }
    parts = {"was": [{**part, "tags": ["F1", "F2"]}], "now": [{**part, "tags": ["F2"]}]}
    corrected = told(study.PairCorrected.model_validate({**study.PairCorrected.examples[0], **parts}))
    assert facts(corrected) == [Contribution("study.pairs#F1", UNIT, DAY, -1)]
