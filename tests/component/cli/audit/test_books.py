"""The audit on a real replica set: it agrees with what is right, and finds what is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from services.cli.audit.books import Books
from services.cli.audit.command import told
from services.cli.audit.findings import Findings
from services.gateway.service.units import move_unit
from services.gateway.store.generation import QUEUE
from services.kernel.journal.store import Document, open_database
from services.kernel.message.event import Event
from services.organisation.contract import MoveUnit, UnitAdded, UnitKind
from services.registry import SOURCES
from services.study.contract import CorrectSession
from services.study.domain import SESSION
from services.study.domain.account import counts_of
from tests.component.gateway.figures import Figures, watermark
from tests.unit.gateway.owners import CAMPAIGN, NOW, PATHS, Owners, Step, event

LATER = NOW + timedelta(hours=1)
HISTORY: list[Step] = [
    ("report", 0, "B1", date(2026, 3, 5), 1),
    ("report", 1, "B1", date(2026, 3, 31), 2),
    ("report", 2, "B2", date(2026, 7, 9), 3),
    ("void", 1, "B1", date(2026, 3, 31), 2),
    ("correct", 2, "B2", date(2026, 2, 28), 4),
    ("essay", 0, "B1", date(2026, 3, 5), 0),
    ("live", 0, "D1", date(2026, 2, 28), 5),
    ("live", 1, "B2", date(2026, 3, 5), 1),
    ("overdue", 1, "B2", date(2026, 3, 5), 1),
]


class Province:
    """Owners and gateway as they stand after a small history, in databases of the test's own."""

    def __init__(self, mongo: str, client: MongoClient[Document], prefix: str) -> None:
        self.client, self.prefix = client, prefix
        self.owners = Owners.after(HISTORY)
        self.owners.events += [self._added(id, path) for id, path in PATHS.items()]
        self.gateway = Figures(mongo, client, f"{prefix}_gateway")
        self.gateway.project(self.owners.events)
        self.gateway.project([watermark(owner, LATER) for owner in SOURCES])
        self.keep()

    def _added(self, id: str, path: list[str]) -> Event:
        """What the gateway told when the unit came into its tree."""
        parent = path[-2] if len(path) > 1 else None
        told = UnitAdded(unit=id, day=date(2026, 1, 1), name=id, kind=UnitKind.department, parent=parent, path=path)
        return event("gateway", id, 1, told, len(self.owners.events) + list(PATHS).index(id))

    def owner(self, service: str) -> Database[Document]:
        """A service's own database."""
        return open_database(self.client, f"{self.prefix}_{service}")

    def keep(self) -> None:
        """Write the owners' states and journals, as the kernel keeps them."""
        for past in self.owners.events:
            entry = {"aggregate": past.subject, "n": past.aggregateversion, "unit": past.unit}
            row = {"recorded": past.recorded, **entry}
            self.owner(past.service)["journal"].update_one({"_id": past.id}, {"$set": row}, upsert=True)
        for (name, id), state in self.owners.states.items():
            kept = {"version": self.owners.versions[id], "head": b"", "paths": {}, "scope": []}
            service = "hotline" if name == "ticket" else "study"
            self.owner(service)[f"{name}s"].replace_one({"_id": id}, {**state.model_dump(), **kept}, upsert=True)
        accounts = self.owner("study")["accounts"]
        accounts.delete_many({})
        for (name, _), state in self.owners.states.items():
            for (month, kind), count in counts_of(state).items() if name in ("session", "lecture") else ():
                place = {"$inc": {f"counts.{month[5:]}.{kind}": count}, "$set": {"unit": state.unit}}
                accounts.update_one({"_id": f"{state.unit}|{month[:4]}"}, place, upsert=True)

    def audit(self) -> Findings:
        """Compare everything up to the owners' last word."""
        books = Books(self.client, self.prefix)
        until = books.until()
        assert until == LATER
        return books.compare(until)


@pytest.fixture
def province(mongo: str, mongo_client: MongoClient[Document], database: str) -> Province:
    return Province(mongo, mongo_client, database)


def test_what_is_right_agrees(province: Province) -> None:
    """Everything is compared and nothing differs; the last line says how much of each."""
    found = province.audit()
    assert (found.wrong, found.first) == (0, [])
    events, rollups = len(province.owners.events), province.gateway.database["rollups"].count_documents({})
    assert found.compared["facts"] == found.compared["journal"] == events
    assert found.compared["rollups"] == rollups > 0
    assert found.compared["states"] == 6 + len(PATHS)
    assert found.compared["windows"] > 8
    assert told(found, LATER)[-1] == (
        f"核对一致：事实 {events} 条，汇总 {rollups} 份，流水 {events} 条，"
        f"重算记录 {6 + len(PATHS)} 条、覆盖窗口 {found.compared['windows']} 个、"
        "应办情况 0 项，截至 2027-01-15 13:00:00"
    )


def _fact_gone(province: Province) -> None:
    province.gateway.database["facts"].delete_one({"type": "ticket.signed.v1"})


def _entry_gone(province: Province) -> None:
    province.owner("hotline")["journal"].delete_one({"aggregate": "t0", "n": 1})


def _rollup_changed(province: Province) -> None:
    sessions = "sum.study:sessions:leadership"
    province.gateway.database["rollups"].update_one({sessions: {"$exists": True}}, {"$inc": {sessions: 1}})


def _rollup_gone(province: Province) -> None:
    province.gateway.database["rollups"].delete_one({"unit": "P", "month": "2026-03"})


def _day_changed(province: Province) -> None:
    province.gateway.database["rollups"].update_one({"_id": "B1|2026-03"}, {"$inc": {"days.05.study:essays": 1}})


def _state_changed(province: Province) -> None:
    province.owner("study")["sessions"].update_one({"_id": "s0"}, {"$inc": {"due": 1}})


def _state_gone(province: Province) -> None:
    province.owner("study")["essays"].delete_one({"_id": "e0"})


def _account_changed(province: Province) -> None:
    province.owner("study")["accounts"].update_one({"unit": "B1"}, {"$inc": {"counts.07.theme_day": 1}})


def _version_ahead(province: Province) -> None:
    province.owner("hotline")["tickets"].update_one({"_id": "t0"}, {"$inc": {"version": 1}})


def _covered_twice(province: Province) -> None:
    key = "study.units_covered@campaign"
    facts = province.gateway.database["facts"]
    facts.update_one(
        {"entries.m": key, "unit": "B1"}, {"$set": {"entries.$[each].n": 2}}, array_filters=[{"each.m": key}]
    )


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (_fact_gone, "没有事实"),
        (_entry_gone, "没有 hotline 流水"),
        (_rollup_changed, "与事实之和不一致"),
        (_rollup_gone, "没有汇总"),
        (_day_changed, "汇总 B1|2026-03|05|study.essays"),
        (_state_changed, "记录 session s0 的现状与事实之和不一致"),
        (_state_gone, "记录 essay e0 不存在"),
        (_account_changed, "单位 B1 的活动次数登记与其记录不一致"),
        (_version_ahead, "记录 ticket t0"),
        (_covered_twice, f"study.units_covered@campaign B1 {CAMPAIGN.last} 计 2 次，应为 1 次"),
    ],
)
def test_what_is_wrong_is_found(province: Province, spoil: Callable[[Province], None], line: str) -> None:
    """A difference in any of the books is counted and named."""
    spoil(province)
    found = province.audit()
    assert found.wrong > 0
    assert any(line in each for each in found.first)
    assert told(found, LATER)[-1].startswith(f"核对不一致（{found.wrong} 处）")


def test_what_has_moved_agrees(province: Province) -> None:
    """Facts under the tree of their day are the roll-ups, whenever they came; one that is not so is found."""
    asked = MoveUnit(id="B1", parent="D2", day=date(2026, 3, 5), basis="机构改革方案")
    province.gateway.reform(lambda work: move_unit(work, asked))
    assert province.gateway.tell() == 2
    found = province.audit()
    assert (found.wrong, found.first) == (0, [])
    essays = "days.05.study:essays"
    place = {"unit": "D2", "month": "2026-03", essays: 1}
    assert province.gateway.database["rollups"].update_one(place, {"$inc": {essays: -1}}).matched_count == 1
    assert province.audit().wrong == 1


def test_what_changes_meanwhile_is_left_out(province: Province) -> None:
    """A record that moved after the instant of the audit is counted as moving, and is no difference."""
    content: dict[str, Any] = {"unit": "B1", "day": "2026-03-05", "way": "branch", "form": "theme_day", "title": "学习"}
    mended = CorrectSession.model_validate({**content, "id": "s0", "due": 40, "reason": "人数有误"})
    known = len(province.owners.events)
    province.owners.decide("study", SESSION, "s0", mended)
    later = province.owners.events[known].model_copy(update={"recorded": LATER + timedelta(seconds=1)})
    province.owners.events[known] = later
    province.keep()
    found = province.audit()
    assert (found.wrong, found.compared["moving"], found.compared["states"]) == (0, 1, 5 + len(PATHS))


def test_a_dropped_event_is_said_but_no_difference(province: Province) -> None:
    """What a person gave up counts as applied; a parked one is a difference with its reason."""
    gone = province.gateway.database["facts"].find_one_and_delete({"type": "ticket.signed.v1"})
    assert gone is not None
    held = {
        "_id": "h1",
        "queue": QUEUE,
        "event": gone["_id"],
        "aggregate": gone["record"],
        "owner": gone["service"],
        "recorded": gone["recorded"],
        "reason": "ValueError: 坏",
        "sort": "parked",
    }
    province.gateway.database["held"].insert_one(held)
    found = province.audit()
    assert sum("ValueError: 坏" in line for line in found.first) == 1
    assert any("已搁置：ValueError: 坏" in line for line in found.first)
    province.gateway.database["held"].update_one({"_id": "h1"}, {"$set": {"sort": "dropped"}})
    found = province.audit()
    assert (found.wrong, found.compared["dropped"], found.compared["moving"]) == (0, 1, 1)
    assert "已由人工放弃的事件：1 条" in told(found, LATER)


def test_what_is_set_aside_is_said(province: Province) -> None:
    """An owner's event that took effect and is set aside still is a difference; a message that nobody wrote is told."""
    held = province.gateway.database["held"]
    aside = {"queue": QUEUE, "sort": "parked"}
    held.insert_one({"_id": "h1", **aside, "event": None, "owner": None, "recorded": None, "reason": "坏"})
    found = province.audit()
    assert (found.wrong, found.compared["foreign"]) == (0, 1)
    assert "搁置的、不出自任何流水的消息：1 条（见 shengzhi parked list）" in told(found, LATER)
    known = province.owners.events[0]
    where = {"event": known.id, "owner": known.service, "recorded": known.recorded}
    held.insert_one({"_id": "h2", **aside, **where, "reason": "DuplicateKeyError"})
    assert [line for line in province.audit().first if "却仍被搁置：DuplicateKeyError" in line]


def test_without_a_word_of_every_owner_there_is_nothing_to_compare(province: Province) -> None:
    """As long as an owner has not said how far it is, no instant can be named."""
    province.gateway.database["projection"].update_one({"_id": "projection"}, {"$unset": {"watermarks.gateway": 1}})
    assert Books(province.client, province.prefix).until() is None
