"""What is owed, and what records have done of it: pure arithmetic over months, shared by plans, notices and norms.

A record counts in the month of its day. A window is a run of months in which so many records of a kind are owed; its
last day is when they are due.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..contract import DUTY_NAMES, EACH_NAMES, DutyKind, Each, Requirement, Standing

Counts = Mapping[tuple[str, str], int]
"""How many records of a unit there are: (month, kind) → number."""


@dataclass(frozen=True)
class Window:
    """So many records of a kind owed in the months from `first` to `last`; None is no kind of record."""

    key: str
    kind: DutyKind | None
    number: int
    first: str
    last: str
    due: date


def month_of(day: date) -> str:
    """The month of a day, such as 2026-03."""
    return day.isoformat()[:7]


def first_of(month: str) -> date:
    """The first day of a month."""
    return date.fromisoformat(f"{month}-01")


def end_of(month: str) -> date:
    """The last day of a month."""
    first = first_of(month)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def months(first: str, last: str) -> list[str]:
    """The months from one to another, both included."""
    begin, end = (int(at[:4]) * 12 + int(at[5:]) - 1 for at in (first, last))
    return [f"{at // 12}-{at % 12 + 1:02}" for at in range(begin, end + 1)]


def quarter_of(month: str) -> tuple[str, str]:
    """The first and the last month of the quarter in which a month lies."""
    year, number = month.split("-")
    begin = (int(number) - 1) // 3 * 3 + 1
    return f"{year}-{begin:02}", f"{year}-{begin + 2:02}"


def spans(each: Each, first: str, last: str) -> Iterator[tuple[str, str]]:
    """The runs of months in each of which something is owed between two months; quarters are cut at the ends."""
    match each:
        case Each.month:
            yield from ((month, month) for month in months(first, last))
        case Each.quarter:
            quarters = dict.fromkeys(quarter_of(month) for month in months(first, last))
            yield from ((max(first, begin), min(last, end)) for begin, end in quarters)
        case Each.period:
            yield first, last


def windows(requirements: Iterable[Requirement], first: str, last: str) -> list[Window]:
    """All that is owed by a plan from one month to another, the earliest due first."""
    found = [
        Window(f"{each.kind}.{each.each}", each.kind, each.number, begin, end, end_of(end))
        for each in requirements
        for begin, end in spans(each.each, first, last)
    ]
    return sorted(found, key=lambda window: window.due)


def counted(window: Window, counts: Counts) -> int:
    """How many records there are of what a window asks for."""
    return sum(counts.get((month, str(window.kind)), 0) for month in months(window.first, window.last))


def kept(window: Window, counts: Counts) -> bool:
    """Whether records do what a window asks for."""
    return window.kind is not None and counted(window, counts) >= window.number


def missing(owed: Iterable[tuple[date, bool]]) -> date | None:
    """The earliest day on which something not done is due; None where all is done."""
    return min((due for due, done in owed if not done), default=None)


def stands(windows: Iterable[Window], counts: Counts) -> dict[str, Any]:
    """How a unit with so many records stands: what is due, what is done, the day since which something is missing."""
    done = [(window.due, kept(window, counts)) for window in windows]
    return {"due": len(done), "done": sum(ok for _, ok in done), "missing": missing(done)}


def standing(lacks: date | None, today: date) -> Standing:
    """How somebody stands who lacks something due on a day."""
    if lacks is None:
        return Standing.complete
    return Standing.behind if lacks < today else Standing.on_time


def told(requirement: Requirement) -> str:
    """A requirement in words: 主题党日，每月 1 次."""
    name = DUTY_NAMES[str(requirement.kind)]
    return f"{name}，{EACH_NAMES[requirement.each]} {requirement.number} 次"


def differences(was: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What changed between two editions, in words: key → how each thing reads."""
    gone = [f"删除：{was[key]}" for key in was if key not in now]
    came = [f"新增：{now[key]}" for key in now if key not in was]
    other = [f"调整：{was[key]} → {now[key]}" for key in now if key in was and was[key] != now[key]]
    return [*came, *other, *gone]
