"""Distinct counts: a thing counts once in each window in which something happened to it. Pure, of no kind of record.

A distinct count is decided by its owner: it says "first in the window" and takes it back when the window's last is
gone. What a flip added is taken back on the same day, so that sums stay right whatever the order. A thing is one
record, not one a campaign: two campaigns in one year count the year once. What happens on a day outside every
campaign (told by an empty id) counts in the windows of the calendar alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, get_args

Grain = Literal["month", "quarter", "year", "campaign"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
_NONE = "-"
"""In a cell's name: of no campaign."""


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


def moved(
    counts: Mapping[str, int],
    days: Mapping[str, date],
    asked: Any,
    grains: Sequence[Grain] = GRAINS,
    way: str | None = None,
) -> dict[str, Any]:
    """The fields of the event that follows when something more or less happened (`asked`: day, campaign, by).

    `counts` is what happened by month and campaign (and way), `days` the day on which each window counts, as `after`
    keeps them. With a `way` it counts in the windows of that way and in those of whichever.
    Flips are there only where a window gets its first or loses its last.
    """
    month = asked.day.isoformat()[:7]
    cell = _cell(month, asked.campaign or _NONE, way)
    was = counts.get(cell, 0)
    changed = {**counts, cell: was + asked.by}
    if changed[cell] < 0:
        raise AssertionError(f"there is nothing left in {cell}")
    flips = []
    for grain in grains:
        name = window(grain, month, asked.campaign)
        if not name:
            continue
        for by in dict.fromkeys((None, way)):
            before, later = (_held_in(held, grain, name, by) > 0 for held in (counts, changed))
            if before != later:
                day = days[_cell(grain, name, by)] if before else asked.day
                told = {"grain": grain, "window": name, "way": by, "day": day}
                flips.append({**told, "was": int(before), "now": int(later)})
    place = {"day": asked.day, "campaign": asked.campaign, "month": month, "way": way}
    return {**place, "was": was, "now": changed[cell], "flips": flips}


def after(counts: Mapping[str, int], days: Mapping[str, date], event: Any) -> tuple[dict[str, int], dict[str, date]]:
    """What happened and where it counts, once the event has, whose fields are those that `moved` gave."""
    held = {**counts, _cell(event.month, event.campaign or _NONE, getattr(event, "way", None)): event.now}
    kept = dict(days)
    for flip in event.flips:
        place = _cell(flip.grain, flip.window, getattr(flip, "way", None))
        if flip.now:
            kept[place] = flip.day
        else:
            kept.pop(place, None)
    return {cell: count for cell, count in held.items() if count}, kept


def _cell(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _held_in(counts: Mapping[str, int], grain: Grain, name: str, way: str | None) -> int:
    cells = ((cell.split(" "), count) for cell, count in counts.items())
    return sum(
        count
        for (month, campaign, *by), count in cells
        if window(grain, month, campaign) == name and way in (None, *by)
    )
