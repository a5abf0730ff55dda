"""The whole sample as files: what each department would send, in the order in which it would come."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from services.cli.sample.accounts import accounts
from services.cli.sample.chance import chance
from services.cli.sample.days import CAMPAIGN, CAMPAIGN_NAME, FIRST, LAST, PHASES
from services.cli.sample.hotline import month_of, tickets
from services.cli.sample.joint import Post, called, closing, joint, mended, opening
from services.cli.sample.members import Lists, lists
from services.cli.sample.plans import acknowledged, noticed, plans
from services.cli.sample.province import FULL, REFORMED, ROOT, Department, Province, province
from services.cli.sample.recount import Figures, recount, with_members
from services.cli.sample.reforms import reforms
from services.cli.sample.research import research
from services.cli.sample.rows import Row
from services.cli.sample.study import KINDS, study
from services.cli.sample.submissions import RULE, corrected_after, issues, submissions, submitted
from services.cli.sample.supplements import study_sent, tickets_sent
from services.cli.sample.untidy import Known, Wrong, untidy
from services.cli.workbook import Cells, Dates, workbook
from services.organisation.contract import UNIT_KINDS

FIRST_SENT, SENT_LATER, SENT_LAST, UNTIDY = "1-ledgers", "2-supplements", "3-progress", "untidy"
BY_LIST, NAMED = "4-by-list", "5-attendance"
JOINT_SENT, ACTIVITIES_SENT, JOINT_LATER = "6-joint", "7-joint-activities", "8-joint-supplements"
AFTER_LOCK = "9-after-the-lock"
DATES: tuple[Dates, ...] = ("cell", "cell", "iso", "chinese")
OPENED = date(2026, 1, 1)


@dataclass(frozen=True)
class Book:
    """A workbook: where it lies in the sample's folder, and the rows of each of its sheets."""

    path: str
    sheets: dict[str, list[Cells]]
    dates: Dates = "cell"

    def write(self, folder: Path) -> None:
        """Put it there."""
        place = folder / self.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(workbook(self.sheets, self.dates))


@dataclass(frozen=True)
class Sample:
    """A province, its workbooks in the order in which they are to be loaded, and what must come of them."""

    province: Province
    books: list[Book]
    rows: list[Row]
    mistakes: dict[str, list[Wrong]]
    lists: Lists
    opening: list[Post] = field(default_factory=list)
    closing: list[Post] = field(default_factory=list)
    reforms: list[Post] = field(default_factory=list)
    campaign: dict[str, Any] = field(
        default_factory=lambda: {
            "id": CAMPAIGN,
            "name": CAMPAIGN_NAME,
            "opens": FIRST.isoformat(),
            "closes": LAST.isoformat(),
            "requirement": "学思想、强党性、重实践、建新功",
            "phases": [
                {"name": name, "first": first.isoformat(), "last": last.isoformat()} for name, first, last in PHASES
            ],
            "submissions": RULE,
        }
    )

    def figures(self, unit: str = ROOT, first: date = FIRST, last: date = LAST) -> Figures:
        """What the platform must report for a unit and a period once all is loaded."""
        at, gone = self.province.at(unit), self.province.reform.merged if last >= REFORMED else {}
        counted = recount(self.rows, at, first, last, gone)
        counted |= noticed(self.province, self.rows, unit, first, last)
        counted |= submitted(self.province, unit, first, last)
        return with_members(counted, self.lists, at, len(at(last).difference(gone)), first, last)

    def refusals(self) -> dict[str, list[tuple[int, str, str]]]:
        """What must be said of the untidy workbook: by kind of sheet, (row in the sheet, column's key, code)."""
        return {
            kind: [(number, *wrong.said) for number, wrong in enumerate(rows, start=2) if wrong.said]
            for kind, rows in self.mistakes.items()
        }

    def write(self, folder: Path) -> None:
        """All of it as files, with the figures and the refusals that a load is checked against."""
        for book in self.books:
            book.write(folder)
        _write_json(folder / "campaign.json", self.campaign)
        _write_json(folder / "excuses.json", self.lists.excuses)
        for name, posts in (("opening.json", self.opening), ("closing.json", self.closing)):
            _write_json(folder / name, [vars(post) for post in posts])
        _write_json(folder / "plans.json", plans())
        if any(book.path.startswith(AFTER_LOCK) for book in self.books):
            for name, posts in (("reforms.json", self.reforms), ("issues.json", issues())):
                _write_json(folder / AFTER_LOCK / name, [vars(post) for post in posts])
            _write_json(folder / AFTER_LOCK / "submissions.json", submissions(self.province))
        _write_json(folder / "figures.json", {"unit": ROOT, **_period(), "figures": self.figures()})
        told = {
            kind: [{"row": row, "column": column, "code": code} for row, column, code in refused]
            for kind, refused in self.refusals().items()
        }
        if told:
            _write_json(folder / UNTIDY / "refusals.json", told)


def sample(departments: int = FULL) -> Sample:
    """The sample with so many departments; the same for the same number, always."""
    made = province(departments)
    sent = [(department, study_sent(department, study(department))) for department in made.departments]
    read = {department.unit.code: acknowledged(department) for department in made.departments}
    calls = tickets_sent(list(tickets(made, departments / FULL)))
    studied = research(made)
    listed = lists(made)
    shared = joint(made)
    later = mended(shared)
    known = Known(
        topic=next(row for row in studied.progress if row.cells["state"] == "成果转化"),
        counted=next(row for row in sent[0][1].first if row.kind == "sessions"),
        named=listed.attendance[0],
        receipt=next(row for rows in read.values() for row in rows),
        joint=list({row.kind: row for row in reversed(shared)}.values()),
    )
    mistakes = untidy(made, known)
    books = [
        Book("单位名册.xlsx", {"units": listed_units(made)}),
        Book("用户名册.xlsx", {"users": accounts(made)}),
        Book("党员名册.xlsx", {"members": listed.members}),
        *(
            _study_book(FIRST_SENT, department, [*ledgers.first, *read[department.unit.code]])
            for department, ledgers in sent
        ),
        *_ticket_books(calls.first),
        Book(f"{FIRST_SENT}/调查研究 重点课题.xlsx", sheets_of(studied.topics)),
        *(_study_book(SENT_LATER, department, ledgers.later) for department, ledgers in sent if ledgers.later),
        Book(f"{SENT_LATER}/民声热线工单补报更正.xlsx", {"tickets": [row.cells for row in calls.later]}),
        Book(f"{SENT_LATER}/调查研究 调研与成果转化.xlsx", sheets_of([*studied.visits, *studied.measures]), "iso"),
        Book(f"{SENT_LAST}/调查研究 课题进展与更正.xlsx", sheets_of([*studied.progress, *studied.mended]), "chinese"),
        Book(f"{BY_LIST}/按党员名册登记的学习.xlsx", {"sessions": listed.sessions}),
        Book(f"{NAMED}/考勤表.xlsx", {"attendance": listed.attendance}),
        Book(f"{JOINT_SENT}/联学结对、参赛作品、资料配发.xlsx", _by_kind(shared, "pairs", "entries", "issues")),
        Book(f"{ACTIVITIES_SENT}/联学活动.xlsx", _by_kind(shared, "activities")),
        Book(f"{JOINT_LATER}/联学共建更正.xlsx", _by_kind(later, "pairs", "activities")),
        Book(f"{UNTIDY}/不规范台账.xlsx", {kind: [row.cells for row in rows] for kind, rows in mistakes.items()}),
    ]
    rows = [row for _, ledgers in sent for row in ledgers.first]
    rows += [row for receipts in read.values() for row in receipts]
    rows += calls.first
    rows += [row for _, ledgers in sent for row in ledgers.later]
    rows += [*calls.later, *studied.rows, *listed.counted, *called(), *shared, *later]
    rows.append(corrected_after(rows))
    books.insert(-1, Book(f"{AFTER_LOCK}/采纳锁定后的更正.xlsx", sheets_of(rows[-1:])))
    books = [book for book in books if book.sheets]
    return Sample(made, books, rows, mistakes, listed, opening(), closing(shared), reforms(made))


def _by_kind(rows: list[Row], *kinds: str) -> dict[str, list[Cells]]:
    sheets = {kind: [row.cells for row in rows if row.kind == kind] for kind in kinds}
    return {kind: found for kind, found in sheets.items() if found}


def _study_book(folder: str, department: Department, rows: list[Row]) -> Book:
    name = department.unit.name + ("" if folder == FIRST_SENT else "补报更正")
    sheets = {kind: [row.cells for row in rows if row.kind == kind] for kind in (*KINDS, "receipts")}
    dates: Dates = chance("dates", department.unit.code).choice(DATES)
    path = f"{folder}/{department.unit.code} {name}.xlsx"
    return Book(path, {kind: found for kind, found in sheets.items() if found}, dates)


def sheets_of(rows: Iterable[Row]) -> dict[str, list[Cells]]:
    """Rows by the sheet to which they belong."""
    sheets: dict[str, list[Cells]] = {}
    for row in rows:
        sheets.setdefault(row.kind, []).append(row.cells)
    return sheets


def _ticket_books(rows: Iterable[Row]) -> list[Book]:
    months: dict[date, list[Cells]] = {}
    for row in rows:
        months.setdefault(month_of(row), []).append(row.cells)
    return [
        Book(f"{FIRST_SENT}/民声热线工单 {month:%Y-%m}.xlsx", {"tickets": found}) for month, found in months.items()
    ]


def listed_units(made: Province) -> list[Cells]:
    """The rows of 单位名册."""
    return [
        {
            "id": unit.code,
            "name": unit.name,
            "short_name": unit.short_name,
            "kind": UNIT_KINDS[unit.kind],
            "parent": unit.parent,
            "members": unit.members,
            "active_from": OPENED,
        }
        for unit in made.units
    ]


def _period() -> dict[str, dict[str, str]]:
    return {"period": {"from": FIRST.isoformat(), "to": LAST.isoformat()}}


def _write_json(place: Path, value: object) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
