"""A unit's account is its records counted again, on a real store: by whichever way a record changes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pymongo import MongoClient

from services.cli.audit.findings import Findings
from services.cli.audit.owed import compare_owed
from services.kernel.message.errors import DomainError
from services.kernel.message.event import record_id
from services.kernel.settings import settings as installed
from services.organisation.contract import Stay
from services.study import contract as c
from services.study.contract import CountReceipt
from services.study.domain import LECTURE, RECEIPT, SESSION, receipt_id
from services.study.service.recounting import Recounting
from services.study.store import recounts, rolls
from tests.component.study.desk import Desk

BRANCHES = ("D1-B1", "D1-B2", "D2-B1")
DAY = date(2026, 3, 5)
OUTCOMES = {"illness": "病假", "absent": "缺席", "present": "到会"}


@pytest.fixture(scope="module", autouse=True)
def master_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Reasons of absence are sealed under a key of the installation."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "master.key").write_bytes(os.urandom(32))
    before = os.environ.get("SHENGZHI_SECRETS")
    os.environ["SHENGZHI_SECRETS"] = str(folder)
    installed.cache_clear()
    rolls._cipher.cache_clear()
    yield
    del os.environ["SHENGZHI_SECRETS"]
    if before is not None:
        os.environ["SHENGZHI_SECRETS"] = before
    installed.cache_clear()
    rolls._cipher.cache_clear()


@pytest.fixture
def desk(mongo_client: MongoClient[dict[str, Any]], database: str) -> Desk:
    """Branches with one member each, a plan of one theme day in March and its notice, brought to them."""
    made = Desk(mongo_client, database)
    begin(made)
    return made


def begin(desk: Desk) -> None:
    """One member a branch; a plan and a notice of one theme day in March."""
    for branch in BRANCHES:
        stay = Stay(unit=branch, first=date(2026, 1, 1)).model_dump(mode="json")
        desk.database["members"].replace_one(
            {"_id": member(branch)}, {"_id": member(branch), "version": 1, "stays": [stay]}, upsert=True
        )
    content = {"unit": "R", "title": "计划", "first": "2026-03", "last": "2026-03"}
    desk.do(c.DraftPlan(**content, id="p1", requirements=[{"kind": "theme_day"}]))
    desk.do(c.IssuePlan(id="p1"))
    desk.do(c.IssueNotice(id=desk.do(c.DraftNotice(unit="R", plan="p1", month="2026-03"))["id"]))
    desk.distribute()


def member(branch: str) -> str:
    return f"DY-{branch}"


def session_id(branch: str, number: int = 1) -> str:
    return record_id("study", "sessions", branch, f"K{number}")


def report(desk: Desk, branch: str, day: date = DAY, number: int = 1, **fields: Any) -> None:
    """A theme day at which the branch's one member was, held and reported."""
    held = c.HoldSession(
        id=session_id(branch, number),
        number=f"K{number}",
        unit=branch,
        day=day,
        way="branch",
        form="theme_day",
        title="主题党日",
        **fields,
    )
    desk.record(SESSION, session_id(branch, number), held, c.SubmitSession(id=session_id(branch, number)))


def row(branch: str, outcome: str, number: int = 1) -> c.AttendanceRow:
    """A row of the attendance sheet."""
    told = {
        "session": f"K{number}",
        "unit": branch,
        "member": member(branch),
        "outcome": OUTCOMES[outcome],
        "reason": "核对",
    }
    return c.AttendanceRow.model_validate(told)


def sheet(desk: Desk, branch: str, outcome: str, number: int = 1) -> None:
    """An attendance sheet of one row."""
    desk.rows("attendance", row(branch, outcome, number))


def void(desk: Desk, branch: str) -> None:
    desk.record(SESSION, session_id(branch), c.VoidSession(id=session_id(branch), reason="误报"))


def sheet_then_void(desk: Desk, branch: str) -> None:
    sheet(desk, branch, "illness")
    void(desk, branch)


def excuse(desk: Desk, branch: str, day: date = DAY, id: str = "e1") -> None:
    """The member is ill on that day."""
    asked = {"first": day, "last": day, "reason": c.ExcuseReason.illness}
    desk.do(c.RecordExcuse(id=f"{id}-{branch}", member=member(branch), **asked), unit=branch)


def correct(desk: Desk, branch: str, *absences: str, number: int = 1, day: date = DAY) -> None:
    """The session said anew, with these of its members not there."""
    named = [{"member": member(branch), "reason": reason} for reason in absences]
    desk.record(
        SESSION,
        session_id(branch, number),
        c.CorrectSession(
            id=session_id(branch, number),
            number=f"K{number}",
            unit=branch,
            day=day,
            way="branch",
            form="theme_day",
            title="主题党日",
            named=named,
            reason="核对",
        ),
    )


def notice_of(desk: Desk) -> str:
    (notice,) = desk.database["notices"].find()
    return str(notice["_id"])


def done(desk: Desk, branch: str) -> dict[str, int]:
    """What is done by each account of it: the notice's receipt, its events, the plan's standing, the norm."""
    receipt = receipt_id(notice_of(desk), branch)
    told = [row["data"] for row in desk.database["journal"].find({"aggregate": receipt}).sort("n")]
    stands = {row["sort"]: int(row["done"]) for row in desk.database["duties"].find({"unit": branch})}
    norms = desk.do(c.ListNormStandings(unit=branch, month="2026-03"))["items"][0]["norms"]
    return {
        "receipt": len(desk.do(c.GetReceipt(id=receipt), unit=branch)["recorded"]),
        "events": sum(
            (each.get(name) or {"done": 0})["done"] * by for each in told for name, by in (("was", -1), ("now", 1))
        ),
        "plan": stands["plan"],
        "notice": stands.get("notice", 0),
        "norm": next(norm["done"] for norm in norms if norm["norm"] == "theme_day"),
    }


def audited(desk: Desk) -> list[str]:
    found = Findings()
    compare_owed(desk.database, found)
    return found.first


NOTHING, ONCE = (dict.fromkeys(("receipt", "events", "plan", "notice", "norm"), n) for n in (0, 1))

WAYS: dict[str, Callable[[Desk, str], None]] = {
    "sheet": lambda desk, branch: sheet(desk, branch, "illness"),
    "sheet, then void": sheet_then_void,
    "excuse": excuse,
    "correction": lambda desk, branch: correct(desk, branch, "illness"),
    "void": void,
}


@pytest.mark.row("S3")
@pytest.mark.parametrize("way", WAYS)
def test_nobody_present_is_nothing_done(desk: Desk, way: str) -> None:
    """Whichever way it is said that nobody was there: items lose their tick, in receipts, events, plan and norm."""
    report(desk, "D1-B1")
    report(desk, "D1-B2")
    assert done(desk, "D1-B1") == ONCE
    WAYS[way](desk, "D1-B1")
    assert done(desk, "D1-B1") == NOTHING
    assert done(desk, "D1-B2") == ONCE
    assert audited(desk) == []


@pytest.mark.row("S3")
def test_somebody_present_after_all_is_done(desk: Desk) -> None:
    """A session at which nobody was counts from when the sheet says that somebody was; void, it counts no more."""
    report(desk, "D1-B1", named=[{"member": member("D1-B1"), "reason": "absent"}])
    assert done(desk, "D1-B1") == NOTHING
    sheet(desk, "D1-B1", "present")
    assert done(desk, "D1-B1") == ONCE
    void(desk, "D1-B1")
    assert done(desk, "D1-B1") == NOTHING
    assert audited(desk) == []


@pytest.mark.row("S3")
def test_an_excuse_that_is_withdrawn_gives_the_tick_back(desk: Desk) -> None:
    """What an excuse took, its withdrawal gives again."""
    report(desk, "D1-B1")
    excuse(desk, "D1-B1")
    assert done(desk, "D1-B1") == NOTHING
    desk.do(c.WithdrawExcuse(id="e1-D1-B1", reason="登记有误"), unit="D1-B1")
    assert done(desk, "D1-B1") == ONCE
    assert audited(desk) == []


def acted(desk: Desk, verb: str, branch: str, number: int, day: date) -> None:
    """One step of those below."""
    id, lecture = session_id(branch, number), f"L-{branch}-{number}"
    spoken = {"unit": branch, "title": "党课", "mode": "all", "speaker_post": "书记", "audience": 9}
    steps: dict[str, Callable[[], object]] = {
        "report": lambda: report(desk, branch, day, number),
        "report empty": lambda: report(
            desk, branch, day, number, named=[{"member": member(branch), "reason": "absent"}]
        ),
        "ill": lambda: sheet(desk, branch, "illness", number),
        "there": lambda: sheet(desk, branch, "present", number),
        "both": lambda: desk.rows("attendance", *(row(branch, told, number) for told in ("absent", "present"))),
        "excuse": lambda: excuse(desk, branch, day, f"e{number}"),
        "withdraw": lambda: desk.do(c.WithdrawExcuse(id=f"e{number}-{branch}", reason="有误"), unit=branch),
        "correct": lambda: correct(desk, branch, number=number, day=day),
        "correct empty": lambda: correct(desk, branch, "duty", number=number, day=day),
        "return": lambda: desk.record(SESSION, id, c.ReturnSession(id=id, reason="缺项")),
        "submit": lambda: desk.record(SESSION, id, c.SubmitSession(id=id)),
        "accept": lambda: desk.record(SESSION, id, c.AcceptSession(id=id)),
        "void": lambda: desk.record(SESSION, id, c.VoidSession(id=id, reason="重复")),
        "lecture": lambda: desk.record(LECTURE, lecture, c.RecordLecture(**spoken, day=day, id=lecture)),
        "unlecture": lambda: desk.record(LECTURE, lecture, c.VoidLecture(id=lecture, reason="重复")),
        "withdraw notice": lambda: desk.do(c.WithdrawNotice(id=notice_of(desk), reason="重复")),
        "distribute": desk.distribute,
    }
    steps[verb]()


VERBS = (
    *("report", "report", "report empty", "ill", "there", "both", "excuse", "withdraw", "correct", "correct empty"),
    *("return", "submit", "accept", "void", "lecture", "unlecture", "distribute", "withdraw notice"),
)
STEPS = some.lists(
    some.tuples(
        some.sampled_from(VERBS),
        some.sampled_from(BRANCHES[:2]),
        some.integers(1, 2),
        some.sampled_from((DAY, date(2026, 3, 25), date(2026, 4, 2))),
    ),
    max_size=20,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
@pytest.mark.row("S3")
def test_accounts_are_a_direct_count_of_the_records(desk: Desk, steps: list[Any]) -> None:
    """Sessions, sheets, excuses, corrections, returns and voids in any order: accounts, the plan's standing, receipts,
    their events and the norm say what a direct count of the records says that stand in the end, and the audit agrees.
    """
    for name in desk.database.list_collection_names():
        if name not in ("units", "recounts"):
            desk.database[name].delete_many({})
    begin(desk)
    for step in steps:
        with contextlib.suppress(DomainError):
            acted(desk, *step)
    desk.distribute()
    assert audited(desk) == []
    withdrawn = desk.database["notices"].find_one({"state": "withdrawn"}) is not None
    for branch in BRANCHES[:2]:
        held = desk.database["sessions"].find({"unit": branch, "state": {"$in": ["submitted", "accepted"]}})
        days = [row["day"] for row in held if row["due"] > sum(each["count"] for each in row["absences"])]
        in_march = sum(day < "2026-04" for day in days)
        expected = {"plan": min(in_march, 1), "norm": in_march}
        told = done(desk, branch)
        assert {name: told[name] for name in expected} == expected
        if withdrawn:
            assert told["events"] == 0
        else:
            assert told["receipt"] == told["events"] == told["notice"] == min(in_march, 1)


def test_one_sheet_counts_a_month_once(desk: Desk) -> None:
    """However many rows of a sheet concern a unit's month, its account is written once with them."""
    rows = [
        c.SessionRow.model_validate(
            {"unit": branch, "number": f"K{n}", "day": DAY, "way": "研学", "form": "主题党日", "title": "党日"}
        )
        for branch in BRANCHES
        for n in range(5)
    ]
    before = {row["unit"]: row["recounts"] for row in desk.database["accounts"].find()}
    desk.rows("sessions", *rows)
    after = {row["unit"]: row["recounts"] for row in desk.database["accounts"].find()}
    assert {unit: after[unit] - before[unit] for unit in after} == dict.fromkeys(BRANCHES, 1)
    assert [account["counts"]["03"]["theme_day"] for account in desk.database["accounts"].find()] == [5, 5, 5]
    assert [done(desk, branch)["events"] for branch in BRANCHES] == [1, 1, 1]


def test_two_that_change_a_month_at_once_are_both_counted(desk: Desk) -> None:
    """Each counts the records that it sees: the second to commit begins again, and sees the first one's."""
    with ThreadPoolExecutor(6) as pool:
        for waiting in [pool.submit(report, desk, "D1-B1", DAY, number) for number in range(1, 7)]:
            waiting.result()
    (account,) = desk.database["accounts"].find({"unit": "D1-B1"})
    assert account["counts"]["03"]["theme_day"] == 6
    assert audited(desk) == []


def test_a_store_with_wrong_accounts_is_set_right_once(desk: Desk) -> None:
    """Accounts, duties and receipts that earlier versions left wrong are counted again: by one event more for each
    receipt that was wrong, none for another, and no entry rewritten; then not again.
    """
    for branch in BRANCHES:
        report(desk, branch)
    sheet(desk, "D1-B1", "illness")
    _as_if_never_told(desk, "D1-B1", done=1)  # it was there, and nobody told the account that it is not
    _as_if_never_told(desk, "D1-B2", done=0)
    desk.database["accounts"].update_one({"_id": "D2-B1|2026"}, {"$set": {"counts.07": {"lecture": -1}}})
    assert len(audited(desk)) == 5  # three accounts, and two standings with the plan; receipts agree with themselves
    entries = list(desk.database["journal"].find())
    recounting = Recounting(desk.journal)
    assert recounting.step()
    assert not recounting.step()
    assert audited(desk) == []
    assert [done(desk, branch) for branch in BRANCHES] == [NOTHING, ONCE, ONCE]
    later = list(desk.database["journal"].find({"_id": {"$nin": [entry["_id"] for entry in entries]}}))
    assert sorted((entry["type"], entry["unit"]) for entry in later) == [
        ("receipt.counted.v1", "D1-B1"),
        ("receipt.counted.v1", "D1-B2"),
    ]
    assert [desk.database["journal"].find_one({"_id": entry["_id"]}) for entry in entries] == entries
    job = recounts.state(desk.database)
    assert job is not None
    assert (job["state"], job["units"], job["wrong"]) == ("done", 7, 3)
    assert not Recounting(desk.journal).step()


def test_all_accounts_are_counted_again_when_asked(desk: Desk) -> None:
    """From the first unit on, some at a time; what is right stays as it is."""
    report(desk, "D1-B1")
    assert Recounting(desk.journal).step()
    recounts.again(desk.database, desk.now)
    recounting = Recounting(desk.journal)
    recounting._size = 3
    steps = 0
    while recounting.step():
        steps += 1
    job = recounts.state(desk.database)
    assert job is not None
    assert (steps, job["units"], job["wrong"]) == (3, 7, 0)


def _as_if_never_told(desk: Desk, branch: str, done: int) -> None:
    """The unit's account, standing and receipt as if so many theme days were done."""
    month = {"theme_day": done, "branch": done}
    desk.database["accounts"].update_one({"_id": f"{branch}|2026"}, {"$set": {"counts.03": month}})
    missing = None if done else "2026-03-31"
    desk.database["duties"].update_many({"unit": branch}, {"$set": {"done": done, "missing": missing}})
    recorded = CountReceipt(recorded=["theme_day.month"] if done else [])
    id = receipt_id(notice_of(desk), branch)
    desk.journal.transact(desk.envelope(), lambda work: work.decide(RECEIPT, id, recorded))
