"""Who was at which session, on a real store: the figures are the records, whatever comes in whatever order."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient

from services.cli.audit.recount import members_covered
from services.kernel.journal.journal import Journal
from services.kernel.journal.store import Document, ensure_collections, in_transaction, open_database
from services.kernel.journal.upgrade import upgrade
from services.kernel.journal.work import without_bookkeeping
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Envelope, Period, method_name, new_id
from services.kernel.rules.recount import counted_once
from services.kernel.settings import settings as installed
from services.organisation.contract import Stay
from services.study import contract as c
from services.study import store
from services.study.domain import ATTENDANCE, COVERAGE, EXCUSE, SESSION, KnownUnit
from services.study.domain.attendance import Named, as_flips
from services.study.domain.counted import covered
from services.study.domain.covered import Counted, Seen, covered_first
from services.study.service import covering
from services.study.service.attendances import Attendances
from services.study.service.attended import decide_session, name
from services.study.service.covering import Covering
from services.study.store import rolls
from tests.component.edge import acting
from tests.component.explained import scans, watched
from tests.unit.study.records import NOW, SPRING, SUMMER

AUTUMN = Period(id="C0", first=date(2025, 9, 1), last=date(2025, 12, 31))
PERIODS = [AUTUMN, SPRING, SUMMER]
BRANCHES, MEMBERS = ("B1", "B2"), [f"DY-{number}" for number in range(5)]
DAYS = [date(2026, 1, 9), date(2026, 1, 20), date(2026, 3, 30), date(2026, 4, 10), date(2026, 4, 20), date(2026, 6, 3)]
PATHS = {branch: ["R", branch] for branch in BRANCHES}


class Branches(Attendances):
    """The service's own entrypoints on a journal, without a bus; members are moved as the gateway would tell."""

    name = "study"
    permits = c.PERMITS

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    @staticmethod
    def on(database: Any) -> Journal:
        """The same journal by way of another client."""
        made = Journal(
            database, service="study", site="test", chain_key=b"k" * 32, clock=lambda: NOW, transaction_seconds=60
        )
        made.follow = covering.follow
        return made

    def clear(self) -> None:
        """Begin without records, two branches with members."""
        for collection in self.journal.database.list_collection_names():
            self.journal.database[collection].delete_many({})
        for branch in BRANCHES:
            self.there(branch)
        for period in PERIODS:
            with self.journal.database.client.start_session() as session:
                store.uncounted.open_campaign(self.journal.database, period, session)
        for number, member in enumerate(MEMBERS):
            self.belongs(member, BRANCHES[number % 2])
        self.settle()

    def there(self, branch: str, until: date | None = None) -> None:
        """A branch is known, maybe to be no more from a day on."""
        unit = KnownUnit(
            name=branch, kind="branch", path=PATHS[branch], members=5, active_from=date(2025, 1, 1), until=until
        )
        in_transaction(
            self.journal.database, lambda session: store.units.learn(self.journal.database, branch, unit, session)
        )
        if until is not None:
            store.uncounted.note(self.journal.database, "unit", [branch], NOW)

    def settle(self) -> None:
        """What is to be counted again in the background has been."""
        covering = Covering(self.journal)
        while covering.step():
            pass

    def belongs(self, member: str, unit: str, since: date = date(2025, 1, 1)) -> None:
        """From a day on a member belongs to a unit."""
        known = store.members.stays_of(self.journal.database, member)
        stays = [stay for stay in known if stay.first < since]
        if stays:
            stays[-1] = stays[-1].model_copy(update={"until": since})
        stays.append(Stay(unit=unit, first=since))
        document = {"_id": member, "version": 1, "stays": [stay.model_dump(mode="json") for stay in stays]}
        self.journal.database["members"].replace_one({"_id": member}, document, upsert=True)
        store.uncounted.note(self.journal.database, "member", [member], NOW)

    def envelope(self) -> Envelope:
        """Of somebody who may act for both branches."""
        actor = Actor(user="u", role="unit_admin", unit="R")
        deadline = datetime.now(NOW.tzinfo) + timedelta(seconds=60)
        return Envelope(command_id=new_id(), actor=actor, paths=PATHS, periods=PERIODS, deadline=deadline)

    def sent(self, command: Any) -> tuple[Any, Any]:
        """A command as it comes over the bus."""
        actor = acting(c.PERMITS, method_name(type(command)), "R", None, "unit_admin")
        return self.envelope().model_copy(update={"actor": actor}), command.model_dump(mode="json")

    def on_session(self, id: str, *commands: Any) -> None:
        """Decide commands on a session in one transaction."""
        self.journal.transact(self.envelope(), lambda work: [decide_session(work, id, each) for each in commands])

    def name_member(self, id: str, member: str, reason: c.Reasons | None) -> None:
        """Name one member of a session, or say that they were there."""
        named = None if reason is None else Named(member=member, reason=reason)
        self.journal.transact(self.envelope(), lambda work: name(work, id, [(member, named)], "核对"))

    def figures(self) -> Counter[tuple[str, str, str]]:
        """What a subscriber makes of the events: members and units by key, unit and day."""
        sums: Counter[tuple[str, str, str]] = Counter()
        for type, thing in ((c.AttendanceCounted.type, "members"), (c.CoverageCounted.type, "units")):
            for entry in self.journal.database["journal"].find({"type": type}):
                for flip in entry["data"]["flips"]:
                    way = f".{flip['way']}" if flip["way"] else ""
                    change = flip.get("change", flip.get("now", 0) - flip.get("was", 0))
                    place = flip.get("unit", entry["unit"]), flip["day"]
                    sums[f"study.{thing}_covered{way}@{flip['grain']}", *place] += change
        return Counter({place: amount for place, amount in sums.items() if amount})

    def recounted(self) -> Counter[tuple[str, str, str]]:
        """The same, directly from the sessions that stand, the members who were there and the units that there are."""
        presences, reached = [], set()
        ended = {row["_id"]: row["until"] for row in self.journal.database["units"].find({"until": {"$ne": None}})}
        for session in self.journal.database["sessions"].find({"state": "submitted"}):
            state = SESSION.state.model_validate(without_bookkeeping(session))
            reached |= {each for each in covered(state, PERIODS) if each[0][2] < ended.get(each[0][1], "9999")}
        for session in self.journal.database["sessions"].find({"state": "submitted", "listed": True}):
            roll = self.journal.database["rolls"].find_one({"_id": session["_id"]})
            assert roll is not None
            named = {row["member"] for row in self.journal.database["absences"].find({"session": session["_id"]})}
            assert not named & set(roll["present"])
            assert session["due"] == len(roll["present"]) + len(named)
            presences += [(member, session["day"], session["unit"], session["way"]) for member in roll["present"]]
        members = {member: store.members.stays_of(self.journal.database, member) for member in MEMBERS}
        return members_covered(presences, PERIODS, members) + counted_once(reached)


@pytest.fixture(scope="module")
def branches(mongo_client: MongoClient[Document], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Branches]:
    folder: Path = tmp_path_factory.mktemp("keys")
    (folder / "master.key").write_bytes(os.urandom(32))
    os.environ["SHENGZHI_SECRETS"] = str(folder)
    installed.cache_clear()
    rolls._cipher.cache_clear()
    database = open_database(mongo_client, f"t{new_id().replace('-', '')[-12:]}")
    journal = Branches.on(database)
    journal.ensure_indexes()
    ensure_collections(database, (each.collection for each in (SESSION, COVERAGE, ATTENDANCE, EXCUSE)))
    store.ensure_indexes(database)
    yield Branches(journal)
    mongo_client.drop_database(database.name)
    del os.environ["SHENGZHI_SECRETS"]
    installed.cache_clear()
    rolls._cipher.cache_clear()


def content(unit: str = "B1", day: date = DAYS[0], **fields: Any) -> dict[str, Any]:
    return {"unit": unit, "day": day, "way": "branch", "form": "theme_day", "title": "党日", **fields}


def hold(id: str, **fields: Any) -> c.HoldSession:
    return c.HoldSession(id=id, **content(**fields))


WAYS = {"branch": "theme_day", "youth": "group_study"}
VERBS = (
    *("report", "report", "hold", "submit", "correct", "by_count", "return", "void", "name"),
    *("move", "excuse", "back", "end", "settle"),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(0, 3),
        st.sampled_from(BRANCHES),
        st.sampled_from(DAYS),
        st.sampled_from(MEMBERS),
        st.sampled_from([None, *c.Reasons]),
        st.sampled_from(list(WAYS)),
    ),
    max_size=20,
)


def take(
    branches: Branches, place: int, verb: str, number: int, unit: str, day: date, member: str, reason: Any, way: str
) -> None:
    """One step."""
    id = f"s{number}"
    known = branches.journal.get(SESSION, id)
    told = content(known.unit if known else unit, day, way=way, form=WAYS[way])
    named = [{"member": member, "reason": reason}] if reason else []
    commands: dict[str, Callable[[], list[Any]]] = {
        "report": lambda: [c.HoldSession(id=id, named=named, **told), c.SubmitSession(id=id)],
        "hold": lambda: [c.HoldSession(id=id, named=named, **told)],
        "submit": lambda: [c.SubmitSession(id=id)],
        "correct": lambda: [c.CorrectSession(id=id, named=named, reason="有误", **told)],
        "by_count": lambda: [c.CorrectSession(id=id, due=7, reason="有误", **told)],
        "return": lambda: [c.ReturnSession(id=id, reason="缺项")],
        "void": lambda: [c.VoidSession(id=id, reason="重复")],
    }
    if verb in commands:
        branches.on_session(id, *commands[verb]())
    elif verb == "name":
        branches.name_member(id, member, reason)
    elif verb == "move":
        branches.belongs(member, unit, day)
    elif verb == "end":
        branches.there(unit, until=day)
    elif verb == "settle":
        branches.settle()
    elif verb == "excuse":
        days = {"first": day, "last": day + timedelta(days=30)}
        asked = c.RecordExcuse(id=f"e{place}", member=member, reason=c.ExcuseReason.illness, **days)
        branches.record_excuse(*branches.sent(asked))
    else:
        for excuse in branches.journal.database["excuses"].find({"state": "recorded"}, sort=[("_id", 1)], limit=1):
            branches.withdraw_excuse(*branches.sent(c.WithdrawExcuse(id=excuse["_id"], reason="有误")))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
@pytest.mark.row("S8")
def test_the_figures_are_the_records(branches: Branches, steps: list[tuple[Any, ...]]) -> None:
    """However sessions are recorded, corrected, returned, taken back and recorded again, members named, excused and
    moved: what the events add up to is a direct count over the records in the end; what is refused changes nothing.
    """
    branches.clear()
    for place, step in enumerate(steps):
        with contextlib.suppress(DomainError):
            take(branches, place, *step)
    branches.settle()
    assert branches.figures() == branches.recounted()


@pytest.mark.row("S8")
def test_a_branch_whose_members_came_from_elsewhere_is_covered(branches: Branches) -> None:
    """Everybody studied at another branch first, came over, and was at three sessions here: of the campaign, all of
    them are covered here and nobody there.
    """
    branches.clear()
    branches.on_session("s0", hold("s0", unit="B1", day=DAYS[4]), c.SubmitSession(id="s0"))
    for member in MEMBERS[::2]:
        branches.belongs(member, "B2", date(2026, 5, 4))
    for number in range(3):
        held = hold(f"t{number}", unit="B2", day=date(2026, 5, 5) + timedelta(days=number))
        branches.on_session(f"t{number}", held, c.SubmitSession(id=f"t{number}"))
    branches.settle()
    found, end = branches.figures(), SUMMER.last.isoformat()
    assert found["study.members_covered@campaign", "B2", end] == len(MEMBERS)
    assert found["study.members_covered@campaign", "B1", end] == 0
    assert found["study.members_covered@month", "B1", "2026-04-30"] == len(MEMBERS[::2])
    assert found == branches.recounted()


@pytest.mark.row("S8")
def test_what_earlier_versions_counted_is_set_right_once(branches: Branches) -> None:
    """Members counted where they studied first, units on the day of their first session: taken back and counted where
    they belong when the window ends, by new entries; the old ones stay. It waits until it has heard of all campaigns.
    """
    branches.clear()
    for number, (unit, day) in enumerate((("B1", DAYS[0]), ("B2", DAYS[4]), ("B1", DAYS[5]))):
        branches.on_session(f"s{number}", hold(f"s{number}", unit=unit, day=day), c.SubmitSession(id=f"s{number}"))
    branches.belongs(MEMBERS[0], "B2", date(2026, 2, 1))
    _as_told_by_an_earlier_version(branches)
    before = list(branches.journal.database["journal"].find())
    assert branches.figures() != branches.recounted()
    branches.journal.database["campaigns"].delete_one({"_id": SUMMER.id})
    branches.settle()
    assert list(branches.journal.database["journal"].find()) == before
    with branches.journal.database.client.start_session() as session:
        store.uncounted.open_campaign(branches.journal.database, SUMMER, session)
    store.uncounted.note(branches.journal.database, "campaign", [each.id for each in PERIODS], NOW)
    upgrade(branches.journal, [COVERAGE])
    branches.settle()
    assert branches.figures() == branches.recounted()
    entries = {entry["_id"]: entry for entry in branches.journal.database["journal"].find()}
    assert [entries[entry["_id"]] for entry in before] == before
    branches.settle()
    assert branches.journal.database["journal"].count_documents({}) == len(entries)


@pytest.mark.row("S8")
def test_a_campaign_that_is_opened_over_days_with_sessions(branches: Branches) -> None:
    """Who studied on its days before it was opened is covered in it."""
    branches.clear()
    day = date(2025, 6, 3)
    branches.on_session("s", hold("s", day=day), c.SubmitSession(id="s"))
    later = Period(id="C9", first=date(2025, 6, 1), last=date(2025, 6, 15))
    with branches.journal.database.client.start_session() as session:
        store.uncounted.open_campaign(branches.journal.database, later, session)
    store.uncounted.note(branches.journal.database, "campaign", ["C9"], NOW)
    branches.settle()
    found = branches.figures()
    assert found["study.members_covered@campaign", "B1", "2025-06-15"] == len(MEMBERS[::2])
    assert found["study.units_covered@campaign", "B1", "2025-06-15"] == 1


def _as_told_by_an_earlier_version(branches: Branches) -> None:
    """What 0.1.0 would have kept and told of the same sessions."""
    database = branches.journal.database
    told: Counter[Counted] = Counter()
    years: dict[str, list[Document]] = {}
    for row in database["studied"].find():
        years.setdefault(row["member"], []).append(row)
    for rows in years.values():
        told.update(covered_first(Seen({key: n for row in rows for key, n in row["seen"].items()}), PERIODS))
    database["studied"].update_many({}, {"$unset": {"stays": "", "campaigns": ""}})
    database["journal"].delete_many({"type": c.AttendanceCounted.type})
    database["attendances"].delete_many({})
    asked = c.CountAttendance(unit="B1", day=DAYS[0], flips=as_flips(told))
    branches.journal.transact(branches.envelope(), lambda work: work.decide(ATTENDANCE, "attendance:s0", asked))
    for record in database["coverages"].find():
        for entry in database["journal"].find({"aggregate": record["_id"]}):
            for flip in entry["data"]["flips"]:
                flip["day"] = entry["day"]
            data = {name: value for name, value in entry["data"].items() if name not in ("spans", "until")}
            database["journal"].update_one({"_id": entry["_id"]}, {"$set": {"data": data}})
    database["coverages"].update_many({}, {"$unset": {"spans": "", "until": "", "counts": ""}})
    database["recounts"].delete_many({})
    database["uncounted"].delete_many({})


def test_what_is_said_of_a_member_more_than_once_ends_as_it_was_said_last(branches: Branches) -> None:
    """In one transaction, whether the store had a row of that absence before or not."""
    branches.clear()
    branches.on_session("s1", hold("s1"), c.SubmitSession(id="s1"))
    for reasons in ((c.Reasons.absent, None, c.Reasons.duty), (None, c.Reasons.illness), (c.Reasons.absent, None)):

        def act(work: Any, reasons: Any = reasons) -> None:
            for reason in reasons:
                named = None if reason is None else Named(member="DY-0", reason=reason)
                assert name(work, "s1", [("DY-0", named)], "核对") == 1

        branches.journal.transact(branches.envelope(), act)
        found = [named.reason for named in rolls.absences(branches.journal.database, "s1")]
        assert found == [reason for reason in reasons[-1:] if reason]


@pytest.mark.row("S7")
def test_a_correction_keeps_what_was(branches: Branches) -> None:
    """Who changed whose attendance of a reported session, from what to what, is kept beside the journal."""
    branches.clear()
    branches.on_session("s", hold("s"), c.SubmitSession(id="s"))
    branches.name_member("s", "DY-0", c.Reasons.illness)
    branches.name_member("s", "DY-0", None)
    kept = branches.journal.database["absence_changes"].find(sort=[("_id", 1)])
    assert [(row["member"], row["was"], row["now"], row["actor"]) for row in kept] == [
        ("DY-0", None, "excused", "u"),
        ("DY-0", "excused", None, "u"),
    ]


def test_a_reason_is_sealed_in_the_store(branches: Branches) -> None:
    """Illness can be read in no document, and is told to who may know it."""
    branches.clear()
    branches.on_session("s", hold("s", named=[{"member": "DY-0", "reason": "illness"}]), c.SubmitSession(id="s"))
    database = branches.journal.database
    for collection in database.list_collection_names():
        assert not any("illness" in repr(document) for document in database[collection].find())
    assert [named.reason for named in rolls.absences(database, "s")] == [c.Reasons.illness]


def test_two_sessions_of_a_member_never_both_count_as_first(branches: Branches) -> None:
    """Reported at the same time, in different years of one campaign or in one: a member's document lets one wait."""
    branches.clear()
    days = [day for day in DAYS if day < SPRING.last] * 3
    with ThreadPoolExecutor(6) as pool:
        reports = [
            pool.submit(branches.on_session, f"c{n}", hold(f"c{n}", day=day), c.SubmitSession(id=f"c{n}"))
            for n, day in enumerate(days)
        ]
        for report in reports:
            report.result()
    assert branches.figures() == branches.recounted()


def test_every_query_walks_an_index(branches: Branches, mongo: str) -> None:
    """Reporting, naming, excusing, listing: all that is asked of the store is explained, and none of it scans."""
    branches.clear()
    with watched(mongo, branches.journal.database.name) as (database, queries):
        asking = Branches(branches.on(database))
        asking.on_session("s", hold("s", named=[{"member": "DY-0", "reason": "illness"}]), c.SubmitSession(id="s"))
        asking.name_member("s", "DY-2", c.Reasons.absent)
        excuse = c.RecordExcuse(id="e", member="DY-2", first=DAYS[0], last=DAYS[0], reason=c.ExcuseReason.duty)
        asking.record_excuse(*asking.sent(excuse))
        asking.withdraw_excuse(*asking.sent(c.WithdrawExcuse(id="e", reason="有误")))
        for asked in (
            c.ListExcuses(unit="R"),
            c.ListExcuses(unit="R", state="recorded"),
            c.ListExcuses(unit="R", member="DY-2"),
        ):
            asking.list_excuses(*asking.sent(asked))
        asking.list_absences(*asking.sent(c.ListAbsences(member="DY-0")))
        asking.get_attendance(*asking.sent(c.GetAttendance(id="s")))
        asking.get_excuse(*asking.sent(c.GetExcuse(id="e")))
        store.members.changes(asking.journal.database)
        assert len(queries.sent) > 10
        assert scans(database, queries) == []
