"""The committee's plan for the branches, its monthly notices, who acknowledged them, and what must come of them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from services.cli.sample.chance import chance
from services.cli.sample.days import FIRST, LAST, MONTHS, workdays
from services.cli.sample.province import ROOT, Department, Province
from services.cli.sample.recount import Figures, present_at, standing
from services.cli.sample.rows import Row
from services.organisation.contract import UnitKind

PLAN: dict[str, Any] = {
    "unit": ROOT,
    "number": "JH-2026-01",
    "title": "2026年支部组织生活计划（样例）",
    "first": f"{FIRST:%Y-%m}",
    "last": f"{LAST:%Y-%m}",
    "kinds": [str(UnitKind.branch)],
    "requirements": [
        {"kind": "theme_day", "number": 1, "each": "month", "note": "结合主题教育开展"},
        {"kind": "general_meeting", "number": 1, "each": "quarter", "note": ""},
    ],
    "materials": [{"title": "主题教育学习读本（样例）"}],
}
ISSUED = {f"{workdays(month)[0]:%Y-%m}": workdays(month)[0] for month in MONTHS}
"""Each month's notice with the day on which it was sent."""


def plans() -> dict[str, Any]:
    """What the office sends by the public API: a plan, and the notices that are made of it."""
    notices = [{"month": month, "day": day.isoformat()} for month, day in ISSUED.items()]
    return {"plan": PLAN, "notices": notices}


def acknowledged(department: Department) -> list[Row]:
    """Which of its branches acknowledged which notices, within a few days: the zealous nearly always."""
    source, zeal, number = chance("receipts", department.unit.code), department.character.zeal, str(PLAN["number"])
    return [
        Row(
            "receipts",
            {"unit": branch.code, "number": month, "issuer": ROOT, "plan": number, "day": source.choice(days)},
        )
        for month, days in ((month, workdays(int(month[5:]))[:6]) for month in ISSUED)
        for branch in department.branches
        if source.random() < 0.3 + 0.65 * zeal
    ]


def noticed(province: Province, rows: Iterable[Row], unit: str, first: date, last: date) -> Figures:
    """The notices' figures for a unit and a period, counted from the rows: nobody else's rules."""
    at = province.at(unit)
    branches = [branch.code for department in province.departments for branch in department.branches]
    held = Counter(_held(standing(row for row in rows if row.kind == "sessions")))
    sums = Counter({"study.notices": 0, "study.notice_items.due": 0, "study.notice_items.done": 0})
    for month, day in ISSUED.items():
        if not first <= day <= last:
            continue
        sums["study.notices"] += ROOT in at(day)
        asked = [("主题党日", [month])]
        if month[5:] in ("03", "06", "09") or month == PLAN["last"]:
            asked.append(("支部党员大会", [at for at in ISSUED if _quarter(at) == _quarter(month)]))
        for branch in at(day).intersection(branches):
            sums["study.notice_items.due"] += len(asked)
            sums["study.notice_items.done"] += sum(
                any(held[branch, form, at] for at in months) for form, months in asked
            )
    return dict(sums)


def _held(rows: Iterable[Row]) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        if present_at(row) > 0:
            yield str(row.cells["unit"]), str(row.cells["form"]), f"{row.cells['day']:%Y-%m}"


def _quarter(month: str) -> int:
    return (int(month[5:]) - 1) // 3
