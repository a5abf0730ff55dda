"""Who was reached: the share of members and of units by way and by month, and who was not counted as due, and why.

Read from month roll-ups of the unit and its children alone, so that a province costs what a department does.
"""

from __future__ import annotations

from typing import Any

from services.study.contract import WAYS

from ..projection import limited
from . import directory
from .period import Span
from .place import place
from .report import details_of
from .snapshot import Database, known, one_instant, weights

_MEMBERS = ("study.members_due", "study.members_covered", "study.coverage")
_DEPARTED = "study.members_departed"
_UNITS = ("study.units_due", "study.units_covered", "study.unit_coverage")
_SIDES = {"study.attendance.duty": "公务", "study.attendance.other": "病假、事假（由支部掌握）"}
COLUMNS = (
    *_MEMBERS,
    _DEPARTED,
    *_UNITS,
    *(f"study.attendance.{part}" for part in ("due", "present", "excused", "absent", "exempt", "transferred")),
)

Details = dict[str, dict[str, Any]]


async def coverage(database: Database, unit_id: str, span: Span) -> dict[str, Any]:
    """Coverage of a unit over a span, by way, by month, and of each unit right below it.

    A share is null with its reason: `no_denominator` where nobody was due, `not_additive` over days that are no window.
    While somebody who has left is still taken out of who is covered, it is 1 at most, and says so: `capped`.

    Raises:
        DomainError: unit.unknown, period.invalid.
    """
    span.check()
    campaigns = await directory.periods(database)
    async with one_instant(database) as session:
        at = await place(database, unit_id, span, session)
        generation, known_until = await known(database, session)
        weighed = await weights(database, session)

        async def details(units: list[str], asked: Span) -> dict[str, Details]:
            return await details_of(database[generation.rollups], units, asked, campaigns, weighed, session)

        found = await details(at.ids, span)
        months = [(month, (await details([unit_id], Span.of_month(month)))[unit_id]) for month in span.months()]
    own = found[unit_id]
    return {
        "unit": unit_id,
        "unit_name": at.name,
        "path": at.path,
        "period": span.told(),
        "as_of": known_until,
        "figures": {id: own[id] for id in COLUMNS},
        "ways": [_way(own, str(way), name) for way, name in WAYS.items()],
        "months": [{"month": month, "figures": _values(told, (*_MEMBERS, *_UNITS))} for month, told in months],
        "attendance": _attendance(own),
        "children": at.told(lambda child: _values(found[child], COLUMNS)),
    }


def _values(details: Details, ids: tuple[str, ...]) -> dict[str, Any]:
    return {id: details[id]["value"] for id in ids}


def _way(own: Details, way: str, name: str) -> dict[str, Any]:
    """How far one way of study reached; the shares are of everybody due."""
    told: dict[str, Any] = {"way": way, "name": name}
    for sort in ("members", "units"):
        covered, due = own[f"study.{sort}_covered.{way}"]["value"], own[f"study.{sort}_due"]["value"]
        told[f"{sort}_covered"] = covered
        share, reason = (None, None) if covered is None or not due else limited(covered / due)
        told[f"{sort}_share"], told[f"{sort}_reason"] = None if share is None else round(share, 6), reason
    return told


def _attendance(own: Details) -> list[dict[str, Any]]:
    """Who was due and who was not, each opening to its records; reasons as they may be told above the branch."""
    told = []
    for id in ("due", "present", "excused", "absent", "exempt", "transferred"):
        detail = own[f"study.attendance.{id}"]
        part = {"figure": f"study.attendance.{id}", "name": detail["name"], "value": detail["value"], "reasons": []}
        if id == "excused":
            duty = own["study.attendance.duty"]["value"]
            part["reasons"] = [
                {"name": _SIDES["study.attendance.duty"], "value": duty},
                {"name": _SIDES["study.attendance.other"], "value": detail["value"] - duty},
            ]
        told.append(part)
    return told
