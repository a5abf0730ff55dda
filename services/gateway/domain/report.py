"""A report that was issued: nothing of it ever changes. What is to be said otherwise is another document."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, record_id
from services.kernel.message.keys import spellings
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import number_taken, wrong
from services.organisation.contract import Value

from ..contract import IssueReport, ReportIssued


class Report(BaseModel):
    """An issued report; the figures of its unit and of those right below are kept beside it."""

    model_config = ConfigDict(frozen=True)

    unit: str
    number: str
    title: str
    first: date
    last: date
    day: date
    as_of: datetime


class PlaceReport(Command):
    """A report to be issued, and what its figures are; `as_of` is None while they are not complete up to any time."""

    asked: IssueReport
    as_of: datetime | None
    figures: dict[str, Value]
    digest: str


def report_id(unit: str, number: str) -> str:
    """The one report of a unit that bears a number, as it was typed."""
    return record_id("gateway", "reports", unit, spellings(number)[0])


def figures_not_ready() -> DomainError:
    """The refusal while an owner has not said how far it is: nobody confirms or issues what may lack something."""
    return DomainError("figures.not_ready", "统计尚未就绪：还有服务没有报告进度", "unavailable")


def decide(state: Report | None, command: PlaceReport, now: datetime) -> list[ReportIssued]:
    """The report as it is issued; nothing where it says what was issued already.

    Raises:
        DomainError: report.number_taken, report.not_over, figures.not_ready.
    """
    asked = command.asked
    if state is not None:
        if (state.title, state.first, state.last) == (asked.title, asked.first, asked.last):
            return []
        raise number_taken("report", "报告", asked.number, void=False)
    if asked.last > business_day(now):
        raise wrong("report.not_over", "to", f"期间至 {asked.last} 尚未结束，只能印发截至今天的报告")
    if command.as_of is None:
        raise figures_not_ready()
    return [
        ReportIssued(
            **asked.model_dump(include={"unit", "number", "title", "first", "last"}),
            day=business_day(now),
            as_of=command.as_of,
            figures=command.figures,
            digest=command.digest,
        )
    ]


def evolve(state: Report | None, event: ReportIssued) -> Report:
    """The report as it was issued."""
    return Report(**event.model_dump(include=set(Report.model_fields)))


def parts(state: Report) -> Iterable[str]:
    """The unit that it is about."""
    return (state.unit,)


REPORT = Aggregate("report", Report, decide, evolve, parts)
