"""`studied`: a member and a year: at which places they studied how often, and by which stays and campaigns that counts.

Two sessions of a member conflict here. A year knows by which stays of the member and by which campaigns its windows
were counted. Where these are others by now, all of the member's years are counted again, and the difference is told.
What earlier versions kept says nothing of stays: it was counted at the place where somebody studied first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from weakref import WeakKeyDictionary

import pymongo
from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections
from services.kernel.journal.work import Work
from services.kernel.message.event import Period
from services.kernel.rules.rules import campaign_of
from services.organisation.contract import Stay

from ..domain.covered import Counted, Place, Seen, covered, covered_first, flips
from . import members

Change = tuple[Place, int]
"""Once more (1) or once less (−1) at a place."""


def ensure_indexes(database: Database[Document]) -> None:
    """A member's years."""
    ensure_collections(database, ("studied",))
    database["studied"].create_index("member")


class _Read:
    """What one work has read and changed."""

    def __init__(self) -> None:
        self.years: dict[str, Document] = {}
        self.stays: dict[str, list[Stay]] = {}
        self.whole: set[str] = set()
        self.written: set[str] = set()


_READ: WeakKeyDictionary[Work, _Read] = WeakKeyDictionary()


def know(work: Work, stays: Mapping[str, list[Stay]]) -> None:
    """Members' stays that this work has read anyway."""
    _read(work).stays.update(stays)


def stays_of(work: Work, member: str) -> list[Stay]:
    """A member's stays, which must be loaded."""
    return _read(work).stays[member]


def load(work: Work, chosen: Iterable[str], days: Iterable[date]) -> None:
    """Read many members' years, as far as sessions on these days concern them, and those that are to be counted again
    with all of their years: each in one query.
    """
    known, wanted = _read(work), list(dict.fromkeys(chosen))
    years = {year for day in set(days) for year in _years(day, campaign_of(day, work.envelope.periods))}
    ids = [id for year in years for member in wanted if (id := _id(member, year)) not in known.years]
    if ids:
        known.years.update({id: _fresh(id) for id in ids})
        for row in work.database["studied"].find({"_id": {"$in": ids}}, session=work.session):
            known.years[row["_id"]] = row
        _load_stays(work, wanted)
        of = [(member, known.years[_id(member, year)]) for member in wanted for year in years]
        load_whole(work, [member for member, document in of if _is_stale(work, member, document)])


def load_whole(work: Work, chosen: Iterable[str]) -> None:
    """Read all years of members, and their stays."""
    known = _read(work)
    wanted = [member for member in dict.fromkeys(chosen) if member not in known.whole]
    if wanted:
        _load_stays(work, wanted)
        known.whole.update(wanted)
        for row in work.database["studied"].find({"member": {"$in": wanted}}, session=work.session):
            if row["_id"] not in known.written:
                known.years[row["_id"]] = row


def change(work: Work, member: str, changes: Sequence[Change]) -> Counter[Counted]:
    """Change a member's places, which must be loaded, and say what that changes in the windows."""
    known, found = _read(work), Counter[Counted]()
    if member in known.whole:
        found.update(count_again(work, member))
    days = [date.fromisoformat(place.day) for place, _ in changes]
    years = {year for day in days for year in _years(day, campaign_of(day, work.envelope.periods))}
    documents = {year: known.years[_id(member, year)] for year in sorted(years)}
    seen, stays = _seen(documents.values()), known.stays[member]
    found.update(flips(seen, changes, stays, _campaigns(work, documents.values())))
    for place, _ in changes:
        counts = documents[int(place.day[:4])]["seen"]
        if seen.counts[place.key]:
            counts[place.key] = seen.counts[place.key]
        else:
            counts.pop(place.key, None)
    for document in documents.values():
        _write(work, member, document)
    return found


def count_again(work: Work, member: str) -> Counter[Counted]:
    """Count all of a member's windows by their stays and the campaigns as they are now; give what that changes."""
    known = _read(work)
    documents = [row for row in known.years.values() if row.get("member") == member]
    stale = [document for document in documents if _is_stale(work, member, document)]
    if not stale:
        return Counter()
    before, campaigns = Counter[Counted](), _campaigns(work, documents)
    for stays, some in _by_stays(documents).items():
        if stays is None:
            before.update(covered_first(_seen(some), campaigns))
        else:
            told = [Stay.model_validate(dict(stay)) for stay in stays]
            before.update(covered(_seen(some), told, _told_campaigns(some)))
    found = covered(_seen(documents), known.stays[member], campaigns)
    found.subtract(before)
    for document in documents:
        _write(work, member, document)
    return found


def after(database: Database[Document], id: str, limit: int) -> list[Document]:
    """The next years of members, in the order of their ids."""
    return list(database["studied"].find({"_id": {"$gt": id}}).sort("_id").limit(limit))


def is_counted(document: Document, campaign: Period | None) -> bool:
    """Whether a year is kept as it is kept now, with a campaign if it has a place in it."""
    days = (key[:10] for key in document["seen"])
    if campaign is not None and campaign.id not in document.get("campaigns", {}):
        return not any(campaign.first.isoformat() <= day <= campaign.last.isoformat() for day in days)
    return "stays" in document


def _load_stays(work: Work, wanted: Iterable[str]) -> None:
    known = _read(work).stays
    unknown = [member for member in wanted if member not in known]
    if unknown:
        known.update({member: [] for member in unknown})
        known.update(members.stays_of_many(work.database, unknown, work.session))


def _is_stale(work: Work, member: str, document: Document) -> bool:
    """Whether a year's windows were counted by other stays than those known now, or without a campaign known now."""
    if document["version"] == 0:
        return False
    year = int(document["_id"].rsplit("|", 1)[1])
    known = document.get("campaigns", {})
    return document.get("stays") != _stored(_read(work).stays[member]) or any(
        period.id not in known for period in work.envelope.periods if period.first.year <= year <= period.last.year
    )


def _by_stays(documents: Iterable[Document]) -> dict[Any, list[Document]]:
    """Years by the stays by which they were counted; None for those that an earlier version has kept."""
    found: dict[Any, list[Document]] = defaultdict(list)
    for document in documents:
        if document["version"]:
            stays = document.get("stays")
            found[None if stays is None else tuple(tuple(stay.items()) for stay in stays)].append(document)
    return found


def _campaigns(work: Work, documents: Iterable[Document]) -> list[Period]:
    """Campaigns known now; what a year was counted by stays known."""
    found = {period.id: period for period in _told_campaigns(documents)}
    return list({**found, **{period.id: period for period in work.envelope.periods}}.values())


def _told_campaigns(documents: Iterable[Document]) -> list[Period]:
    told = {id: days for document in documents for id, days in document.get("campaigns", {}).items()}
    return [Period(id=id, first=first, last=last) for id, (first, last) in told.items()]


def _seen(documents: Iterable[Document]) -> Seen:
    return Seen({key: count for document in documents for key, count in document["seen"].items()})


def _write(work: Work, member: str, document: Document) -> None:
    """A year is written once, as this work leaves it in the end; a new one lets whoever learns of the member wait."""
    known, year = _read(work), int(document["_id"].rsplit("|", 1)[1])
    document["stays"] = _stored(known.stays[member])
    document["campaigns"] = {
        period.id: [period.first.isoformat(), period.last.isoformat()]
        for period in _campaigns(work, [document])
        if period.first.year <= year <= period.last.year
    }
    if document["_id"] not in known.written:
        known.written.add(document["_id"])
        if document["version"] == 0:
            work.write("members", pymongo.UpdateOne({"_id": member}, {"$inc": {"years": 1}}))
        document["member"], document["version"] = member, document["version"] + 1
        work.write("studied", pymongo.ReplaceOne({"_id": document["_id"]}, document, upsert=True))


def _stored(stays: Iterable[Stay]) -> list[Document]:
    return [stay.model_dump(mode="json") for stay in stays]


def _fresh(id: str) -> Document:
    return {"_id": id, "version": 0, "seen": {}}


def _years(day: date, campaign: Period | None) -> set[int]:
    """The years of all windows in which a day lies."""
    return {day.year, *(() if campaign is None else range(campaign.first.year, campaign.last.year + 1))}


def _id(member: str, year: int) -> str:
    return f"{member}|{year}"


def _read(work: Work) -> _Read:
    return _READ.setdefault(work, _Read())
