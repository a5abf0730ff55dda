"""The owners' journals and records, the gateway's facts and roll-ups: compared with one another, never written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from pymongo import MongoClient
from pymongo.client_session import ClientSession

from services.gateway.projection import is_level, key_of, spread
from services.gateway.store.generation import PROJECTION, QUEUE, Generation, current
from services.gateway.store.tree import lines_of
from services.kernel.journal.store import Document, open_database
from services.kernel.journal.work import without_bookkeeping
from services.kernel.message.event import Period
from services.kernel.rules.recount import Counted, Distinct, Place, Reached, counted_once
from services.organisation.contract import Stay
from services.registry import SOURCES
from services.study.domain.counted import COVERED
from services.study.store.uncounted import is_covering

from .findings import Findings
from .issued import differences as issued_differences
from .locked import differences
from .owed import compare_owed
from .recount import COUNTED, DISTINCT, MEMBERS_COVERED, members_covered

_CHUNK = 1000


class Books:
    """The databases of one installation, with the figures that are read or those of a generation being built."""

    def __init__(self, client: MongoClient[Document], prefix: str, building: Generation | None = None) -> None:
        self._client = client
        self._owners = {name: open_database(client, f"{prefix}_{name}") for name in SOURCES}
        self._gateway = self._owners["gateway"]
        self._place = PROJECTION if building is None else building.place
        self._queue = QUEUE if building is None else building.queue
        self._building = building is not None
        generation = building or current(self._gateway)
        self._facts, self._rollups = self._gateway[generation.facts], self._gateway[generation.rollups]
        given_up = self._gateway["held"].find({"sort": "dropped"}, {"aggregate": 1})
        self._given_up = {row["aggregate"] for row in given_up}
        """Records of which a person has given up an event, with a reason: dropping counts as applied."""
        self.campaigns = [
            Period(id=row["_id"], first=date.fromisoformat(row["opens"]), last=date.fromisoformat(row["closes"]))
            for row in self._gateway["campaigns"].find()
        ]

    def until(self) -> datetime | None:
        """All that any owner recorded up to this instant has come to the projection; None before all have said so."""
        marks = (self._gateway[PROJECTION].find_one({"_id": self._place}) or {}).get("watermarks", {})
        return min(marks.values()) if marks.keys() >= set(SOURCES) else None

    def compare(self, until: datetime) -> Findings:
        """Everything that was recorded up to an instant."""
        found = Findings()
        self.compare_rollups(found)
        for service in SOURCES:
            self.compare_journal(service, until, found)
        for source, kind in COUNTED:
            self.compare_states(source, kind, until, found)
        for source, distinct in DISTINCT:
            self.compare_distinct(source, distinct, until, found)
        self.compare_members_covered(until, found)
        self.compare_held(until, found)
        compare_owed(self._owners["study"], found)
        if not self._building:  # what is being built is ahead of the corrections, or behind them
            self.compare_locked(found)
            self.compare_issued(found)
        return found

    def compare_rollups(self, found: Findings) -> None:
        """Facts added up under the tree of the day are the month roll-ups, all at one instant."""
        expected: dict[tuple[str, str, str, str], int] = defaultdict(int)
        with self._client.start_session(snapshot=True) as session:
            entries = list(self._entries(session))
            lines = lines_of(self._gateway, {unit for unit, _, _, _ in entries}, session)
            for own, key, day, amount in entries:
                for unit, on, by in spread(lines[own], day, amount, is_level(key)):
                    expected[unit, on[:7], "", key] += by
                    expected[unit, on[:7], on[8:], key] += by
            found.compared["facts"] += self._count_facts(session)
            stored = self._rollups.find({}, session=session)
            for row in stored:
                found.compared["rollups"] += 1
                for day, cells in [("", row.get("sum", {})), *row.get("days", {}).items()]:
                    for name, amount in cells.items():
                        place = (row["unit"], row["month"], day, key_of(name))
                        if amount != expected.pop(place, 0):
                            found.differs(f"汇总 {'|'.join(place)} 为 {amount}，与事实之和不一致")
        for place, amount in expected.items():
            if amount:
                found.differs(f"事实之和 {'|'.join(place)} 为 {amount}，没有汇总")

    def compare_locked(self, found: Findings) -> None:
        """What was locked and what was corrected since make what the roll-ups say, all at one instant."""
        with self._client.start_session(snapshot=True) as session:
            compared, wrong = differences(self._gateway, self._rollups.name, session)
        found.compared["locked"] += compared
        for line in wrong:
            found.differs(line)

    def compare_issued(self, found: Findings) -> None:
        """What was kept of each issued report and what was corrected since make what the roll-ups say."""
        with self._client.start_session(snapshot=True) as session:
            compared, wrong = issued_differences(self._gateway, self._rollups.name, self.campaigns, session)
        found.compared["issued"] += compared
        for line in wrong:
            found.differs(line)

    def compare_journal(self, service: str, until: datetime, found: Findings) -> None:
        """Every entry that an owner recorded has its fact, and there is no fact without its entry."""
        journal, facts = self._owners[service]["journal"], self._facts
        recorded = {"recorded": {"$lte": until}}
        for entries in _chunks(journal.find(recorded, {"aggregate": 1}, sort=[("_id", 1)])):
            found.compared["journal"] += len(entries)
            for entry in _without(entries, facts):
                held = self._gateway["held"].find_one({"event": entry["_id"]}, {"reason": 1, "sort": 1})
                if held and held["sort"] == "dropped":
                    found.compared["dropped"] += 1
                    continue
                why = f"（已搁置：{held['reason']}）" if held else ""
                found.differs(f"{service} 流水 {entry['_id']}（记录 {entry['aggregate']}）没有事实{why}")
        for known in _chunks(facts.find({"service": service, **recorded}, {"record": 1}, sort=[("_id", 1)])):
            for fact in _without(known, journal):
                found.differs(f"事实 {fact['_id']}（记录 {fact['record']}）没有 {service} 流水")

    def compare_states(self, source: str, kind: Counted, until: datetime, found: Findings) -> None:
        """Each record as it stands counts exactly what its facts add up to, by metric, unit and day."""
        states = self._owners[source][kind.aggregate.collection]
        for documents in _chunks(states.find({}, sort=[("_id", 1)])):
            sums = self._facts_of([document["_id"] for document in documents])
            moving = self._moving(source, [document["_id"] for document in documents], until) | self._given_up
            for document in documents:
                if document["_id"] in moving:
                    found.compared["moving"] += 1
                    continue
                found.compared["states"] += 1
                state = kind.aggregate.state.model_validate(without_bookkeeping(document))
                version, counted = sums.get(document["_id"], (0, Counter()))
                if _plain(kind.count(state)) != _plain(counted):
                    found.differs(f"{source} 记录 {kind.aggregate.name} {document['_id']} 的现状与事实之和不一致")
                elif version != document["version"]:
                    found.differs(
                        f"{source} 记录 {kind.aggregate.name} {document['_id']} 为第 {document['version']} 版，"
                        f"事实只到第 {version} 版"
                    )
        told = {"service": source, "type": {"$regex": rf"^{kind.aggregate.name}\."}, "recorded": {"$lte": until}}
        grouped = self._facts.aggregate([{"$match": told}, {"$group": {"_id": "$record"}}])
        for known in _chunks(grouped):
            for fact in _without(known, states):
                found.differs(f"事实所指的 {source} 记录 {kind.aggregate.name} {fact['_id']} 不存在")

    def compare_distinct(self, source: str, distinct: Distinct, until: datetime, found: Findings) -> None:
        """A thing counts once in each window, for its unit, on the day of the first record that reaches it there."""
        owner, told = self._owners[source], Counter[Place]()
        standing: set[Reached] = set()
        for document in owner[distinct.aggregate.collection].find({"state": {"$ne": "void"}}):
            state = distinct.aggregate.state.model_validate(without_bookkeeping(document))
            standing |= distinct.reached(state, self.campaigns)
        expected = counted_once(standing)
        if distinct.metric == COVERED:  # what is no more when a window ends does not count in it
            ended = {row["_id"]: row["until"] for row in self._gateway["units"].find({"until": {"$ne": None}})}
            expected = Counter({p: n for p, n in expected.items() if p[1] not in ended or p[2] < ended[p[1]]})
        for unit, key, day, amount in self._entries(None, {"$regex": rf"^{distinct.metric}[.@]"}):
            told[key, unit, day] += amount
        later = {"$or": [{"recorded": {"$gt": until}}, {"aggregate": {"$in": list(self._given_up)}}]}
        moving = set(owner["journal"].distinct("unit", {"type": {"$regex": rf"^{distinct.keeper.name}\."}, **later}))
        if distinct.metric == COVERED and is_covering(owner):
            found.compared["moving"] += len(expected)
            return
        for place in expected.keys() | told.keys():
            if place[1] not in moving:
                found.compared["windows"] += 1
                if told[place] != expected[place]:
                    found.differs(f"{' '.join(place)} 计 {told[place]} 次，应为 {expected[place]} 次")

    def compare_members_covered(self, until: datetime, found: Findings) -> None:
        """Members count where they belong when a window ends: those present at standing sessions, counted anew."""
        study, told = self._owners["study"], Counter[tuple[str, str, str]]()
        later = set(study["journal"].distinct("aggregate", {"recorded": {"$gt": until}}))
        rolls = study["rolls"].find({"counted": True})
        presences = ((member, roll["day"], roll["unit"], roll["way"]) for roll in rolls for member in roll["present"])
        members = self._gateway["members"].find({}, {"stays": 1})
        belonged = {row["_id"]: [Stay.model_validate(stay) for stay in row["stays"]] for row in members}
        expected = members_covered(presences, self.campaigns, belonged)
        for unit, key, day, amount in self._entries(None, {"$regex": rf"^{MEMBERS_COVERED}[.@]"}):
            told[key, unit, day] += amount
        if is_covering(study):
            found.compared["moving"] += len(expected)
            return
        for place in expected.keys() | told.keys():
            found.compared["members_covered"] += 1
            if not later and expected[place] != told[place]:
                found.differs(f"{' '.join(place)} 计 {told[place]} 人，应为 {expected[place]} 人")

    def compare_held(self, until: datetime, found: Findings) -> None:
        """Nothing of an owner's is set aside. What no owner wrote is counted, but is no difference: it counts nothing.

        An entry without its fact is named where the journals are compared.
        """
        waiting = {
            "queue": self._queue,
            "sort": {"$ne": "dropped"},
            "$or": [{"recorded": None}, {"recorded": {"$lte": until}}],
        }
        with self._client.start_session(snapshot=True) as session:  # taking effect and being released are one
            for held in self._gateway["held"].find(waiting, session=session):
                event, owner = {"_id": held["event"]}, self._owners.get(held["owner"])
                if owner is None or owner["journal"].find_one(event, session=session) is None:
                    found.compared["foreign"] += 1
                elif self._facts.find_one(event, session=session) is not None:
                    found.differs(f"{held['owner']} 流水 {held['event']} 已有事实，却仍被搁置：{held['reason']}")

    def _entries(self, session: ClientSession | None, keys: Any = None) -> Iterator[tuple[str, str, str, int]]:
        """Facts added up by unit, key and day."""
        wanted = {} if keys is None else {"entries.m": keys}
        pipeline: list[Document] = [
            {"$match": wanted},
            {"$unwind": "$entries"},
            {"$match": wanted},
            {"$group": {"_id": {"u": "$entries.u", "m": "$entries.m", "d": "$entries.d"}, "n": {"$sum": "$entries.n"}}},
        ]
        for row in self._facts.aggregate(pipeline, session=session, allowDiskUse=True):
            yield row["_id"]["u"], row["_id"]["m"], row["_id"]["d"], row["n"]

    def _count_facts(self, session: ClientSession) -> int:
        counted = list(self._facts.aggregate([{"$count": "n"}], session=session))
        return int(counted[0]["n"]) if counted else 0

    def _facts_of(self, records: Sequence[str]) -> dict[str, tuple[int, Counter[Any]]]:
        """Each record's latest version among its facts, and what these add up to."""
        sums: dict[str, tuple[int, Counter[Any]]] = {}
        for fact in self._facts.find({"record": {"$in": list(records)}}):
            version, counted = sums.get(fact["record"], (0, Counter()))
            for entry in fact["entries"]:
                counted[entry["m"], entry["u"], entry["d"]] += entry["n"]
            sums[fact["record"]] = max(version, fact["version"]), counted
        return sums

    def _moving(self, service: str, records: Sequence[str], until: datetime) -> set[str]:
        """Records that changed after the instant up to which facts can be expected."""
        later = {"aggregate": {"$in": list(records)}, "recorded": {"$gt": until}}
        return set(self._owners[service]["journal"].distinct("aggregate", later))


def _plain(sums: Counter[Any]) -> dict[Any, int]:
    return {place: amount for place, amount in sums.items() if amount}


def _chunks(found: Iterable[Document]) -> Iterator[list[Document]]:
    source = iter(found)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk


def _without(documents: list[Document], collection: Any) -> list[Document]:
    """Those whose id the collection does not have."""
    wanted = [document["_id"] for document in documents]
    known = {row["_id"] for row in collection.find({"_id": {"$in": wanted}}, {"_id": 1})}
    return [document for document in documents if document["_id"] not in known]
