"""The study service in a process of its own, on a real broker and a real store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.cli.local.process import wait_until
from services.kernel.bus import broker as bus
from services.kernel.message.event import ADMITTED, Event, Period, new_id, record_id
from services.study.contract import PERMITS
from tests.component.asking import Asker, Documents, serving
from tests.component.edge import KEYS, calling
from tests.eventually import PATIENCE
from tests.unit.study.domain.test_unit import unit_event

PATHS = {"D1": ["R", "D1"], "D1-B1": ["R", "D1", "D1-B1"], "D2": ["R", "D2"]}
CONTENT: dict[str, Any] = {
    "unit": "D1-B1",
    "day": "2025-03-05",
    "way": "branch",
    "form": "theme_day",
    "title": "三月主题党日",
    "due": 20,
    "absences": [{"reason": "illness", "count": 2}],
}
ROW: dict[str, Any] = {
    "unit": "D1-B1",
    "day": "2025-03-05T00:00:00",
    "title": "三月主题党日",
    "way": "研学",
    "form": "主题党日",
    "due": 20.0,
    "illness": 2.0,
}


@pytest.fixture(scope="module")
def uri(module_vhost: str) -> str:
    """The broker, with a queue that takes all that study tells: an event without one is not published."""
    connection = bus.connect(module_vhost, "test")
    bus.declare_queue(connection, "test.heard", [("study", "#")])
    connection.release()
    return module_vhost


@pytest.fixture(scope="module")
def records(
    uri: str, mongo: str, mongo_client: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Documents]:
    """The service's database, while the service runs."""
    with serving("study", uri, mongo, mongo_client, tmp_path_factory.mktemp("study")) as database:
        yield database


@pytest.fixture(autouse=True)
def _clean(records: Documents) -> None:
    """Each test begins without records."""
    for name in records.list_collection_names():
        if not name.startswith("system") and name != "relay":
            records[name].delete_many({})


@pytest.fixture
def ask(uri: str, records: Documents) -> Iterator[Asker]:
    with calling(uri) as client:
        yield Asker(client.study, PERMITS, PATHS)


@pytest.fixture
def heard(uri: str, records: Documents) -> Callable[[int], list[Event]]:
    """Takes so many events off the bus, watermarks apart."""
    connection = bus.connect(uri, "test")
    connection.channel().queue_purge("test.heard")
    connection.release()

    def take(count: int) -> list[Event]:
        events: list[Event] = []
        connection = bus.connect(uri, "test")
        channel = connection.channel()
        until = time.monotonic() + PATIENCE
        while len(events) < count and time.monotonic() < until:
            message = channel.basic_get("test.heard", no_ack=True)
            if message is None:
                time.sleep(0.05)
                continue
            body = message.body if isinstance(message.body, bytes) else message.body.encode()
            if "watermark" not in message.delivery_info["routing_key"]:
                events.append(Event.from_json(body))
        connection.release()
        return events

    return take


def test_the_tree_is_learnt_from_the_gateway(uri: str, records: Documents) -> None:
    """What the gateway tells of a unit stands in study's own directory, once, whatever comes twice."""
    told = unit_event("D1-B1", PATHS["D1-B1"])
    publisher = bus.Publisher(uri, "gateway", keys=KEYS, name="test")
    for _ in range(2):
        assert publisher.publish([bus.Outgoing(told.id, told.short_type, told.to_json())]).confirmed
    publisher.close()
    assert wait_until(lambda: records["units"].find_one({"_id": "D1-B1", "path": PATHS["D1-B1"]}) is not None, PATIENCE)


def test_a_session_goes_all_the_way(ask: Asker, records: Documents, heard: Callable[[int], list[Event]]) -> None:
    """Held, submitted, corrected, returned, void by RPC: each step is a version, an event on the bus, and readable."""
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("hold_session", CONTENT, "held"),
        ("submit_session", {}, "submitted"),
        ("correct_session", {**CONTENT, "due": 30, "reason": "人数有误"}, "submitted"),
        ("return_session", {"reason": "缺议题"}, "returned"),
        ("void_session", {"reason": "误报"}, "void"),
    ]
    for version, (method, body, state) in enumerate(steps, start=1):
        answer = ask(method, {**body, "id": "s1"}, command_id=method)
        by = {} if method == "hold_session" else {ADMITTED: {"role": "office", "unit": "R"}}
        assert answer == {"id": "s1", "version": version, "state": state, **by}
        assert ask(method, {**body, "id": "s1"}, command_id=method) == answer
    events = heard(7)
    types = Counter(event.short_type for event in events)
    past = ("held", "submitted", "corrected", "returned", "voided")
    assert types == {**{f"session.{name}.v1": 1 for name in past}, "coverage.counted.v1": 2}
    told = [event for event in events if event.subject == "s1"]
    assert [event.aggregateversion for event in told] == [1, 2, 3, 4, 5]
    assert (told[1].unit, str(told[1].day), told[1].data["now"]["present"]) == ("D1-B1", "2025-03-05", 18)
    assert (told[2].data["was"]["due"], told[2].data["now"]["due"]) == (20, 30)
    found = ask("get_session", {"id": "s1"})
    assert (found["state"], found["version"], found["due"], found["reason"]) == ("void", 5, 30, "误报")
    assert ask("list_sessions", {"unit": "D1"})["total"] == 1


def test_essays_and_lectures_go_all_the_way(ask: Asker, heard: Callable[[int], list[Event]]) -> None:
    """Recorded, corrected, void, and read."""
    lecture = {"mode": "each", "speaker_post": "党组成员", "audience": 40}
    for kind, more in (("essay", {}), ("lecture", lecture)):
        content = {"unit": "D1", "day": "2025-03-05", "title": "题目", **more}
        assert ask(f"record_{kind}", {**content, "id": kind})["state"] == "recorded"
        assert ask(f"correct_{kind}", {**content, "title": "新题", "reason": "误", "id": kind})["version"] == 2
        assert ask(f"void_{kind}", {"reason": "误报", "id": kind})["state"] == "void"
        assert ask(f"get_{kind}", {"id": kind})["title"] == "新题"
        assert ask(f"list_{kind}s", {"unit": "R", "q": "新"})["total"] == 1
        assert [event.short_type for event in heard(3)] == [
            f"{kind}.{past}.v1" for past in ("recorded", "corrected", "voided")
        ]


def test_what_is_refused_changes_nothing(ask: Asker, records: Documents) -> None:
    """Rules, form of the body and versions: each by its stable code."""
    ask("hold_session", {**CONTENT, "id": "s1"})
    refusals = {
        "session.present_exceeds_due": {**CONTENT, "id": "s2", "present": 21},
        "session.absences_exceed_due": {**CONTENT, "id": "s2", "due": 1},
        "day.in_future": {**CONTENT, "id": "s2", "day": "2099-12-31"},
        "request.invalid": {**CONTENT, "id": "s2", "due": -1},
        "session.number_taken": {**CONTENT, "id": "s1", "due": 30},
    }
    for code, body in refusals.items():
        assert ask.refusal("hold_session", body) == code
    assert ask.refusal("return_session", {"id": "s1", "reason": "误"}) == "session.not_submitted"
    assert ask.refusal("submit_session", {"id": "s2"}) == "record.not_found"
    assert ask.refusal("submit_session", {"id": "s1"}, expected=7) == "version.stale"
    assert ask.refusal("get_session", {"id": "s1"}, reader="D2") == "record.not_found"
    assert records["journal"].count_documents({}) == records["sessions"].count_documents({}) == 1
    assert ask("submit_session", {"id": "s1"}, expected=1)["version"] == 2


def test_a_day_ahead_is_refused(ask: Asker) -> None:
    """By the real clock, whatever the campaign says."""
    ahead = (datetime.now(UTC) + timedelta(days=3)).date()
    period = Period(id="now", first=ahead - timedelta(days=9), last=ahead)
    body = {**CONTENT, "day": ahead.isoformat(), "id": "s1"}
    assert ask.refusal("hold_session", body, periods=[period]) == "day.in_future"
    assert ask("draft_session", body, periods=[period])["state"] == "draft"


def test_a_number_is_one_record_by_form_and_by_sheet(ask: Asker, records: Documents) -> None:
    """Entered by hand and found again in a ledger it is reported, not doubled; other content is refused."""
    id = record_id("study", "sessions", "D1-B1", "XX-1")
    assert ask("hold_session", {**CONTENT, "number": "XX-1", "id": new_id()})["id"] == id
    assert ask("hold_session", {**CONTENT, "number": "XX-1", "id": new_id()}) == {
        "id": id,
        "version": 1,
        "state": "held",
    }
    assert (
        ask.refusal("hold_session", {**CONTENT, "number": "XX-1", "due": 9, "id": new_id()}) == "session.number_taken"
    )
    assert ask.load("sessions", {**ROW, "number": "XX-1"})["state"] == "applied"
    refused = ask.load("sessions", {**ROW, "number": "XX-2"}, {**ROW, "number": "XX-1", "due": 21.0})
    assert refused["state"] == "refused"
    assert [(each["row"], each["column"], each["code"]) for each in refused["errors"]] == [
        (3, "number", "session.number_taken")
    ]
    assert [(row["_id"], row["state"]) for row in records["sessions"].find()] == [(id, "submitted")]


def test_all_spellings_of_a_number_are_one_record(ask: Asker, records: Documents) -> None:
    """By form and by sheet: full width, zero width, soft hyphens."""
    id = record_id("study", "sessions", "D1-B1", "XX-1")
    raw = "ＸＸ－１"
    at = record_id("study", "sessions", "D1-B1", raw)  # as the edge names it, which knows what was typed
    assert ask("hold_session", {**CONTENT, "number": raw, "id": at})["id"] == id
    for number in ("XX-1", "XX-1\u200b", "\ufeffXX-1"):
        assert ask("hold_session", {**CONTENT, "number": number, "id": new_id()})["id"] == id
    assert ask.load("sessions", {**ROW, "number": "ＸＸ－１\u00ad"})["state"] == "applied"
    assert [(row["_id"], row["number"]) for row in records["sessions"].find()] == [(id, "XX-1")]


def test_a_record_numbered_before_keys_were_compared_is_found(ask: Asker, records: Documents) -> None:
    """A store holds the number as it was typed once; typed so again it is that record, by form and by sheet."""
    raw = "学（１）"
    ask("hold_session", {**CONTENT, "number": "X", "id": new_id()})
    found = records["sessions"].find_one_and_delete({})
    assert found is not None
    id = record_id("study", "sessions", "D1-B1", raw)
    records["sessions"].insert_one({**found, "_id": id, "number": raw})
    assert ask("hold_session", {**CONTENT, "number": raw, "id": id}) == {"id": id, "version": 1, "state": "held"}
    corrected = {**CONTENT, "number": raw, "id": id, "title": "改", "reason": "误"}
    assert ask("correct_session", corrected, expected=1)["version"] == 2
    title = {"title": "改二", "action": "更正", "reason": "误"}
    assert ask.load("sessions", {**ROW, "number": raw, **title})["state"] == "applied"
    assert [(row["_id"], row["number"], row["title"]) for row in records["sessions"].find()] == [(id, raw, "改二")]


def test_ledgers_are_taken_whole_and_once(ask: Asker, records: Documents) -> None:
    """All three sheets; sent again they are skipped row by row; one wrong row and nothing is taken."""
    entry = {"unit": "D1", "day": "2025年4月2日", "title": "题目"}
    lecture = {**entry, "mode": "集中讲", "speaker_post": "书记", "audience": 60.0}
    ledgers = {
        "sessions": [{**ROW, "number": f"n{number}", "day": f"2025-{1 + number % 9:02}-07"} for number in range(700)],
        "essays": [{**entry, "number": "e1", "session": "DS-1"}, {**entry, "number": "e2"}],
        "lectures": [{**lecture, "number": "l1"}, {**lecture, "number": "l1", "action": "作废", "reason": "误报"}],
    }
    for kind, rows in ledgers.items():
        applied = ask.load(kind, *rows)
        assert (applied["state"], applied["applied"], applied["failures"]) == ("applied", len(rows), [])
    written = records["journal"].count_documents({})
    for kind, rows in ledgers.items():
        again = ask.load(kind, *rows)
        assert (again["state"], again["skipped"]) == ("applied", len(rows))
    wrong = ask.load("sessions", {**ROW, "number": "new"}, {**ROW, "number": "bad", "present": 25.0})
    assert [(each["row"], each["column"]) for each in wrong["errors"]] == [(3, "present")]
    assert records["journal"].count_documents({}) == written
    assert records["sessions"].count_documents({"state": "submitted"}) == 700
    assert records["lectures"].count_documents({"state": "void"}) == 1
    coverage = records["coverages"].find_one({"_id": "coverage:D1-B1"})
    assert coverage is not None
    assert sum(coverage["counts"].values()) == 700
    assert len(coverage["days"]) == 2 * (9 + 3 + 1 + 1)  # by whichever way, and by the one way


def test_sessions_of_a_unit_submitted_at_once_are_all_counted(uri: str, ask: Asker, records: Documents) -> None:
    """Two transactions that touch one unit's coverage conflict instead of losing one: the unit is covered once."""
    for number in range(12):
        ask("hold_session", {**CONTENT, "id": f"s{number}"})

    def submit(number: int) -> str:
        with calling(uri) as client:
            return str(Asker(client.study, PERMITS, PATHS)("submit_session", {"id": f"s{number}"})["state"])

    with ThreadPoolExecutor(6) as many:
        assert set(many.map(submit, range(12))) == {"submitted"}
    coverage = records["coverages"].find_one()
    assert coverage is not None
    assert coverage["counts"] == {"2025-03-05 C2025 branch": 12}
    told = list(records["journal"].find({"type": "coverage.counted.v1"}, sort=[("n", 1)]))
    assert [entry["data"]["now"] for entry in told] == list(range(1, 13))
    assert [len(entry["data"]["flips"]) for entry in told] == [8] + [
        0
    ] * 11  # four grains, for all ways and for its own


def test_an_essay_is_linked_to_a_class_that_exists(ask: Asker) -> None:
    """By id or own number, of its unit or one above; other links are refused; sheets may come before the class."""
    reading = {**CONTENT, "unit": "D1", "way": "leadership", "form": "reading_class", "title": "春季读书班"}
    held = ask("hold_session", {**reading, "number": "DS-1", "id": new_id()})["id"]
    ask("hold_session", {**CONTENT, "id": "theme"})
    essay = {"day": "2025-03-05", "title": "体会"}
    for unit, link, code in (
        ("D1", "DS-9", "essay.session_unknown"),
        ("D2", held, "essay.session_unknown"),
        ("D1-B1", "theme", "essay.session_not_reading_class"),
    ):
        assert ask.refusal("record_essay", {**essay, "unit": unit, "session": link, "id": "e"}) == code
    for id, unit, link in (("e1", "D1", "DS-1"), ("e2", "D1-B1", held)):
        ask("record_essay", {**essay, "unit": unit, "session": link, "id": id})
        assert ask("get_essay", {"id": id})["reading_class"]["id"] == held
    early = {"unit": "D1", **essay, "number": "e3", "session": "DS-2"}
    assert ask.load("essays", early)["state"] == "applied"
    e3 = record_id("study", "essays", "D1", "e3")
    assert ask("get_essay", {"id": e3})["reading_class"] is None
    ask("hold_session", {**reading, "title": "年中读书班", "number": "DS-2", "id": new_id()})
    assert ask("get_essay", {"id": e3})["reading_class"]["title"] == "年中读书班"


def test_reasons_are_for_the_branch_alone(ask: Asker) -> None:
    """The reader's unit decides what is shown."""
    ask("hold_session", {**CONTENT, "id": "s1"})
    assert ask("get_session", {"id": "s1"}, reader="D1-B1")["absences"] == CONTENT["absences"]
    assert ask("get_session", {"id": "s1"}, reader="D1")["absences"] == [{"reason": "excused", "count": 2}]
    (listed,) = ask("list_sessions", {"unit": "D1"}, reader="D1")["items"]
    assert listed["absences"] == [{"reason": "excused", "count": 2}]
