"""A report as it is read, line by line: what the page shows, made of the report alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode

from services.organisation.contract import UNIT_KINDS, UnitKind

from . import show

Report = dict[str, Any]
WAYS = ("leadership", "branch", "youth", "self")
RATES = ("response", "solution", "satisfaction", "composite")
_COMPARED = (("before", "上期"), ("year_before", "上年同期"))


@dataclass(frozen=True)
class Comparison:
    """What the figure was in another period, and the difference, also as a share."""

    then: str
    change: str
    share: str


@dataclass(frozen=True)
class Figure:
    """A figure's line; `href` opens its records, None where there is nothing to open."""

    id: str
    name: str
    measure: str
    value: str
    reason: str
    href: str | None
    compared: tuple[Comparison | None, ...]


@dataclass(frozen=True)
class Child:
    """A unit right below, with the address of its own report."""

    unit: str
    name: str
    href: str | None
    values: dict[str, str]
    records: dict[str, str]
    """Where each value opens its records."""


class Addresses:
    """Where figures and units open. Without a base (a file that nobody told an address) nothing opens.

    With an issued report's id units open as it shows them. `opens` says to which figures' records the reader may go.
    """

    def __init__(
        self,
        period: dict[str, Any],
        base: str | None,
        issue: str = "",
        opens: Callable[[str], bool] = lambda figure: True,
    ) -> None:
        self._opens = opens
        self._base = base
        self._issue = f"/issues/{quote(issue)}" if issue else ""
        self._period = {"from": str(period["from"]), "to": str(period["to"])}

    def report(self, unit: str) -> str | None:
        """A unit's report over the same period."""
        return self._opened(f"/reports/{quote(unit)}{self._issue}", {})

    def records(self, figure: str, unit: str) -> str | None:
        """The records behind a figure."""
        return self._opened(f"/figures/{quote(figure)}/records", {"unit": unit}) if self._opens(figure) else None

    def _opened(self, path: str, query: dict[str, str]) -> str | None:
        return None if self._base is None else f"{self._base}{path}?{urlencode({**query, **self._period})}"


def groups(report: Report, addresses: Addresses) -> dict[str, list[Figure]]:
    """The figures' lines by service."""
    return {
        group: [_figure(report, id, addresses) for id in ids] for group, ids in show.grouped(report["details"]).items()
    }


def _figure(report: Report, id: str, addresses: Addresses) -> Figure:
    detail = report["details"][id]
    return Figure(
        id=id,
        name=detail["name"],
        measure="" if detail["sort"] == "rate" or detail["value"] is None else detail["unit_of_measure"],
        value=show.value(detail["value"], detail["sort"]),
        reason=show.reason(detail["reason"], id),
        href=None if detail["value"] is None else addresses.records(id, report["unit"]),
        compared=tuple(_comparison(report.get(name), id, detail) for name, _ in _COMPARED),
    )


def _comparison(other: dict[str, Any] | None, id: str, detail: dict[str, Any]) -> Comparison | None:
    if other is None or not show.recorded(other) or detail["value"] is None or other["figures"].get(id) is None:
        return None
    now, then, sort = detail["value"], other["figures"][id], detail["sort"]
    return Comparison(show.value(then, sort), show.change(now, then, sort), show.share(now, then, sort))


def differing(report: Report, addresses: Addresses) -> list[dict[str, Any]]:
    """What differs now from the figures of an issued report, which are `then`."""
    lines = []
    for id in report.get("differing") or ():
        detail, now = report["details"][id], report["now"][id]
        line = {"id": id, "name": detail["name"], "then": show.value(detail["value"], detail["sort"])}
        line["measure"] = "" if detail["sort"] == "rate" else detail["unit_of_measure"]
        line["href"] = None if now is None else addresses.records(id, report["unit"])
        lines.append({**line, "value": show.value(now, detail["sort"])})
    return lines


def compared(report: Report) -> list[str]:
    """What the figures are compared with, in a sentence each."""
    missing = report.get("before_missing")
    told = [f"上期：{missing}，不作比较"] if missing else []
    for name, word in _COMPARED:
        other = report.get(name)
        if other is not None:
            without = "" if show.recorded(other) else "，该期间没有记录，不作比较"
            changed = sum(change["kind"] != "renamed" for change in other.get("tree_changes", ()))
            moved = f"，其间有 {changed} 项机构调整，两期口径不同" if changed and not without else ""
            told.append(f"{word}：{show.span(other['period'])}{without}{moved}")
    return told


def changes(report: Report) -> list[dict[str, Any]]:
    """What changed in the tree since the first day of all that is compared."""
    others = [report.get(name) or {} for name, _ in _COMPARED]
    return max((each.get("tree_changes", []) for each in (report, *others)), key=len)


def children(report: Report, addresses: Addresses) -> list[tuple[str, list[Child]]]:
    """The units right below by kind, so that like stands beside like; in the order of their codes, never ranked."""
    sorts = {id: detail["sort"] for id, detail in report["details"].items()}
    return [
        (
            UNIT_KINDS[UnitKind(kind)],
            [
                Child(
                    child["unit"],
                    child["name"],
                    addresses.report(child["unit"]),
                    {id: show.value(number, sorts[id]) for id, number in child["figures"].items()},
                    _opened(child, addresses),
                )
                for child in some
            ],
        )
        for kind, some in groupby(_sorted(report), key=lambda child: child["kind"])
    ]


def _opened(child: dict[str, Any], addresses: Addresses) -> dict[str, str]:
    places = {id: addresses.records(id, child["unit"]) for id, number in child["figures"].items() if number is not None}
    return {id: place for id, place in places.items() if place}


def _sorted(report: Report) -> list[dict[str, Any]]:
    kinds = [str(kind) for kind in UNIT_KINDS]
    return sorted(report["children"], key=lambda child: (kinds.index(child["kind"]), child["unit"]))


def charts(report: Report) -> dict[str, Any]:
    """What the charts draw: the same numbers as the tables'."""
    details = report["details"]
    others = [(word, report[name]) for name, word in _COMPARED if show.recorded(report.get(name))]
    ways = [f"study.sessions.{way}" for way in WAYS]
    rates = [f"hotline.{rate}_rate" for rate in RATES]
    series, below = [("本期", report), *others], _sorted(report)

    def drawn(ids: list[str]) -> dict[str, Any]:
        return {
            "names": [details[id]["name"] for id in ids],
            "series": [{"name": name, "values": [of["figures"].get(id) for id in ids]} for name, of in series],
        }

    return {
        "figures": report["figures"],
        "ways": drawn(ways),
        "rates": drawn(rates),
        "children": {
            "figures": [
                {"id": id, "name": f"{detail['name']}（{detail['unit_of_measure']}）", "rate": detail["sort"] == "rate"}
                for id, detail in details.items()
            ],
            "names": [child["name"] for child in below],
            "values": {id: [child["figures"][id] for child in below] for id in details},
        },
    }
