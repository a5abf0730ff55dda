"""The months that units submit: two accepted, one under way; who is excused, late, given back; a correction."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from services.cli.sample.days import CAMPAIGN_NAME, FIRST, MONTHS, workdays
from services.cli.sample.joint import Post
from services.cli.sample.province import REFORMED, ROOT, Province
from services.cli.sample.recount import DIGITS, Figures, standing
from services.cli.sample.rows import Row

TO_SUBMIT = [f"{FIRST.year}-{month:02d}" for month in MONTHS]
SETTLED, UNDER_WAY = TO_SUBMIT[:2], TO_SUBMIT[2]
RULE: dict[str, Any] = {
    "months": TO_SUBMIT,
    "limits_from": UNDER_WAY,
    "source": f"{CAMPAIGN_NAME}：平台启用前的月份补报，不设时限",
}
"""Whoever submits the third month does so after its due day, whenever the sample is loaded."""
REMARK = "已核对，逐项落实，下月补齐"


def submissions(province: Province) -> dict[str, Any]:
    """What units and their superior do, month by month."""
    units = [department.unit.code for department in province.departments]
    told = [
        {
            "month": month,
            "excuse": [{"unit": code, "reason": "正在组建，尚无完整记录"} for code in _excused(units, month)],
            "confirm": [code for code in units if code not in _excused(units, month)],
            "accept": True,
            "return": [],
        }
        for month in SETTLED
    ]
    returned = [{"unit": code, "reason": "缺少专题党课记录，请补充后重报"} for code in units[:1]]
    told.append({"month": UNDER_WAY, "excuse": [], "confirm": units[:2], "accept": False, "return": returned})
    return {"unit": ROOT, "remark": REMARK, "months": told}


def issues() -> list[Post]:
    """The report that is issued of the months that are settled, before anything of them is corrected."""
    days = {"from": f"{SETTLED[0]}-01", "to": _last_day(MONTHS[len(SETTLED) - 1]).isoformat()}
    document = {"number": "示例省直工委〔2026〕12号", "title": "主题教育前期工作情况通报（样例）", **days}
    return [Post("office", f"/reports/{ROOT}/issues", document)]


def submitted(province: Province, unit: str, first: date, last: date) -> Figures:
    """What of it must be in a unit's report: each month counts on its last day."""
    units = [department.unit.code for department in province.departments]
    expected = handed_in = on_time = 0
    for number, month in zip(MONTHS, TO_SUBMIT, strict=True):
        if not first <= _last_day(number) <= last:
            continue
        day = _last_day(number)
        gone = province.reform.merged if day >= REFORMED else {}
        owing = province.within(unit, day).intersection([ROOT, *units]).difference(_excused(units, month), gone)
        expected += len(owing)
        if month in SETTLED:
            handed_in += len(owing)
            on_time += len(owing)
        elif month == UNDER_WAY:
            handed_in += len(owing.intersection(units[1:2]))
    rates = {"submission": handed_in, "on_time": on_time}
    return {
        "report.expected": expected,
        "report.submitted": handed_in,
        "report.on_time": on_time,
        **{f"report.{id}_rate": round(part / expected, DIGITS) if expected else None for id, part in rates.items()},
    }


def corrected_after(rows: Iterable[Row]) -> Row:
    """A session of the first month that somebody counted anew after it was locked."""
    found = next(
        row
        for row in standing(rows)
        if row.kind == "sessions"
        and isinstance(row.cells["due"], int)
        and row.cells["day"] in workdays(MONTHS[0])
        and "-" in str(row.cells["unit"])
    )
    due, present = found.cells["due"], found.cells.get("present")
    changes = {"due": due + 1} if isinstance(due, int) else {}
    if isinstance(present, int):
        changes["present"] = present + 1
    return found.corrected("采纳后核对签到表，少计一人", **changes)


def _excused(units: list[str], month: str) -> list[str]:
    return units[-1:] if month == SETTLED[0] and len(units) > 2 else []


def _last_day(month: int) -> date:
    return date.fromordinal(date(FIRST.year, month + 1, 1).toordinal() - 1)
