"""What units owe by plans and notices, on a real store: it follows the records, whatever happens in whatever order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from pymongo import MongoClient

from services.cli.audit.findings import Findings
from services.cli.audit.owed import compare_owed
from services.kernel.bus.inbox import Taking
from services.kernel.journal.store import in_transaction
from services.kernel.journal.work import without_bookkeeping
from services.kernel.message.errors import DomainError
from services.study import contract as c
from services.study.domain import LECTURE, NOTICE, PLAN, RECEIPT, SESSION, Lecture, Receipt, Session, receipt_id
from services.study.domain.account import counted
from services.study.domain.duty import kept
from tests.component.study.desk import Desk
from tests.unit.study.domain.test_unit import unit_event

BRANCHES = ("D1-B1", "D1-B2", "D2-B1")
REQUIREMENTS = [
    {"kind": "theme_day"},
    {"kind": "general_meeting", "each": "quarter"},
    {"kind": "branch", "number": 2},
    {"kind": "lecture", "each": "period"},
]


@pytest.fixture
def desk(mongo_client: MongoClient[dict[str, Any]], database: str) -> Desk:
    return Desk(mongo_client, database)


def plan(desk: Desk, id: str = "p1", **fields: Any) -> None:
    """An issued plan of R for the branches of the first half of the year."""
    content = {
        "unit": "R",
        "title": "三会一课计划",
        "first": "2026-01",
        "last": "2026-06",
        "requirements": REQUIREMENTS,
    }
    desk.do(c.DraftPlan(**{**content, "id": id, **fields}))
    desk.do(c.IssuePlan(id=id))


def notice(desk: Desk, month: str = "2026-03", unit: str = "R") -> str:
    """A notice made of the plan and issued."""
    id: str = desk.do(c.DraftNotice(unit=unit, plan="p1", month=month), unit=unit)["id"]
    desk.do(c.IssueNotice(id=id), unit=unit)
    return id


def owed_as_found(desk: Desk) -> list[str]:
    """What the audit says of what is owed."""
    found = Findings()
    compare_owed(desk.database, found)
    assert len(found.first) == found.wrong
    return found.first


def session(unit: str, day: str = "2026-03-05", form: str = "theme_day", **fields: Any) -> dict[str, Any]:
    way = next(way for way, forms in c.FORMS.items() if form in forms)
    return {"unit": unit, "day": day, "way": way, "form": form, "title": "学习", "due": 9, **fields}


def report(desk: Desk, id: str, unit: str, day: str = "2026-03-05", form: str = "theme_day", **fields: Any) -> None:
    """A session held and reported."""
    held = c.HoldSession(id=id, **session(unit, day, form, **fields))
    desk.record(SESSION, id, held, c.SubmitSession(id=id))


def receipt(desk: Desk, notice: str, unit: str) -> Receipt:
    found = desk.journal.get(RECEIPT, receipt_id(notice, unit))
    assert found is not None
    return found


def test_a_notice_reaches_its_audience_and_nobody_else(desk: Desk) -> None:
    """The branches below the issuer, not its departments nor youth groups; sending again changes nothing."""
    plan(desk)
    id = notice(desk)
    desk.distribute()
    assert sorted(row["unit"] for row in desk.database["receipts"].find()) == list(BRANCHES)
    entries = desk.database["journal"].count_documents({})
    desk.database["distributions"].update_many({}, {"$set": {"state": "open", "root": 0, "after": ""}})
    desk.distribute()
    assert desk.database["journal"].count_documents({}) == entries
    told = desk.do(c.GetNotice(id=id), unit="D1-B1")
    assert (told["distribution"]["state"], told["edition"]) == ("done", 1)


def test_a_notice_ticks_itself_and_loses_its_tick_again(desk: Desk) -> None:
    """Records from before the notice count as well as later ones; void, the item is open once more."""
    plan(desk)
    report(desk, "s1", "D1-B1")
    id = notice(desk)
    desk.distribute()
    assert receipt(desk, id, "D1-B1").recorded == ["theme_day.month"]
    report(desk, "s2", "D1-B1", "2026-01-09", "general_meeting")
    report(desk, "s3", "D1-B1", "2026-03-20", "discussion")
    assert receipt(desk, id, "D1-B1").recorded == ["branch.month", "general_meeting.quarter", "theme_day.month"]
    desk.record(SESSION, "s1", c.VoidSession(id="s1", reason="误报"))
    assert receipt(desk, id, "D1-B1").recorded == ["general_meeting.quarter"]
    shown = desk.do(c.GetReceipt(id=receipt_id(id, "D1-B1")), unit="D1-B1")
    done = {item["key"]: (item["done"], [record["id"] for record in item["records"]]) for item in shown["items"]}
    assert done == {
        "theme_day.month": (None, []),
        "general_meeting.quarter": ("record", ["s2"]),
        "branch.month": (None, ["s3"]),
    }


def test_each_window_of_a_plan_stands_in_one_notice(desk: Desk) -> None:
    """A quarter's meeting falls due in its last month, what is owed once in the plan's last."""
    plan(desk)
    items: dict[str, list[str]] = {}
    for month in ("2026-01", "2026-03", "2026-06"):
        items[month] = [item["key"] for item in desk.do(c.GetNotice(id=notice(desk, month)))["items"]]
    monthly = ["theme_day.month", "branch.month"]
    assert [sorted(keys) for keys in items.values()] == [
        sorted(monthly),
        sorted([*monthly, "general_meeting.quarter"]),
        sorted([*monthly, "general_meeting.quarter", "lecture.period"]),
    ]
    assert desk.do(c.DraftNotice(unit="R", plan="p1", month="2026-03"))["version"] == 2


def test_an_item_without_records_is_ticked_by_hand_and_no_other(desk: Desk) -> None:
    """With a note; what records tick is theirs alone."""
    plan(desk)
    id = notice(desk)
    film = c.Item(key="film", title="观看专题片")
    known = [c.Item(**item) for item in desk.do(c.GetNotice(id=id))["items"]]
    desk.do(c.ReviseNotice(id=id, items=[*known, film], reason="增加事项"))
    desk.distribute()
    mine = receipt_id(id, "D1-B1")
    with pytest.raises(DomainError, match=r"receipt\.item_recorded"):
        desk.do(c.TickReceipt(id=mine, item="theme_day.month", note="已开展"))
    desk.do(c.TickReceipt(id=mine, item="film", note="3月20日集中观看"))
    assert (receipt(desk, id, "D1-B1").due().done, receipt(desk, id, "D1-B1").ticked) == (
        1,
        {"film": "3月20日集中观看"},
    )
    desk.do(c.TickReceipt(id=mine, item="film", note="误勾", done=False))
    assert receipt(desk, id, "D1-B1").due().done == 0


def test_a_change_after_issue_is_a_new_edition_to_be_read_again(desk: Desk) -> None:
    """It says what changed; what was acknowledged is out of date, and the old edition is acknowledged no more."""
    plan(desk)
    id = notice(desk)
    desk.distribute()
    mine = receipt_id(id, "D1-B1")
    desk.do(c.AcknowledgeReceipt(id=mine, edition=1))
    assert receipt(desk, id, "D1-B1").state == "acknowledged"
    known = [c.Item(**item) for item in desk.do(c.GetNotice(id=id))["items"]]
    later = known[0].model_copy(update={"due": date(2026, 3, 20)})
    desk.do(c.ReviseNotice(id=id, items=[later, *known[1:-1]], reason="提前"))
    desk.distribute()
    told = desk.do(c.GetReceipt(id=mine))
    assert (told["state"], told["edition"], told["acknowledged"]) == ("outdated", 2, 1)
    (edition,) = told["editions_since"]
    assert [change.split("：")[0] for change in edition["changes"]] == ["调整", "删除"]
    with pytest.raises(DomainError, match=r"receipt\.outdated"):
        desk.do(c.AcknowledgeReceipt(id=mine, edition=1))
    behind = desk.do(c.ListDuties(source=id, unit="D1", state="unacknowledged"))
    assert [row["unit"] for row in behind["items"]] == ["D1-B1", "D1-B2"]
    desk.do(c.AcknowledgeReceipt(id=mine, edition=2))
    behind = desk.do(c.ListDuties(source=id, unit="D1", state="unacknowledged"))
    assert [row["unit"] for row in behind["items"]] == ["D1-B2"]


def test_a_withdrawn_notice_asks_for_nothing(desk: Desk) -> None:
    """Its receipts count nothing, and nobody is behind with it."""
    plan(desk)
    id = notice(desk)
    desk.distribute()
    desk.do(c.WithdrawNotice(id=id, reason="重复下发"))
    desk.distribute()
    assert receipt(desk, id, "D1-B1").due().due == 0
    assert desk.do(c.GetPlanProgress(source=id, unit="R"))["due"] == 0
    report(desk, "s1", "D1-B1")
    assert receipt(desk, id, "D1-B1").recorded == []


def test_progress_opens_to_names(desk: Desk) -> None:
    """Due, complete and behind at any unit, by the units below it, and by name; null where nothing is due."""
    plan(desk, requirements=[{"kind": "theme_day"}], first="2026-04", last="2026-05")
    desk.distribute()
    for unit, days in (("D1-B1", ("2026-04-09", "2026-05-09")), ("D1-B2", ("2026-04-09",))):
        for day in days:
            report(desk, f"{unit}{day}", unit, day)
    found = desk.do(c.GetPlanProgress(source="p1", unit="R"))
    told = {name: found[name] for name in ("due", "complete", "on_time", "behind", "rate")}
    assert told == {"due": 3, "complete": 1, "on_time": 1, "behind": 1, "rate": 1 / 3}
    assert [(row["unit"], row["due"], row["behind"]) for row in found["children"]] == [("D1", 2, 0), ("D2", 1, 1)]
    for state, units in (("complete", ["D1-B1"]), ("on_time", ["D1-B2"]), ("behind", ["D2-B1"])):
        assert [row["unit"] for row in desk.do(c.ListDuties(source="p1", unit="R", state=state))["items"]] == units
    assert desk.do(c.GetPlanProgress(source="p1", unit="D1-Y1"))["rate"] is None
    desk.now = desk.now.replace(month=6)
    assert desk.do(c.GetPlanProgress(source="p1", unit="R"))["behind"] == 2


def test_nobody_plans_for_others(desk: Desk) -> None:
    """An audience lies below the planner; an issued plan keeps its audience and tells what a new edition changes."""
    with pytest.raises(DomainError, match=r"plan\.audience_outside"):
        plan(desk, unit="D1", units=["D2"])
    plan(desk, unit="D1", units=["D1"])
    content = {"unit": "D1", "title": "三会一课计划", "first": "2026-01", "last": "2026-06"}
    again = c.RevisePlan(id="p1", **content, units=["D1"], requirements=REQUIREMENTS[:2], reason="调整")
    desk.do(again)
    found = desk.do(c.GetPlan(id="p1"), unit="D1-B1")
    assert found["editions"][1]["changes"] == ["删除：研学（形式不限），每月 2 次", "删除：专题党课，计划期内 1 次"]
    with pytest.raises(DomainError, match=r"plan\.audience_fixed"):
        desk.do(again.model_copy(update={"units": ["D1-B1"]}))


VERBS = ("hold", "hold", "submit", "submit", "submit", "correct", "return", "void", "lecture", "unlecture", "issue")
STEP = some.tuples(
    some.sampled_from(VERBS),
    some.sampled_from(BRANCHES[:2]),
    some.integers(0, 2),
    some.sampled_from(("2026-01-15", "2026-03-05", "2026-03-25", "2026-04-02")),
    some.sampled_from(("theme_day", "general_meeting", "discussion", "first_agenda")),
    some.integers(0, 2),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=some.lists(STEP, max_size=25))
def test_what_is_done_is_the_direct_recount(desk: Desk, steps: list[Any]) -> None:
    """However records are held, submitted, corrected, returned and void, and whenever the notice comes: what its
    receipts and the plan's standings say is what the records say that stand in the end.
    """
    for name in desk.database.list_collection_names():
        if name != "units":
            desk.database[name].delete_many({})
    plan(desk)
    id: str = desk.do(c.DraftNotice(unit="R", plan="p1", month="2026-03"))["id"]
    for verb, unit, number, day, form, due in steps:
        key = f"{unit}-{number}"
        content, spoken = session(unit, day, form, due=due), {"title": "党课", "mode": "all", "speaker_post": "书记"}
        steps_of: dict[str, tuple[Any, str, Any]] = {
            "hold": (SESSION, key, c.HoldSession(**content, id=key)),
            "submit": (SESSION, key, c.SubmitSession(id=key)),
            "correct": (SESSION, key, c.CorrectSession(**content, id=key, reason="有误")),
            "return": (SESSION, key, c.ReturnSession(id=key, reason="缺议题")),
            "void": (SESSION, key, c.VoidSession(id=key, reason="重复")),
            "lecture": (LECTURE, f"L{key}", c.RecordLecture(unit=unit, day=day, **spoken, audience=9, id=f"L{key}")),
            "unlecture": (LECTURE, f"L{key}", c.VoidLecture(id=f"L{key}", reason="重复")),
        }
        try:
            if verb == "issue":
                desk.do(c.IssueNotice(id=id))
                desk.distribute()
            else:
                desk.record(*steps_of[verb])
        except DomainError:
            continue
    desk.do(c.IssueNotice(id=id))
    desk.distribute()
    states: list[Session | Lecture] = [
        aggregate.state.model_validate(without_bookkeeping(row))
        for aggregate in (SESSION, LECTURE)
        for row in desk.database[aggregate.collection].find()
    ]
    asked, owed = desk.journal.get(NOTICE, id), desk.journal.get(PLAN, "p1")
    assert asked is not None
    assert owed is not None
    for unit in BRANCHES:
        counts = counted(state for state in states if state.unit == unit)
        expected = {window.key for window in asked.windows() if kept(window, counts)}
        mine = receipt(desk, id, unit)
        assert set(mine.recorded) == expected
        told = [row["data"] for row in desk.database["journal"].find({"aggregate": receipt_id(id, unit)}).sort("n")]
        changed = sum(entry["now"]["done"] - (entry["was"] or {"done": 0})["done"] for entry in told)
        assert changed == mine.due().done == len(expected)
        for source, windows in ((id, asked.windows()), ("p1", owed.windows())):
            duty = desk.database["duties"].find_one({"_id": f"{source}|{unit}"})
            assert duty is not None
            assert duty["done"] == sum(kept(window, counts) for window in windows)
    assert owed_as_found(desk) == []


@pytest.mark.parametrize(
    ("collection", "id", "change", "says"),
    [
        ("accounts", "D1-B1|2026", {"$inc": {"counts.03.theme_day": 1}}, "D1-B1 的活动次数登记"),
        ("duties", "p1|D1-B2", {"$inc": {"done": 1}}, "D1-B2 对 p1 的应办情况"),
        ("duties", "p1|D1-B1", {"$set": {"missing": None}}, "D1-B1 对 p1 的应办情况"),
    ],
)
def test_the_audit_finds_what_was_changed_by_hand(
    desk: Desk, collection: str, id: str, change: dict[str, Any], says: str
) -> None:
    """Accounts and standings are recounted from the records; what is right agrees."""
    plan(desk)
    of_month = notice(desk)
    desk.distribute()
    report(desk, "s1", "D1-B1", "2026-03-05")
    assert owed_as_found(desk) == []
    assert desk.database["duties"].count_documents({"source": of_month}) > 0
    assert desk.database[collection].update_one({"_id": id}, change).modified_count == 1
    (line,) = owed_as_found(desk)
    assert says in line


def test_who_is_behind_is_reminded_once_a_day(desk: Desk) -> None:
    """Only those that lapse, below who reminds; the next day anew; the reminder says by whom."""
    plan(desk, requirements=[{"kind": "theme_day"}], first="2026-04", last="2026-05")
    desk.distribute()
    report(desk, "s1", "D1-B1", "2026-04-09")
    asked = c.Remind(unit="D1", source="p1", what="behind", units=list(BRANCHES))
    expected = {"reminded": ["D1-B2"], "already": [], "not_due": ["D1-B1", "D2-B1"]}
    assert desk.do(asked, unit="D1") == expected
    assert desk.do(asked, unit="D1")["already"] == ["D1-B2"]
    (told,) = desk.do(c.ListReminders(unit="D1-B2"), unit="D1-B2")["items"]
    assert (told["by"], told["day"], told["what"], told["title"]) == ("D1", "2026-05-20", "behind", "三会一课计划")
    desk.now = desk.now.replace(day=21)
    assert desk.do(asked, unit="D1")["reminded"] == ["D1-B2"]


def test_meetings_are_held_against_the_norms(desk: Desk) -> None:
    """By month or quarter; a norm says who says so; committees bind branches that are large enough."""
    report(desk, "s1", "D1-B1", "2026-04-09", "general_meeting")
    report(desk, "s2", "D1-B1", "2026-05-09")
    asked = c.ListNormStandings(unit="R", month="2026-05")
    told = desk.do(asked)["items"]
    assert [row["unit"] for row in told] == list(BRANCHES)
    stands = {norm["norm"]: (norm["number"], norm["done"], norm["missing"]) for norm in told[0]["norms"]}
    assert stands == {
        "general_meeting": (1, 1, 0),
        "committee_meeting": (1, 0, 1),
        "group_meeting": (1, 0, 1),
        "lecture": (1, 0, 1),
        "theme_day": (1, 1, 0),
    }
    assert all(norm["source"] and norm["trust"] for norm in desk.do(c.ListNorms())["items"])
    with pytest.raises(DomainError, match=r"norm\.unknown"):
        desk.do(c.SetNorm(id="none", number=1, each="month", source="样例", trust="未核实"))
    for norm in desk.do(c.ListNorms())["items"]:
        told = {name: norm[name] for name in ("id", "number", "each", "trust")}
        members = 0 if norm["id"] == "theme_day" else 10
        desk.do(c.SetNorm(**told, from_members=members, source="省直机关工委规定（样例）"))
    assert {norm["source"] for norm in desk.do(c.ListNorms())["items"]} == {"省直机关工委规定（样例）"}
    lacking = asked.model_copy(update={"missing": True, "page_size": 1})
    first = desk.do(lacking)
    assert ([row["unit"] for row in first["items"]], first["after"]) == (["D1-B2"], "D1-B2")
    rest = desk.do(lacking.model_copy(update={"after": first["after"]}))
    assert ([row["unit"] for row in rest["items"]], rest["after"]) == (["D2-B1"], None)


def test_a_branch_plan_is_drawn_from_the_notice(desk: Desk) -> None:
    """Nothing typed twice: it begins with no field typed, counts what is typed then, and keeps it in a new edition."""
    plan(desk)
    id = notice(desk)
    desk.distribute()
    mine = receipt_id(id, "D1-B1")
    drawn = desk.do(c.DrawBranchPlan(receipt=mine), unit="D1-B1")["id"]
    told = desk.do(c.GetBranchPlan(id=drawn), unit="D1-B1")
    assert (told["typed"], told["given"], len(told["items"])) == (0, 9, 3)
    items = [c.PlannedItem(**{name: item[name] for name in c.PlannedItem.model_fields}) for item in told["items"]]
    items[0] = items[0].model_copy(update={"day": date(2026, 3, 12), "place": "三楼会议室"})
    with pytest.raises(DomainError, match=r"branch_plan\.item_missing"):
        desk.do(c.ReviseBranchPlan(id=drawn, items=items[:2]))
    own = c.PlannedItem(key="own", title="走访慰问", day=date(2026, 3, 20))
    desk.do(c.ReviseBranchPlan(id=drawn, items=[*items, own]), unit="D1-B1")
    assert desk.do(c.GetBranchPlan(id=drawn))["typed"] == 4
    report(desk, "s1", "D1-B1", "2026-03-12")
    known = [c.Item(**item) for item in desk.do(c.GetNotice(id=id))["items"]]
    desk.do(c.ReviseNotice(id=id, items=[*known, c.Item(key="film", title="观看专题片")], reason="增加"))
    desk.distribute()
    assert desk.do(c.GetBranchPlan(id=drawn))["outdated"]
    desk.do(c.DrawBranchPlan(receipt=mine), unit="D1-B1")
    told = desk.do(c.GetBranchPlan(id=drawn))
    assert ([item["key"] for item in told["items"]][-2:], told["typed"], told["outdated"]) == (
        ["film", "own"],
        4,
        False,
    )
    assert (told["items"][0]["place"], told["items"][0]["done"]) == ("三楼会议室", "record")


def test_every_query_walks_an_index(desk: Desk) -> None:
    """Each query of plans, notices, receipts, duties, norms and distribution: none reads a whole collection."""
    plan(desk)
    id = notice(desk)
    desk.distribute()
    mine = receipt_id(id, "D1-B1")
    branch_plan = desk.do(c.DrawBranchPlan(receipt=mine))["id"]
    desk.do(c.Remind(unit="R", source="p1", what="behind", units=["D1-B1"]))
    (reminder,) = [row["id"] for row in desk.do(c.ListReminders(unit="D1-B1"))["items"]]
    desk.database.command("profile", 2)
    try:
        report(desk, "s1", "D1-B1")
        lists = (c.ListPlans, c.ListNotices, c.ListReceipts, c.ListReminders, c.ListBranchPlans)
        for listing in lists:
            for more in ({}, {"state": min(listing.states)}, {"sort": "day"}, {"first": date(2026, 1, 1)}):
                desk.do(listing(unit="D1", **more))
        for state in (None, "complete", "on_time", "behind", "unacknowledged"):
            desk.do(c.ListDuties(source=id, unit="D1", state=state))
        desk.do(c.ListDuties(unit="D1", state="behind"))
        desk.do(c.ListNorms())
        desk.do(c.GetReminder(id=reminder))
        desk.do(c.GetPlanProgress(source=id, unit="D1"))
        desk.do(c.GetPlan(id="p1"), unit="D1-B1")
        desk.do(c.GetNotice(id=id), unit="D1-B1")
        desk.do(c.GetReceipt(id=mine))
        desk.do(c.GetBranchPlan(id=branch_plan))
        desk.do(c.ListNormStandings(unit="R", month="2026-03", missing=True))
        desk.do(c.Remind(unit="R", source=id, what="unacknowledged", units=["D1-B1"]))
        desk.do(c.WithdrawNotice(id=id, reason="重复"))
        desk.distribute()
    finally:
        desk.database.command("profile", 0)
    profile = list(desk.database["system.profile"].find({"planSummary": {"$exists": True}}))
    asked = {row["ns"].split(".", 1)[1] for row in profile}
    assert {"plans", "notices", "receipts", "duties", "accounts", "units", "distributions"} <= asked
    read = [(row["ns"], row["command"]) for row in profile if "COLLSCAN" in row["planSummary"]]
    assert [found for found in read if not found[0].endswith("system.profile")] == []
    sorted_in_memory = [(row["ns"], row["command"]) for row in profile if row.get("hasSortStage")]
    assert [found for found in sorted_in_memory if "aggregate" not in found[1]] == []


def test_a_unit_that_comes_later_owes_what_is_in_force(desk: Desk) -> None:
    """What the gateway tells of a new branch brings it the plans and notices of its subtree, and no past ones."""
    plan(desk)
    past, current = notice(desk, "2026-03"), notice(desk, "2026-05")
    desk.distribute()

    def hear(session: Any) -> None:
        event = unit_event("D1-B3", ["R", "D1", "D1-B3"])
        desk.service.learn_unit(event, Taking(session, desk.database, desk.now))

    in_transaction(desk.database, hear)
    desk.distribute()
    assert desk.do(c.GetPlanProgress(source="p1", unit="D1"))["due"] == 3
    assert receipt(desk, current, "D1-B3").state == "sent"
    assert desk.journal.get(RECEIPT, receipt_id(past, "D1-B3")) is None


def test_what_is_on_its_way_to_its_units_is_no_difference(desk: Desk) -> None:
    """An edition that has not come to every branch is left out of the audit; then it is compared."""
    plan(desk)
    desk.distribute()
    told: dict[str, Any] = {"unit": "R", "title": "三会一课计划", "first": "2026-01", "last": "2026-06"}
    desk.do(c.RevisePlan(**told, requirements=REQUIREMENTS[:1], id="p1", reason="精简"))
    assert owed_as_found(desk) == []
    desk.distribute()
    assert owed_as_found(desk) == []
    duties = desk.database["duties"]
    assert duties.distinct("due", {"source": "p1"}) == [6]
    duties.update_one({"_id": "p1|D1-B1"}, {"$inc": {"due": 1}})
    assert len(owed_as_found(desk)) == 1


def test_a_unit_that_moves_into_an_audience_is_sent_what_is_in_force(desk: Desk) -> None:
    """With what lies below it; who moves within the audience gets nothing twice."""
    plan(desk, units=["D2"])
    notice(desk, month="2026-05", unit="R")
    desk.distribute()
    before = {row["unit"] for row in desk.database["duties"].find({"sort": "plan"})}
    assert "D1-B1" not in before
    told: Any = type("Told", (), {"unit": "D1", "aggregateversion": 1, "data": {"path": ["R", "D2", "D1"]}})
    for _ in range(2):
        in_transaction(
            desk.database,
            lambda session: desk.service.learn_tree(told, Taking(session, desk.database, desk.now)),
        )
        desk.distribute()
        after = [row["unit"] for row in desk.database["duties"].find({"sort": "plan"})]
        assert sorted(after) == sorted({*before, "D1-B1", "D1-B2"})
        assert desk.database["receipts"].count_documents({"unit": "D1-B1", "month": "2026-05"}) == 1
