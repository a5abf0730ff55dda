"""Who was at a session, and why not: beside the journal, never in it, with what a member's windows are counted from.

| collection | one document for |
|---|---|
| `rolls` | a session whose due are on a list of members: those present (at most 1,000) |
| `absences` | a session and a member who was not there; illness or a personal matter is sealed |
| `absence_changes` | a change of a reported session's roll: what was, what is, by whom |
| `excuse_reasons` | an excuse: why, sealed |

What one work has read and changed so far is kept for as long as the work is. What it is told is written with the work,
so it is to be told last, when nothing can be refused any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import pymongo
from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.vault import Cipher
from services.kernel.journal.work import Work
from services.kernel.message.event import new_id
from services.kernel.settings import settings
from services.organisation.contract import Stay

from ..contract import HIDDEN, Reasons, Way
from ..domain.attendance import Named, Roll
from ..domain.covered import Counted, Place, unit_on
from . import members, studied


def ensure_indexes(database: Database[Document]) -> None:
    """Collections (transactions make none) and one index for each way of asking."""
    ensure_collections(database, ("rolls", "absences", "absence_changes", "excuse_reasons"))
    database["rolls"].create_index([("unit", 1), ("day", 1)])
    database["absences"].create_index([("session", 1), ("member", 1)])
    database["absences"].create_index([("member", 1), ("day", -1), ("_id", -1)])
    database["absences"].create_index("excuse", partialFilterExpression={"excuse": {"$gt": ""}})
    database["absence_changes"].create_index([("session", 1), ("time", 1)])


@dataclass(frozen=True)
class Kept:
    """A roll where it belongs; `counted` while its session is in the figures."""

    roll: Roll
    unit: str
    day: date
    way: Way
    counted: bool

    def places(self) -> dict[str, Place]:
        """Where those present count, by member; nowhere while the session does not."""
        place = Place(self.day.isoformat(), self.unit, str(self.way))
        return dict.fromkeys(self.roll.present, place) if self.counted else {}


class _Open:
    """What one work has read and changed."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept | None] = {}
        self.rolls: dict[str, Document] = {}
        self.absences: set[str] = set()
        self.members: dict[str, dict[str, list[Stay]]] = {}
        self.excuses: dict[str, list[Document]] = {}


_OPEN: WeakKeyDictionary[Work, _Open] = WeakKeyDictionary()


def get(work: Work, session: str) -> Kept | None:
    """The roll of a session; None where its due were given as a number."""
    load(work, [session])
    return _open(work).kept[session]


def load(work: Work, sessions: Iterable[str]) -> None:
    """Read many sessions' rolls in two queries."""
    known = _open(work)
    kept = known.kept
    wanted = [session for session in dict.fromkeys(sessions) if session not in kept]
    if wanted:
        named: dict[str, list[Named]] = {session: [] for session in wanted}
        for row in work.database["absences"].find({"session": {"$in": wanted}}, session=work.session):
            named[row["session"]].append(_named(row))
            known.absences.add(row["_id"])
        kept.update(dict.fromkeys(wanted))
        for row in work.database["rolls"].find({"_id": {"$in": wanted}}, session=work.session):
            kept[row["_id"]] = _kept(row, named[row["_id"]])


def put(work: Work, session: str, kept: Kept | None, why: str) -> Counter[Counted]:
    """Keep a session's roll (None: it has none any more); give what that changes in the windows of its members."""
    known, was = _open(work), get(work, session)
    if kept == was:
        return Counter()
    known.kept[session] = kept
    _write_roll(work, known, session, kept)
    _write_absences(work, known, session, was, kept, why)
    before, after = (({} if each is None else each.places()) for each in (was, kept))
    moved = [member for member in before.keys() | after.keys() if before.get(member) != after.get(member)]
    studied.load(work, moved, [each.day for each in (was, kept) if each is not None and each.counted])
    found: Counter[Counted] = Counter()
    for member in moved:
        changes = [(place, by) for place, by in ((before.get(member), -1), (after.get(member), 1)) if place is not None]
        found.update(studied.change(work, member, changes))
    return found


def due_on(work: Work, unit: str, day: date) -> list[str]:
    """Who belonged to a unit on a day, by number."""
    known = _open(work).members
    if unit not in known:
        known[unit] = members.of_unit(work.database, unit, work.session)
        studied.know(work, known[unit])
    return sorted(member for member, stays in known[unit].items() if unit_on(stays, day) == unit)


def excused_on(work: Work, unit: str, day: date) -> list[Named]:
    """Those of a unit's members whom an excuse covers on a day, each with its true reason."""
    known = _open(work)
    if unit not in known.excuses:
        due_on(work, unit, day)
        wanted = {"member": {"$in": list(known.members[unit])}, "state": "recorded"}
        known.excuses[unit] = list(work.database["excuses"].find(wanted, session=work.session))
        for row in known.excuses[unit]:
            row["why"] = excuse_reason(work.database, row["_id"], work.session)
    at = day.isoformat()
    return [
        Named(member=row["member"], reason=row["why"], excuse=row["_id"])
        for row in known.excuses[unit]
        if row["first"] <= at <= row["last"]
    ]


def keep_excuse_reason(work: Work, excuse: str, reason: str) -> None:
    """Keep why somebody is excused, sealed."""
    row = {"_id": excuse, "sealed": seal(reason, excuse)}
    work.write("excuse_reasons", pymongo.ReplaceOne({"_id": excuse}, row, upsert=True))


def excuse_reason(database: Database[Document], excuse: str, session: ClientSession | None = None) -> str:
    """Why somebody is excused."""
    row: Any = database["excuse_reasons"].find_one({"_id": excuse}, session=session)
    return unseal(row["sealed"], excuse)


def overlapping(work: Work, excuse: str, member: str, first: date, last: date) -> list[str]:
    """Other excuses that stand for a member on any of these days."""
    wanted = {
        "member": member,
        "last": {"$gte": first.isoformat()},
        "first": {"$lte": last.isoformat()},
        "state": "recorded",
        "_id": {"$ne": excuse},
    }
    return [row["_id"] for row in work.database["excuses"].find(wanted, {"_id": 1}, session=work.session)]


def of_member(work: Work, units: Iterable[str], first: date, last: date) -> list[str]:
    """The sessions with a roll that these units held on these days."""
    wanted = {"unit": {"$in": list(units)}, "day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
    return [row["_id"] for row in work.database["rolls"].find(wanted, {"_id": 1}, session=work.session)]


def excused_by(work: Work, excuse: str) -> list[Document]:
    """The absences that an excuse brought about."""
    return list(work.database["absences"].find({"excuse": excuse}, session=work.session))


def absences(database: Database[Document], session: str) -> list[Named]:
    """Who was not at a session, and why."""
    return [_named(row) for row in database["absences"].find({"session": session}, sort=[("member", 1)])]


def seal(reason: str, place: str) -> bytes:
    """A reason that is not to be read in the store."""
    return _cipher().encrypt(reason.encode(), place)


def unseal(sealed: bytes, place: str) -> str:
    """The reason again."""
    return _cipher().decrypt(sealed, place).decode()


def _write_roll(work: Work, known: _Open, session: str, kept: Kept | None) -> None:
    if kept is None:
        work.write("rolls", pymongo.DeleteOne({"_id": session}))
        known.rolls.pop(session, None)
        return
    content = {
        "unit": kept.unit,
        "day": kept.day.isoformat(),
        "way": str(kept.way),
        "counted": kept.counted,
        "present": kept.roll.present,
    }
    if session in known.rolls:
        known.rolls[session].update(content)
    else:
        known.rolls[session] = {"_id": session, **content}
        work.write("rolls", pymongo.ReplaceOne({"_id": session}, known.rolls[session], upsert=True))


def _write_absences(work: Work, known: _Open, session: str, was: Kept | None, now: Kept | None, why: str) -> None:
    """A row that the store has is changed in place: replaced whole it takes three times as long."""
    before, after = _by_member(was), _by_member(now)
    moved = was is not None and now is not None and (was.unit, was.day) != (now.unit, now.day)
    for member in before.keys() | after.keys():
        named, id = after.get(member), f"{session}|{member}"
        if named is None:
            work.write("absences", pymongo.DeleteOne({"_id": id}))
        elif now is not None and (named != before.get(member) or moved):
            row = _row(id, session, now, named)
            if id in known.absences:
                work.write("absences", pymongo.UpdateOne({"_id": id}, {"$set": row}, upsert=True))
            else:
                work.insert("absences", {"_id": id, **row})
                known.absences.add(id)
        if was is not None and was.counted and named != before.get(member):
            change = _change(work, session, member, before.get(member), named)
            work.insert("absence_changes", {**change, "why": why})


def _by_member(kept: Kept | None) -> dict[str, Named]:
    return {} if kept is None else {named.member: named for named in kept.roll.named}


def _row(id: str, session: str, kept: Kept, named: Named) -> Document:
    return {
        "session": session,
        "member": named.member,
        "unit": kept.unit,
        "day": kept.day.isoformat(),
        "told": str(named.told),
        "sealed": seal(named.reason, id) if named.reason in HIDDEN else None,
        "excuse": named.excuse,
        "before": None if named.before is None else str(named.before),
    }


def _change(work: Work, session: str, member: str, was: Named | None, now: Named | None) -> Document:
    told = {name: None if each is None else str(each.told) for name, each in (("was", was), ("now", now))}
    actor = work.envelope.actor.user
    return {"_id": new_id(), "session": session, "member": member, **told, "actor": actor, "time": work.now}


def _named(row: Mapping[str, Any]) -> Named:
    reason = Reasons(row["told"]) if row["sealed"] is None else Reasons(unseal(row["sealed"], row["_id"]))
    before = None if row["before"] is None else Reasons(row["before"])
    return Named(member=row["member"], reason=reason, excuse=row["excuse"], before=before)


def _kept(row: Mapping[str, Any], named: list[Named]) -> Kept:
    roll = Roll(present=row["present"], named=named)
    return Kept(roll, row["unit"], date.fromisoformat(row["day"]), Way(row["way"]), row["counted"])


def _open(work: Work) -> _Open:
    return _OPEN.setdefault(work, _Open())


@cache
def _cipher() -> Cipher:
    return Cipher(settings().secret("master.key"))
