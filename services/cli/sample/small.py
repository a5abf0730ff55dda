"""A province of five units: the committee, a department, its organ committee, two branches; for a first look."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.cli.sample.accounts import accounts
from services.cli.sample.days import FIRST, LAST
from services.cli.sample.generate import FIRST_SENT, NAMED, SENT_LATER, Book, Sample, listed_units, sheets_of
from services.cli.sample.hotline import tickets
from services.cli.sample.members import lists
from services.cli.sample.plans import acknowledged
from services.cli.sample.province import DESK, ROOT, Province, province
from services.cli.sample.recount import Figures
from services.cli.sample.research import research
from services.cli.sample.study import study
from services.cli.sample.supplements import study_sent, tickets_sent

_BRANCHES = 2
_TICKETS = 0.01
"""As a share of the whole sample's."""


class SmallSample(Sample):
    """Nobody submits a month in it, and nothing in it is refused."""

    def figures(self, unit: str = ROOT, first: date = FIRST, last: date = LAST) -> Figures:
        """All but those of submissions: which months are owed is a matter of the day on which it is loaded."""
        found = super().figures(unit, first, last)
        return {id: number for id, number in found.items() if not id.startswith("report.")}


def small() -> SmallSample:
    """The first department of the whole sample with its first branches; the same always."""
    whole = province()
    first = whole.departments[0]
    department = replace(first, branches=first.branches[:_BRANCHES], groups=[])
    made = Province(whole.root, [department])
    sessions = [*study_sent(department, study(department)).first, *acknowledged(department)]
    called = tickets_sent(list(tickets(made, _TICKETS))).first
    calls = [replace(row, cells={**row.cells, "unit": ROOT}) for row in called]  # the committee has the desk itself
    studied, listed = research(made), lists(made)
    found = [*studied.visits, *studied.measures]
    books = [
        Book("单位名册.xlsx", {"units": listed_units(made)}),
        Book("用户名册.xlsx", {"users": [row for row in accounts(made) if row["unit"] != DESK]}),
        Book("党员名册.xlsx", {"members": listed.members}),
        Book(f"{FIRST_SENT}/理论学习.xlsx", sheets_of(sessions)),
        Book(f"{FIRST_SENT}/民声热线工单.xlsx", sheets_of(calls)),
        Book(f"{FIRST_SENT}/调查研究 重点课题.xlsx", sheets_of(studied.topics)),
        Book(f"{SENT_LATER}/按党员名册登记的学习.xlsx", {"sessions": listed.sessions}),
        Book(f"{SENT_LATER}/调查研究 调研与成果转化.xlsx", sheets_of(found)),
        Book(f"{NAMED}/考勤表.xlsx", {"attendance": listed.attendance}),
    ]
    rows = [*sessions, *calls, *studied.topics, *found, *listed.counted]
    return SmallSample(made, [book for book in books if any(book.sheets.values())], rows, {}, listed)
