"""The research service in a process of its own, on a real broker and a real store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from nameko.exceptions import RemoteError
from pymongo import MongoClient

from services.kernel.bus import broker as bus
from services.kernel.message.event import new_id, record_id
from services.research import contract
from services.research.contract import TopicFields
from services.research.domain import TOPIC as TOPIC_RECORD
from services.research.domain.loop import Topic, missing
from tests.component.asking import Asker, Documents, serving
from tests.component.edge import calling
from tests.eventually import PATIENCE
from tests.unit.gateway.projection.test_contributions import payloads

PATHS = {"D1": ["R", "D1"], "D2": ["R", "D2"], "S1": ["R", "S1"]}
TOPIC: dict[str, Any] = {
    "unit": "D1",
    "day": "2025-03-05",
    "title": "数据共享",
    "kind": "solution",
    "leader": "党组书记",
    "group": [{"post": "处长", "count": 2}],
}
VISIT: dict[str, Any] = {
    "unit": "D1",
    "day": "2025-03-10",
    "title": "座谈",
    "topic": "t1",
    "leader": "副厅长",
    "visited": "D2",
    "kind": "department",
    "counts_as": "D2",
    "findings": "堵点在标准不一，联系 13900001111",
}
TOPIC_ROW: dict[str, Any] = {
    "number": "KT-1",
    "unit": "D1",
    "day": "2025-03-05",
    "title": "数据共享",
    "kind": "对策性",
    "leader": "党组书记",
    "state": "破题",
    "outline": "座谈",
    "approved": "2025-03-06",
}
VISIT_ROW: dict[str, Any] = {
    "number": "DY-1",
    "unit": "D1",
    "day": "2025-03-10",
    "title": "座谈",
    "topic": "KT-1",
    "leader": "副厅长",
    "place": "示例公司",
    "kind": "企业",
    "findings": "堵点在标准不一，联系 13900001111",
}
MEASURE_ROW: dict[str, Any] = {
    "number": "CS-1",
    "unit": "D1",
    "day": "2025-04-01",
    "title": "统一标准",
    "topic": "KT-1",
    "owner": "D2",
    "due": "2025-06-30",
    "state": "已销号",
    "noted": "2025-05-06",
    "done": "已印发",
    "settled": "2025-06-03",
}


@pytest.fixture(scope="module")
def uri(module_vhost: str) -> str:
    """The broker, with a queue that takes all that research tells: an event without one is not published."""
    connection = bus.connect(module_vhost, "test")
    bus.declare_queue(connection, "test.heard", [("research", "#")])
    connection.release()
    return module_vhost


@pytest.fixture(scope="module")
def records(
    uri: str, mongo: str, mongo_client: MongoClient[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Documents]:
    """The service's database, while the service runs."""
    with serving("research", uri, mongo, mongo_client, tmp_path_factory.mktemp("research")) as database:
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
        yield Asker(client.research, contract.PERMITS, PATHS)


def surveyed(ask: Asker, id: str = "t1") -> None:
    """A topic whose outline is approved."""
    ask("frame_topic", {**TOPIC, "id": id})
    ask("submit_outline", {"id": id, "outline": "座谈"})
    ask("approve_outline", {"id": id})


def test_findings_are_encrypted_and_in_no_event(ask: Asker, records: Documents) -> None:
    """Sealed with the visit in one transaction; redacted for those who went, hidden from who was visited."""
    surveyed(ask)
    ask("record_visit", {**VISIT, "id": "v1"})
    assert records["private"].count_documents({"_id": "v1"}) == 1
    for name in ("journal", "visits", "private", "commands"):
        assert "堵点" not in str(list(records[name].find()))
    own = ask("get_visit", {"id": "v1"}, reader="D1")["findings"]
    assert own.startswith("堵点")
    assert "13900001111" not in own
    assert ask("get_visit", {"id": "v1"}, reader="D2")["findings"] is None
    assert ask.refusal("get_findings", {"id": "v1", "reason": "看看"}, reader="D2") == "record.not_found"
    assert "13900001111" in ask("get_findings", {"id": "v1", "reason": "核对"}, reader="D1")["findings"]
    assert records["access_log"].count_documents({"person": "v1"}) == 1
    again = {**VISIT, "findings": None, "people": 4, "reason": "人数有误"}
    ask("correct_visit", {**again, "id": "v1"})
    assert ask("get_visit", {"id": "v1"}, reader="D1")["findings"] == own


def test_visits_at_once_to_one_unit_count_it_once(uri: str, ask: Asker, records: Documents) -> None:
    """Transactions that touch one place and one topic conflict instead of losing one."""
    surveyed(ask)

    def go(number: int) -> str:
        with calling(uri) as client:
            return str(
                Asker(client.research, contract.PERMITS, PATHS)("record_visit", {**VISIT, "id": f"v{number}"})["state"]
            )

    with ThreadPoolExecutor(4) as many:
        assert set(many.map(go, range(8))) == {"recorded"}
    (place,) = records["places"].find()
    assert place["counts"] == {"2025-03-10 C2025 -": 8}
    flips = [len(entry["data"]["flips"]) for entry in records["journal"].find({"type": "place.counted.v1"})]
    assert Counter(flips) == {1: 1, 0: 7}
    assert ask("get_topic", {"id": "t1"})["visits"] == 8


def at_once(uri: str, *asked: tuple[str, dict[str, Any]]) -> list[str]:
    """Commands given in the same moment, each on a connection of its own: "" where it is taken, else why not."""
    together = Barrier(len(asked))

    def give(method: str, body: dict[str, Any]) -> str:
        with calling(uri) as client:
            ask = Asker(client.research, contract.PERMITS, PATHS)
            ask("get_norm", {})  # the connection is there
            together.wait(PATIENCE)
            try:
                ask(method, body)
            except RemoteError as refused:
                return str(refused.value).split(":", maxsplit=1)[0]
            return ""

    with ThreadPoolExecutor(len(asked)) as many:
        return list(many.map(lambda each: give(*each), asked))


def life_of(records: Documents, topic: str) -> Iterator[tuple[Topic | None, TopicFields]]:
    """Each event of a topic, and the topic before it: replayed from its journal."""
    state: Topic | None = None
    kinds = {kind.type: kind for kind in payloads(contract)}
    for entry in records["journal"].find({"aggregate": topic}).sort("n"):
        event = kinds[entry["type"]].model_validate({**entry["data"], "unit": entry["unit"], "day": entry["day"]})
        assert isinstance(event, TopicFields)
        yield state, event
        state = TOPIC_RECORD.evolve(state, event)


def test_no_gate_opens_on_evidence_that_goes_in_the_same_moment(uri: str, ask: Asker, records: Documents) -> None:
    """The only visit is taken back while the topic enters the next stage: one sees the other, whichever is first."""
    for topic, visit in ((f"t{n}", f"v{n}") for n in range(6)):
        surveyed(ask, topic)
        ask("record_visit", {**VISIT, "id": visit, "topic": topic})
        moved, gone = at_once(uri, ("advance_topic", {"id": topic}), ("void_visit", {"id": visit, "reason": "误报"}))
        assert gone == ""
        assert moved in ("", "topic.gate_closed")
        entered = [each for each in life_of(records, topic) if isinstance(each[1], contract.TopicAdvanced)]
        assert len(entered) == (moved == "")
        for state, _ in entered:
            assert state is not None
            assert missing(state, contract.TopicState.solving) == []
        found = ask("get_topic", {"id": topic})
        assert (found["visits"], found["state"]) == (0, "surveying" if moved else "solving")


def test_nothing_is_linked_to_a_topic_that_closes_in_the_same_moment(uri: str, ask: Asker, records: Documents) -> None:
    """A visit is recorded while its topic is closed: it came before, or it is refused."""
    for topic in (f"t{n}" for n in range(6)):
        surveyed(ask, topic)
        ask("record_visit", {**VISIT, "id": f"{topic}-v1", "topic": topic})
        ask("advance_topic", {"id": topic})
        ask("file_report", {"id": topic, "report": "调研报告", "day": "2025-04-20"})
        measure = {"unit": "D1", "day": "2025-04-21", "title": "统一标准", "topic": topic, "owner": "D1"}
        ask("record_measure", {**measure, "id": f"{topic}-m1", "due": "2025-06-30"})
        ask("advance_topic", {"id": topic})
        ask("revisit_topic", {"id": topic, "day": "2025-07-01"})
        late = {**VISIT, "id": f"{topic}-v2", "topic": topic}
        closed, linked = at_once(uri, ("close_topic", {"id": topic}), ("record_visit", late))
        assert closed == ""
        assert linked in ("", "topic.closed")
        visits = records["visits"].count_documents({"topic": topic})
        assert ask("get_topic", {"id": topic})["visits"] == visits == (1 if linked else 2)
        assert [event for state, event in life_of(records, topic) if state and state.state == "closed"] == []


def test_ledgers_are_led_as_far_as_they_say(ask: Asker, records: Documents) -> None:
    """Topics, then visits and measures, then the topics' further stages; sent again all is skipped."""
    report = {"report": "调研报告", "reported": "2025-04-20"}
    closed = {**report, "state": "关闭", "revisited": "2025-07-01", "effective": "是", "closed": "2025-07-02"}
    ledgers = [
        ("topics", TOPIC_ROW),
        ("visits", VISIT_ROW),
        ("measures", MEASURE_ROW),
        ("topics", {**TOPIC_ROW, **closed}),
    ]
    for kind, row in ledgers:
        applied = ask.load(kind, row)
        assert (applied["state"], applied["errors"], applied["failures"]) == ("applied", [], [])
    topic = ask("get_topic", {"id": record_id("research", "topics", "D1", "KT-1")})
    assert (topic["state"], topic["visits"], topic["percent"], topic["closed"]) == ("closed", 1, 100, "2025-07-02")
    written = records["journal"].count_documents({})
    for kind, row in ledgers:
        assert ask.load(kind, row)["skipped"] == 1
    assert records["journal"].count_documents({}) == written


def test_a_sheet_says_what_an_approver_says_only_by_one(ask: Asker, records: Documents) -> None:
    """A unit's administrator sends its ledger, but neither approves its outlines nor settles its measures by it."""
    refused = ask.load("topics", TOPIC_ROW, role="unit_admin")
    assert [(error["column"], error["code"]) for error in refused["errors"]] == [("approved", "role.missing")]
    proposed = {**TOPIC_ROW, "state": "谋题", "approved": ""}
    assert ask.load("topics", proposed, role="unit_admin")["state"] == "applied"
    assert ask.load("topics", TOPIC_ROW, role="leader")["state"] == "applied"
    refused = ask.load("measures", MEASURE_ROW, role="unit_admin")
    assert [(error["column"], error["code"]) for error in refused["errors"]] == [("settled", "role.missing")]
    assert records["measures"].count_documents({}) == 0


def test_naming_a_unit_gives_no_right_to_write_for_it(ask: Asker, records: Documents) -> None:
    """A unit that the envelope names beside is known as one visited or as an owner, never as a row's own."""
    ask.load("topics", TOPIC_ROW)
    mine = {"D1": PATHS["D1"]}
    visit = {**VISIT_ROW, "place": "", "visited": "D2", "kind": "省直单位", "counts_as": "D2"}
    foreign = {**visit, "number": "DY-2", "unit": "D2", "visited": "D1"}
    refused = ask.load("visits", visit, foreign, paths=mine, named={"D2": PATHS["D2"]})
    assert [(error["row"], error["column"], error["code"]) for error in refused["errors"]] == [
        (3, "unit", "unit.unknown")
    ]
    assert ask.load("visits", visit, paths=mine, named={"D2": PATHS["D2"]})["state"] == "applied"
    (kept,) = records["visits"].find()
    assert kept["scope"] == ["D1", "D2", "R"]


def test_what_is_given_out_goes_in_again_without_a_trace(ask: Asker, records: Documents) -> None:
    """Page by page, by number or id, also findings with a number in them: nothing is written."""
    ask("frame_topic", {**TOPIC, "id": new_id()})
    for kind, row in (("topics", TOPIC_ROW), ("visits", VISIT_ROW), ("measures", MEASURE_ROW)):
        ask.load(kind, row)
    sealed = {row["_id"]: row["fields"] for row in records["private"].find()}
    written = records["journal"].count_documents({})
    for kind, number in (("topics", 2), ("visits", 1), ("measures", 1)):
        rows: list[dict[str, Any]] = []
        page: dict[str, Any] = {"after": ""}
        while page["after"] is not None:
            page = ask("export_rows", {"kind": kind, "unit": "D1", "limit": 1, "after": page["after"]})
            rows += page["rows"]
        assert len(rows) == number
        state = ask.load(kind, *rows)
        assert (state["state"], state["skipped"], state["errors"]) == ("applied", number, [])
    assert records["journal"].count_documents({}) == written
    assert {row["_id"]: row["fields"] for row in records["private"].find()} == sealed
    assert ask.refusal("export_rows", {"kind": "secrets", "unit": "D1"}) == "export.kind_unknown"


def test_another_units_record_is_not_there(ask: Asker) -> None:
    """What lies outside and what does not exist are not told apart; a part in it opens it."""
    surveyed(ask)
    ask("record_visit", {**VISIT, "id": "v1"})
    measure = {
        "unit": "D1",
        "day": "2025-04-01",
        "title": "统一标准",
        "topic": "t1",
        "owner": "S1",
        "due": "2025-06-30",
    }
    ask("record_measure", {**measure, "id": "m1"})
    for kind, sees in (("topic", ("D1",)), ("visit", ("D1", "D2")), ("measure", ("D1", "S1"))):
        id = {"topic": "t1", "visit": "v1", "measure": "m1"}[kind]
        for reader in ("D1", "D2", "S1"):
            if reader in sees:
                assert ask(f"get_{kind}", {"id": id}, reader=reader)["id"] == id
            else:
                assert ask.refusal(f"get_{kind}", {"id": id}, reader=reader) == "record.not_found"
