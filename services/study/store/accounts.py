"""`accounts`: a unit's records counted by month and kind, one document a unit and year, kept beside the journal.

They follow from the records and are only ever counted again, never added to. Whoever counts writes the unit's document,
also when nothing is another: so no two works count the same unit unseen by one another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work, without_bookkeeping
from services.kernel.rules.aggregate import Aggregate

from ..contract import IN_FIGURES
from ..domain import LECTURE, SESSION, Lecture, Session
from ..domain.account import Account, UnitMonth
from ..domain.duty import end_of, first_of, month_of

Record = Session | Lecture
_COUNTING: list[tuple[Aggregate[Any], list[str]]] = [
    (SESSION, [str(state) for state in IN_FIGURES]),
    (LECTURE, ["recorded"]),
]
_CONTENT = {"head": 0, "paths": 0, "scope": 0}


def ensure_indexes(database: Database[Document]) -> None:
    """A unit's own records by day; its accounts of all years."""
    ensure_collections(database, ("accounts",))
    database["accounts"].create_index("unit")
    for aggregate, _ in _COUNTING:
        database[aggregate.collection].create_index([("unit", 1), ("day", 1)])


def account_id(unit: str, year: str) -> str:
    """The id of a unit's account of a year."""
    return f"{unit}|{year}"


def records(work: Work, months: Iterable[UnitMonth]) -> dict[UnitMonth, list[Record]]:
    """The records of units' months that may count: as stored, and as this work has changed them."""
    found: dict[UnitMonth, list[Record]] = {place: [] for place in months}
    if found:
        units, at = {unit for unit, _ in found}, sorted(month for _, month in found)
        days = {"$gte": first_of(at[0]).isoformat(), "$lte": end_of(at[-1]).isoformat()}
        for record in _read(work, {"unit": {"$in": list(units)}, "day": days}):
            if (place := (record.unit, month_of(record.day))) in found:
                found[place].append(record)
    return found


def all_records(work: Work, units: Iterable[str]) -> dict[str, list[Record]]:
    """All records of units that may count, of whatever month."""
    found: dict[str, list[Record]] = {unit: [] for unit in units}
    for record in _read(work, {"unit": {"$in": list(found)}}):
        if record.unit in found:
            found[record.unit].append(record)
    return found


def _read(work: Work, wanted: Document) -> Iterable[Record]:
    """What the store has, and what this work has changed in its stead (whatever that is)."""
    for aggregate, states in _COUNTING:
        changed = work.changed(aggregate)
        stored = work.database[aggregate.collection].find(
            {**wanted, "state": {"$in": states}}, _CONTENT, session=work.session
        )
        for document in stored:
            if document["_id"] not in changed:
                yield aggregate.state.model_validate(without_bookkeeping(document))
        yield from changed.values()


def write(work: Work, months: Mapping[UnitMonth, Account]) -> None:
    """Keep units' months as they were counted; what an account says of other months stays."""
    years: dict[str, dict[str, Any]] = defaultdict(dict)
    units: dict[str, str] = {}
    for (unit, month), account in months.items():
        id = account_id(unit, month[:4])
        units[id] = unit
        years[id][f"counts.{month[5:]}"] = {kind: n for (_, kind), n in account.items() if n}
    for id, counts in years.items():
        asked = {"$set": counts, "$inc": {"recounts": 1}, "$setOnInsert": {"unit": units[id]}}
        work.write("accounts", pymongo.UpdateOne({"_id": id}, asked, upsert=True))


def replace(work: Work, accounts: Mapping[str, Account], stored: Mapping[str, Account]) -> None:
    """Keep units' accounts of all years as they were counted; what was stored of other months goes."""
    months: dict[UnitMonth, Account] = {}
    for unit, account in accounts.items():
        for month in {month for month, _ in (*account, *stored[unit])}:
            months[unit, month] = Counter({place: n for place, n in account.items() if place[0] == month})
    write(work, months)


def read(
    database: Database[Document], units: Iterable[str], years: Iterable[str], session: ClientSession | None = None
) -> dict[str, Account]:
    """The accounts of units in some years, as stored."""
    wanted = [account_id(unit, year) for unit in units for year in years]
    found: dict[str, Account] = defaultdict(Counter)
    for account in database["accounts"].find({"_id": {"$in": wanted}}, session=session):
        found[account["unit"]].update(read_account(account))
    return found


def of_units(work: Work, units: Iterable[str]) -> dict[str, Account]:
    """The accounts of units in all years, as stored."""
    found: dict[str, Account] = {unit: Counter() for unit in units}
    for account in work.database["accounts"].find({"unit": {"$in": list(found)}}, session=work.session):
        found[account["unit"]].update(read_account(account))
    return found


def read_account(account: Document) -> Account:
    """An account's numbers by month and kind."""
    year = account["_id"].rsplit("|", 1)[1]
    months: dict[str, dict[str, int]] = account.get("counts", {})
    return Counter({(f"{year}-{month}", kind): n for month, kinds in months.items() for kind, n in kinds.items() if n})
