"""Distinct counts: a thing counts once in each window in which something happened to it. Pure, of no kind of record.

A distinct count is decided by its owner, which keeps one record for each thing. In each window the thing counts on the
day of the first that is valid, so that it belongs to the unit under which it stood then. Where that day becomes another
one (an earlier record comes, the first one is taken back), the owner takes the count back on the old day and says it on
the new one: what results follows from the days of what is valid, never from the order in which it was reported.

Who owns the count may date windows otherwise (`Dated`), or let a thing count in some of them no more: what was told of
other days is taken back in the same way.

A thing is one record, not one a campaign: two campaigns in one year count the year once. What happens on a day outside
every campaign (told by an empty id) counts in the windows of the calendar alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args

from ..message.event import Command

Grain = Literal["month", "quarter", "year", "campaign"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
COUNTED_ANEW = "按有效记录的日期重新计数"
_NOTHING = "-"


class CountAnew(Command):
    """Let a thing count in each window on the day of the first that is valid; never sent, follows from an upgrade."""


class Cell(NamedTuple):
    """What is counted together: an ISO day, a campaign and a way; each of the latter may be nothing."""

    day: str
    campaign: str
    way: str | None

    @classmethod
    @lru_cache(maxsize=8192)
    def of(cls, key: str) -> Cell:
        """Out of the text under which it is stored."""
        day, campaign, way = (None if part == _NOTHING else part for part in key.split(" "))
        return cls(day or "", campaign or "", way)

    @property
    def key(self) -> str:
        """As text, without a dot, so that it may be a field's name."""
        return " ".join(part or _NOTHING for part in self)


class Window(NamedTuple):
    """In which something counts once; `way` None stands for whichever."""

    grain: Grain
    name: str
    way: str | None = None

    @classmethod
    @lru_cache(maxsize=8192)
    def of(cls, key: str) -> Window:
        """Out of the text under which it is stored."""
        return cls(*key.split(" "))  # type: ignore[arg-type]  # the grain is one of these

    @property
    def key(self) -> str:
        """As text, without a dot, so that it may be a field's name."""
        return " ".join(part for part in self if part)


Dated = Callable[[Window, str], str | None]
"""On which day a window counts whose first valid day is given; None where it does not count."""


def on_first(place: Window, first: str) -> str:
    """On the day of the first that is valid."""
    return first


@lru_cache(maxsize=4096)
def last_day(grain: Grain, name: str) -> str | None:
    """The last day of a month, a quarter or a year; None of a campaign, whose days are not in its name."""
    year, _, part = name.partition("-")
    match grain:
        case "month":
            month = int(part)
        case "quarter":
            month = 3 * int(part[1:])
        case "year":
            month = 12
        case "campaign":
            return None
    return (date(int(year) + month // 12, month % 12 + 1, 1) - timedelta(days=1)).isoformat()


@lru_cache(maxsize=4096)
def window(grain: Grain, month: str, campaign: str) -> str:
    """The window of a grain in which a month ("2026-03") lies: "2026-03", "2026-Q1", "2026", the campaign's id.

    Outside every campaign the window of that grain is empty: nothing counts in it.
    """
    year, number = month.split("-")
    match grain:
        case "month":
            return month
        case "quarter":
            return f"{year}-Q{(int(number) + 2) // 3}"
        case "year":
            return year
        case "campaign":
            return campaign


def firsts(cells: Iterable[Cell], grains: Sequence[Grain] = GRAINS) -> dict[Window, str]:
    """The first day of each window in which any of these lies."""
    months: dict[tuple[str, str, str | None], str] = {}
    for day, campaign, way in cells:
        month = (day[:7], campaign, way)
        if day < months.get(month, "~"):
            months[month] = day
    found: dict[Window, str] = {}
    for month, day in months.items():
        for place in _windows(*month, tuple(grains)):
            if day < found.get(place, "~"):
                found[place] = day
    return found


@lru_cache(maxsize=4096)
def _windows(month: str, campaign: str, way: str | None, grains: tuple[Grain, ...]) -> tuple[Window, ...]:
    """The windows in which a month of a campaign lies: of its way, and of whichever."""
    names = ((grain, window(grain, month, campaign)) for grain in grains)
    return tuple(Window(grain, name, each) for grain, name in names if name for each in {None, way})


def moved(
    counts: Mapping[str, int],
    days: Mapping[str, date],
    asked: Any,
    grains: Sequence[Grain] = GRAINS,
    way: str | None = None,
    dated: Dated = on_first,
) -> dict[str, Any]:
    """The fields of the event that follows when something more or less happened (`asked`: day, campaign, by).

    `counts` is what happened by day, campaign and way, `days` the day on which each window counts, as `after` keeps
    them. With a `way` it counts in the windows of that way and in those of whichever. There are flips where a window
    gets its first, loses its last, or has another first: then it is taken back on the old day and said on the new one.
    """
    cell = Cell(asked.day.isoformat(), asked.campaign, way)
    counts = _in_campaign(counts, cell)
    left = counts.get(cell.key, 0) + asked.by
    if left < 0:
        raise AssertionError(f"there is nothing left in {cell.key}")
    was = _in_month(counts, cell)
    return _told(cell, was, was + asked.by, _flips({**counts, cell.key: left}, days, grains, dated))


def outside(counts: Mapping[str, int], first: date, last: date) -> list[date]:
    """The days from `first` to `last` on which something happened while no campaign was known of them.

    Nothing more happens on them (`by` 0) once one is: `moved` then says what counts in its window.
    """
    cells = (Cell.of(key) for key, count in counts.items() if count)
    days = {date.fromisoformat(cell.day) for cell in cells if not cell.campaign}
    return sorted(day for day in days if first <= day <= last)


def anew(
    counts: Mapping[str, int],
    days: Mapping[str, date],
    grains: Sequence[Grain] = GRAINS,
    dated: Dated = on_first,
) -> dict[str, Any]:
    """The fields of the event that sets right on which days windows count, while nothing happens; none where they are
    right.
    """
    flips = _flips(counts, days, grains, dated)
    if not flips:
        return {}
    cell = min(map(Cell.of, counts), key=lambda each: each.day, default=Cell(str(flips[0]["day"]), "", None))
    held = _in_month(counts, cell)
    return {**_told(cell, held, held, flips), "reason": COUNTED_ANEW}


def after(counts: Mapping[str, int], days: Mapping[str, date], event: Any) -> tuple[dict[str, int], dict[str, date]]:
    """What happened and where it counts, once the event has, whose fields are those that `moved` or `anew` gave."""
    cell = Cell(event.day.isoformat(), event.campaign, getattr(event, "way", None))
    held = _in_campaign(counts, cell)
    held[cell.key] = held.get(cell.key, 0) + event.now - event.was
    kept = dict(days)
    for flip in event.flips:
        place = Window(flip.grain, flip.window, getattr(flip, "way", None)).key
        if flip.now:
            kept[place] = flip.day
        else:
            kept.pop(place, None)
    return {key: count for key, count in held.items() if count}, kept


def _told(cell: Cell, was: int, now: int, flips: list[dict[str, Any]]) -> dict[str, Any]:
    place = {"day": date.fromisoformat(cell.day), "campaign": cell.campaign, "month": cell.day[:7], "way": cell.way}
    return {**place, "was": was, "now": now, "flips": flips}


def _in_campaign(counts: Mapping[str, int], cell: Cell) -> dict[str, int]:
    """All that happened on the day of a cell happened in its campaign: one may have been opened over that day since."""
    held = dict(counts)
    for key in counts:
        if key.startswith(cell.day) and (known := Cell.of(key)).campaign != cell.campaign:
            there = known._replace(campaign=cell.campaign).key
            held[there] = held.get(there, 0) + held.pop(key)
    return held


def _in_month(counts: Mapping[str, int], cell: Cell) -> int:
    """How much happened in the month of a cell, in its campaign and by its way."""
    cells = ((Cell.of(key), count) for key, count in counts.items() if key.startswith(cell.day[:7]))
    return sum(count for each, count in cells if each[1:] == cell[1:])


def _flips(
    counts: Mapping[str, int], days: Mapping[str, date], grains: Sequence[Grain], dated: Dated
) -> list[dict[str, Any]]:
    """What leads from the days on which windows count to those on which they should."""
    held = firsts((Cell.of(key) for key, count in counts.items() if count), grains)
    now = {place: day for place, first in held.items() if (day := dated(place, first)) is not None}
    was = {Window.of(key): day.isoformat() for key, day in days.items()}
    flips: list[dict[str, Any]] = []
    changed = (place for place in now.keys() | was.keys() if was.get(place) != now.get(place))
    for place in sorted(changed, key=lambda each: (GRAINS.index(each.grain), each.name, each.way or "")):
        told = {"grain": place.grain, "window": place.name, "way": place.way}
        if place in was:
            flips.append({**told, "day": date.fromisoformat(was[place]), "was": 1, "now": 0})
        if place in now:
            flips.append({**told, "day": date.fromisoformat(now[place]), "was": 0, "now": 1})
    return flips
