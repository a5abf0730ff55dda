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
from services.gateway.contract import Stay
from services.kernel.errors import DomainError
from services.kernel.event import Actor, Envelope, Period, method_name, new_id
from services.kernel.journal import Journal
from services.kernel.settings import settings as installed
from services.kernel.store import Document, ensure_collections, open_database
from services.study import contract as c
from services.study import store
from services.study.domain import ATTENDANCE, COVERAGE, EXCUSE, SESSION
from services.study.domain.attendance import Named
from services.study.service.attendances import Attendances
from services.study.service.attended import decide_session, name
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
        return Journal(
            database, service="study", site="test", chain_key=b"k" * 32, clock=lambda: NOW, transaction_seconds=60
        )

    def clear(self) -> None:
        """Begin without records, two branches with members."""
        for collection in self.journal.database.list_collection_names():
            self.journal.database[collection].delete_many({})
        for number, member in enumerate(MEMBERS):
            self.belongs(member, BRANCHES[number % 2])

    def belongs(self, member: str, unit: str, since: date = date(2025, 1, 1)) -> None:
        """From a day on a member belongs to a unit."""
        known = store.members.stays_of(self.journal.database, member)
        stays = [stay for stay in known if stay.first < since]
        if stays:
            stays[-1] = stays[-1].model_copy(update={"until": since})
        stays.append(Stay(unit=unit, first=since))
        document = {"_id": member, "version": 1, "stays": [stay.model_dump(mode="json") for stay in stays]}
        self.journal.database["members"].replace_one({"_id": member}, document, upsert=True)

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
        """What a subscriber makes of the events: members by key, unit and day."""
        sums: Counter[tuple[str, str, str]] = Counter()
        for entry in self.journal.database["journal"].find({"type": c.AttendanceCounted.type}):
            for flip in entry["data"]["flips"]:
                way = f".{flip['way']}" if flip["way"] else ""
                sums[f"study.members_covered{way}@{flip['grain']}", flip["unit"], flip["day"]] += flip["change"]
        return Counter({place: amount for place, amount in sums.items() if amount})

    def recounted(self) -> Counter[tuple[str, str, str]]:
        """The same, directly from the sessions that stand and the members who were there."""
        presences = []
        for session in self.journal.database["sessions"].find({"state": "submitted", "listed": True}):
            roll = self.journal.database["rolls"].find_one({"_id": session["_id"]})
            assert roll is not None
            named = {row["member"] for row in self.journal.database["absences"].find({"session": session["_id"]})}
            assert not named & set(roll["present"])
            assert session["due"] == len(roll["present"]) + len(named)
            presences += [(member, session["day"], session["unit"], session["way"]) for member in roll["present"]]
        return members_covered(presences, PERIODS)


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
    "report",
    "report",
    "hold",
    "submit",
    "correct",
    "by_count",
    "return",
    "void",
    "name",
    "move",
    "excuse",
    "back",
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "report",
                "report",
                "hold",
                "submit",
                "correct",
                "by_count",
                "return",
                "void",
                "name",
                "move",
                "excuse",
                "back",
            ]
        ),
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
    assert branches.figures() == branches.recounted()


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
