"""What may be issued, and what a number stands for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.gateway.contract import IssueReport
from services.gateway.domain.report import PlaceReport, Report, decide, evolve, parts, report_id
from services.kernel.message.errors import DomainError

NOW = datetime(2026, 4, 7, 17, tzinfo=UTC)
"""Already 8 April where business days begin."""
ID = report_id("D001", "一号")


def placed(as_of: datetime | None = NOW, **change: Any) -> PlaceReport:
    told: dict[str, Any] = {"title": "通报", "first": date(2026, 3, 1), "last": date(2026, 4, 8), **change}
    asked = IssueReport(id=ID, unit="D001", number="一号", **told)
    return PlaceReport(asked=asked, as_of=as_of, figures={"study.essays": 3, "study.coverage": None}, digest="d")


def issued() -> Report:
    (event,) = decide(None, placed(), NOW)
    assert (event.day, event.digest) == (date(2026, 4, 8), "d")
    assert event.figures == {"study.essays": 3, "study.coverage": None}
    return evolve(None, event)


def test_a_report_bears_the_business_day_on_which_it_is_issued() -> None:
    """Its unit alone has a part in it."""
    report = issued()
    assert (report.day, report.number) == (date(2026, 4, 8), "一号")
    assert parts(report) == ("D001",)


def test_the_same_again_issues_nothing_whatever_the_figures_are_by_now() -> None:
    """Title and days make it the same; what it was shown as does not."""
    assert decide(issued(), placed().model_copy(update={"figures": {}, "digest": "other"}), NOW) == []


@pytest.mark.parametrize(
    ("known", "command", "code", "pointer"),
    [
        (True, placed(title="简报"), "report.number_taken", "/number"),
        (True, placed(first=date(2026, 3, 2)), "report.number_taken", "/number"),
        (True, placed(last=date(2026, 4, 7)), "report.number_taken", "/number"),
        (False, placed(last=date(2026, 4, 9)), "report.not_over", "/to"),
        (False, placed(as_of=None), "figures.not_ready", None),
    ],
)
def test_refusals(known: bool, command: PlaceReport, code: str, pointer: str | None) -> None:
    """Each names the field that is wrong."""
    with pytest.raises(DomainError) as refused:
        decide(issued() if known else None, command, NOW)
    assert refused.value.code == code
    assert [error["pointer"] for error in refused.value.errors] == ([pointer] if pointer else [])
