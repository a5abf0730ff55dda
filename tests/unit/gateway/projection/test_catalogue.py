"""The catalogue: closed, described, and complete for what the contracts tell."""

from typing import get_args

import pytest

from services import registry
from services.gateway.projection import GRAINS, METRICS, RATES, SOURCES, by_subject, key, stored
from services.hotline import contract as hotline
from services.registry import SERVICES
from services.study import contract as study
from tests.unit.gateway.projection.test_contributions import payloads

EVENTS = {f"{service.source}.{kind.type}" for service in SERVICES for kind in payloads(service.contract)}


@pytest.mark.parametrize("id", METRICS)
def test_a_metric_is_described_and_its_sources_exist(id: str) -> None:
    """Name, measure, what counts; every source is an event that a contract tells; grains only for distinct counts."""
    metric = METRICS[id]
    assert metric.id == id
    assert metric.name
    assert metric.measure
    assert metric.counts
    assert set(metric.sources) <= EVENTS
    assert bool(metric.grains) == (metric.sort == "distinct")


@pytest.mark.parametrize("id", RATES)
def test_a_rate_is_made_of_metrics(id: str) -> None:
    """A rate names the metrics that it divides, and no id serves twice."""
    assert set(RATES[id].of) <= METRICS.keys()
    assert id not in METRICS


def test_every_figure_that_the_hotline_counts_is_a_metric() -> None:
    """What a ticket may count is in the catalogue."""
    figures = get_args(hotline.Counted.model_fields["figure"].annotation)
    assert {f"hotline.{figure}" for figure in figures} == {id for id in METRICS if id.startswith("hotline.")}
    assert {f"study.sessions.{way}" for way in study.Way} == {id for id in METRICS if id.startswith("study.sessions.")}
    assert set(registry.SOURCES) == SOURCES


def test_keys() -> None:
    """A distinct count is kept under its grain; no key has a dot where a dot would be a path."""
    assert key("study.essays") == "study.essays"
    assert stored(key("study.units_covered", "month")) == "study:units_covered@month"
    assert stored(key("study.pairs", tag="v1.2")) == "study:pairs#v1:2"


def test_a_distinct_count_knows_its_windows() -> None:
    """Of the windows that a span is, one of the metric's grains; a flow has none."""
    assert METRICS["study.units_covered"].window({"quarter"}) == "quarter"
    assert METRICS["study.units_covered"].window(set()) is None
    assert METRICS["study.essays"].window(set(GRAINS)) is None


G5 = """
study.sessions.leadership study.sessions.branch study.sessions.youth study.sessions.self study.notices
study.notice_items.due study.notice_items.done study.essays study.lectures study.copies study.attendance.due
study.attendance.present study.attendance.excused study.attendance.absent study.members_due study.members_covered
study.units_covered study.pairs study.pair_activities study.contests study.contest_entries study.central_units_joined
study.provincial_units_joined research.topics research.groups research.visits research.units_visited.department
research.units_visited.central research.units_visited.institution research.units_visited.enterprise research.measures
research.measures_settled hotline.tickets hotline.questions_answered hotline.problems_solved hotline.callbacks.valid
hotline.callbacks.responded hotline.callbacks.solved hotline.callbacks.satisfied hotline.callbacks.basically
hotline.overdue study.coverage study.attendance_rate hotline.response_rate hotline.solution_rate
hotline.satisfaction_rate hotline.composite_rate
"""
"""The domain's table of figures, as far as the services that are there can give them."""


@pytest.mark.parametrize("id", G5.split())
def test_what_the_work_summary_needs_has_an_entry(id: str) -> None:
    """Every figure of the domain's table, by the id that is its interface."""
    assert id in METRICS or id in RATES


def test_metrics_by_the_records_that_they_count() -> None:
    """Each under every kind of record of its sources: of every part, or of those that say what it asks for."""
    found = by_subject(METRICS.values())
    assert [metric.id for metric in found["study.pair"].always] == ["study.pairs"]
    assert [metric.id for metric in found["study.joining"].of({"side": "central"})] == ["study.central_units_joined"]
    with pytest.raises(ValueError, match="eastern"):
        found["study.joining"].of({"side": "eastern"})
