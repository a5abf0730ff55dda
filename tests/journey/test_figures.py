"""Figures as their readers meet them: any period, side by side, live, by initiative, and each opened to its records."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import python_calamine

from services.cli.workbook import workbook
from services.kernel.sheets.sheet import XLSX
from tests.eventually import PATIENCE
from tests.journey.province import CLOSES, OPENS, PASSWORD, ROOT, Province

SESSION: dict[str, Any] = {
    "day": "2026-03-18",
    "way": "branch",
    "form": "discussion",
    "title": "第十二周研讨",
    "due": 9,
}


@pytest.fixture
def session(province: Province) -> Iterator[str]:
    """A session in the twelfth week of 2026, in the figures, taken back afterwards."""
    secretary = province.as_user("secretary")
    made = secretary.post("/study/sessions", json={**SESSION, "unit": "D001-B01"})
    assert made.status_code == 201, made.text
    id: str = made.json()["id"]
    assert secretary.post(f"/study/sessions/{id}/submissions").status_code == 201
    province.settled(datetime.now(UTC))
    yield id
    assert secretary.post(f"/study/sessions/{id}/voids", json={"reason": "测试结束"}).status_code == 201


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.row("G1")
@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("2026-W12", ("2026-03-16", "2026-03-22")),
        ("2026-03", ("2026-03-01", "2026-03-31")),
        ("2026-Q1", ("2026-01-01", "2026-03-31")),
        ("2026", ("2026-01-01", "2026-12-31")),
        ("2026-03-18", ("2026-03-18", "2026-03-18")),
        ("campaign", (OPENS, CLOSES)),
        ("campaign:C2026", (OPENS, CLOSES)),
    ],
)
def test_a_period_is_asked_for_by_its_name(province: Province, period: str, days: tuple[str, str]) -> None:
    """Day, week, month, quarter, year and campaign are what their first and last days are."""
    office = province.as_user("office")
    named = office.get(f"/reports/{ROOT}", params={"period": period, "compare": "before,year"}).json()
    assert (named["period"]["from"], named["period"]["to"]) == days
    by_days = office.get(f"/reports/{ROOT}", params={"from": days[0], "to": days[1], "compare": "before,year"}).json()
    assert {**named, "as_of": None} == {**by_days, "as_of": None}
    assert {child["unit"] for child in named["children"]} >= {"D001", "D002"}


@pytest.mark.row("G1")
def test_a_period_that_is_none_is_refused(province: Province) -> None:
    """By name or by days, not both; a name that no period has; a campaign that nobody opened."""
    office = province.as_user("office")
    for asked, expected in (
        ({"period": "2026-W12", "from": OPENS}, (422, "period.invalid")),
        ({"period": "2025-W53"}, (422, "period.invalid")),
        ({"period": "last week"}, (422, "request.invalid")),
        ({"period": "campaign:C9"}, (404, "campaign.unknown")),
    ):
        assert code(office.get(f"/reports/{ROOT}", params=asked)) == expected


@pytest.mark.row("G1", "L6")
def test_units_are_ranked_within_their_kind_for_who_may_issue_it(province: Province, session: str) -> None:
    """Never by default, never across kinds, and not for a unit's own administrator."""
    office = province.as_user("office")
    asked = {"period": "2026-W12", "rank": "study.sessions.branch", "rank_kind": "department"}
    ranking = office.get(f"/reports/{ROOT}", params=asked).json()["ranking"]
    values = [row["value"] for row in ranking["items"]]
    assert values == sorted(values, reverse=True)
    assert ranking["items"][0]["place"] == 1
    assert {"D001", "D002"} <= {row["unit"] for row in ranking["items"]}
    assert office.get(f"/reports/{ROOT}", params={"period": "2026-W12"}).json()["ranking"] is None
    alone = {**asked, "rank_kind": "committee"}
    assert code(office.get(f"/reports/{ROOT}", params=alone)) == (422, "ranking.nothing_to_compare")
    assert code(office.get(f"/reports/{ROOT}", params={**asked, "rank": "study.smiles"})) == (404, "figure.unknown")
    assert code(province.as_user("finance").get("/reports/D001", params=asked)) == (403, "role.missing")


@pytest.mark.row("G2")
def test_the_records_behind_a_figure_go_out_as_a_workbook(province: Province, session: str) -> None:
    """A row for each record, and their sum, which is the figure."""
    office = province.as_user("office")
    asked = {"unit": ROOT, "period": "2026-W12"}
    opened = office.get("/figures/study.attendance.due/records", params={**asked, "page_size": 200}).json()
    answer = office.get("/figures/study.attendance.due/records/workbook", params=asked)
    assert answer.headers["content-type"] == XLSX
    rows = sheet(answer.content)
    assert {row[4] for row in rows[3:-1]} == {record["record"] for record in opened["items"]}
    assert rows[-1][-1] == opened["sum"] == sum(record["amount"] for record in opened["items"])
    refused = province.as_user("water").get("/figures/study.attendance.due/records/workbook", params=asked)
    assert code(refused) == (403, "unit.out_of_scope")


def sheet(content: bytes) -> list[list[Any]]:
    """The cells of a workbook's first sheet."""
    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


@pytest.mark.row("G5")
def test_the_catalogue_is_a_page_and_a_workbook(province: Province) -> None:
    """Made of the same entries: what each figure counts, and the events that it is made of."""
    office = province.as_user("office")
    entries = {entry["id"]: entry for entry in office.get("/figures").json()["items"]}
    assert {row[0] for row in sheet(office.get("/figures/workbook").content)[1:]} == entries.keys()
    page = office.get(f"{province.platform.url}/figures").text
    assert all(f'id="{id}"' in page for id in entries)
    assert all(entry["sources"] and entry["counts"] for entry in entries.values())


@pytest.mark.row("G6")
def test_progress_by_initiative_opens_to_its_records(province: Province) -> None:
    """A list is set, a topic is tagged, counted, opened; what the next version leaves out goes on no new record."""
    office, finance = province.as_user("office"), province.as_user("finance")
    items = [{"id": "JJ-1", "name": "聚焦产业发展", "under": ["建在链上"]}, {"id": "JJ-2", "name": "聚焦民生实事"}]
    told = {"title": "五个聚焦", "items": items, "reason": "省委部署"}
    assert code(finance.put("/initiatives/focuses", json=told)) == (403, "role.missing")
    assert office.put("/initiatives/focuses", json=told).status_code == 200
    topic = {"unit": "D001", "day": "2026-03-05", "title": "产业链党建", "kind": "solution", "leader": "党组书记"}
    unknown = finance.post("/research/topics", json={**topic, "tags": ["JJ-9"]})
    assert (code(unknown), unknown.json()["errors"][0]["pointer"]) == ((422, "tag.unknown"), "/tags/0")
    made = finance.post("/research/topics", json={**topic, "tags": ["JJ-1"]})
    assert made.status_code == 201, made.text
    id = made.json()["id"]
    province.settled(datetime.now(UTC))
    asked = {"unit": ROOT, "period": "campaign"}
    assert figures(office, asked)["JJ-1"]["research.topics"] == 1
    opened = office.get("/figures/research.topics/records", params={**asked, "tag": "JJ-1"}).json()
    assert ([row["record"] for row in opened["items"]], opened["sum"]) == ([id], 1)
    page = office.get(f"{province.platform.url}/initiatives/{ROOT}", params={"from": OPENS, "to": CLOSES}).text
    assert "聚焦产业发展" in page
    assert "tag=JJ-1" in page
    assert office.put("/initiatives/focuses", json={**told, "items": items[1:], "reason": "调整"}).status_code == 200
    assert code(finance.post("/research/topics", json={**topic, "tags": ["JJ-1"]})) == (422, "tag.unknown")
    retitled = {**topic, "title": "产业链党建研究", "tags": ["JJ-1"], "reason": "题目有误"}
    assert finance.post(f"/research/topics/{id}/corrections", json=retitled).status_code == 201
    assert figures(office, asked)["JJ-1"]["research.topics"] == 1
    assert finance.post(f"/research/topics/{id}/voids", json={"reason": "测试结束"}).status_code == 201
    province.settled(datetime.now(UTC))
    assert figures(office, asked)["JJ-1"]["research.topics"] == 0


@pytest.mark.row("G6")
def test_a_sheet_with_a_tag_that_no_list_has_comes_back(province: Province) -> None:
    """Its rows are named, one by one, and nothing of it is taken."""
    row = {"unit": "D001", "day": "2026-03-05", "title": "课题", "kind": "对策性", "leader": "党组书记"}
    rows: list[dict[str, Any]] = [
        {**row, "number": f"BQ-{n}", "tags": tags} for n, tags in enumerate(("建在链上", "建在链上、没有此项"))
    ]
    file = {"file": ("课题.xlsx", workbook({"topics": rows}), XLSX)}
    before = province.counts()
    answer = province.as_user("office").post("/research/imports", data={"kind": "topics"}, files=file)
    assert code(answer) == (422, "import.refused")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/rows/3/tags"]
    assert province.counts() == before


def figures(office: httpx.Client, asked: dict[str, str]) -> dict[str, Any]:
    """The figures of each item of 五个聚焦."""
    answer = office.get("/initiatives/focuses/progress", params=asked)
    assert answer.status_code == 200, answer.text
    return {item["id"]: item["figures"] for item in answer.json()["items"]}


class Watched:
    """A stream of server-sent events, read as it comes."""

    def __init__(self, client: httpx.Client, since: str = "") -> None:
        headers = {"Last-Event-ID": since} if since else {}
        asked = {"from": OPENS, "to": CLOSES}
        self._open = client.stream("GET", f"/reports/{ROOT}/stream", params=asked, headers=headers, timeout=PATIENCE)

    def __enter__(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        answer = self._open.__enter__()
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        return self._events(answer)

    def __exit__(self, *why: Any) -> None:
        self._open.__exit__(*why)

    def _events(self, answer: httpx.Response) -> Iterator[tuple[str, str, dict[str, Any]]]:
        told: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            told[name] = value
            if not line:
                if told.get("event") in ("report", "refused"):
                    yield told["event"], told.get("id", ""), json.loads(told["data"])
                told = {}


@pytest.mark.row("G1")
def test_a_report_is_followed_live(province: Province, session: str) -> None:
    """As it stands, then each change without asking again; who comes back is given what they have not had."""
    office, secretary = province.as_user("office"), province.as_user("secretary")
    with Watched(office) as events:
        _, first, report = next(events)
        had = report["figures"]["study.attendance.due"]
        corrected = {**SESSION, "unit": "D001-B01", "due": 12, "reason": "人数有误"}
        assert secretary.post(f"/study/sessions/{session}/corrections", json=corrected).status_code == 201
        _, later, report = next(events)
        assert report["figures"]["study.attendance.due"] == had + 3
    with Watched(office, first) as events:
        assert next(events)[1] == later


@pytest.mark.row("G1", "O4")
def test_who_signs_out_is_shown_nothing_more(province: Province) -> None:
    """The stream of a session that is over ends with the refusal."""
    with httpx.Client(base_url=f"{province.platform.url}/api/v1", timeout=PATIENCE) as client:
        token = client.post("/tokens", json={"name": "office", "password": PASSWORD}).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        with Watched(client) as events:
            assert next(events)[0] == "report"
            leaving = threading.Timer(
                0.5, lambda: httpx.delete(f"{client.base_url}tokens/current", headers=client.headers)
            )
            leaving.start()
            event, _, refusal = next(found for found in events if found[0] == "refused")
            leaving.join()
    assert (event, refusal["code"]) == ("refused", "token.invalid")


def test_nobody_watches_what_they_may_not_see(province: Province) -> None:
    """Refused like the report itself, before any event."""
    address = f"/reports/{ROOT}/stream"
    assert code(province.as_user("water").get(address)) == (403, "unit.out_of_scope")
    assert code(httpx.get(f"{province.platform.url}/api/v1{address}")) == (401, "token.missing")
