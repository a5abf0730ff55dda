"""The working calendar: a year's table entered or replaced, by a command or in a sheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from services.kernel import metrics
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope
from services.kernel.message.import_rows import ExportRows
from services.kernel.rules.aggregate import Aggregate
from services.kernel.runtime.entrypoints import every
from services.kernel.runtime.imports import Imports
from services.kernel.runtime.rpc import command
from services.organisation import contract

from ..domain import CALENDAR
from ..domain.calendar import PlaceCalendar, calendar_id, is_news
from ..store import calendars

Answer = dict[str, Any]


class Calendars(Imports):
    """Each year's holidays and make-up working days."""

    journal: Any

    @command(contract.SetCalendar)
    def set_calendar(self, command: contract.SetCalendar, envelope: Envelope) -> Answer:
        """Enter a year's table, or replace it."""

        def act(work: Work) -> Answer:
            _place(work, command, envelope.expected)
            id = calendar_id(command.year)
            return {"id": str(command.year), "version": work.version(CALENDAR, id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @every(60, eager=True)
    def tell_missing_years(self) -> None:
        """Keep the metric true on which the alert rests that rings while a year's table is missing."""
        today = business_day(self.journal.clock())
        metrics.CALENDAR_YEARS_MISSING.set(len(calendars.calendar(self.journal.database).missing(today)))

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A row is a year's table."""
        if not isinstance(row, contract.CalendarRow):
            super().apply_row(work, kind, row)
            return
        try:
            _place(work, row.asked())
        except DomainError as refusal:
            for error in refusal.errors:
                error["pointer"] = f"/{row.column(error['pointer'])}"
            raise

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The year."""
        if isinstance(row, contract.CalendarRow):
            yield CALENDAR, calendar_id(row.year)
        else:
            yield from super().row_ids(kind, row)

    def rows_of(self, kind: str, asked: ExportRows, envelope: Envelope) -> tuple[list[Document], str | None]:
        """Every known year, which binds all units alike."""
        if kind != contract.CALENDAR_SHEET.kind:
            return super().rows_of(kind, asked, envelope)
        return [contract.calendar_row(table) for table in calendars.tables(self.journal.database)], None


def _place(work: Work, asked: contract.SetCalendar, expected: int | None = None) -> None:
    """Decide on a year's table; one that says what is so already makes no record."""
    id = calendar_id(asked.year)
    if is_news(work.get(CALENDAR, id), asked):
        work.decide(CALENDAR, id, PlaceCalendar(asked=asked, unit=work.envelope.actor.unit), expected)
