"""Progress by tag on a real replica set: summed, moved and opened like every figure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pymongo.asynchronous.database import AsyncDatabase

from services.gateway.projection import METRICS, Metric, by_subject, contributions
from services.gateway.store.initiatives import check_tags, lists, progress
from services.gateway.store.period import Span
from services.gateway.store.records import records
from services.gateway.store.report import catalogue, report
from services.kernel.journal.store import Document
from services.kernel.message.errors import DomainError
from services.research.contract import CorrectTopic, FrameTopic
from services.research.domain import TOPIC
from services.study.contract import HoldSession, RecordPair, SubmitSession, VoidPair
from services.study.domain import PAIR, SESSION
from tests.component.gateway.figures import READER, Figures
from tests.unit.gateway.owners import CAMPAIGN, Owners

WHOLE = Span(CAMPAIGN.first, CAMPAIGN.last)
AUTUMN = Span(date(2026, 9, 1), date(2026, 9, 30))
TAG, OTHER = "建在链上", "对口帮扶"


def pair(owners: Owners, id: str, *tags: str, **content: Any) -> None:
    told = {"unit": "D1", "day": "2026-03-05", "title": "联学", "central": "D2", "provincial": "D1", "tags": tags}
    owners.decide("study", PAIR, id, RecordPair.model_validate({**told, "id": id, **content}))


def topic(owners: Owners, command: type[Any], id: str, *tags: str, **content: Any) -> None:
    told = {"unit": "B1", "day": "2026-03-05", "title": "课题", "kind": "solution", "leader": "书记", "tags": tags}
    owners.decide("research", TOPIC, id, command.model_validate({**told, "id": id, **content}))


def test_progress_by_tag_is_the_sum_of_its_records(figures: Figures) -> None:
    """What is tagged twice counts under both; a tag that is taken off, and a record taken back, count no more."""
    owners = Owners()
    pair(owners, "p1", TAG)
    pair(owners, "p2", TAG, OTHER)
    pair(owners, "p3", OTHER, last="2026-05-01")
    pair(owners, "p4", TAG)
    owners.decide("study", PAIR, "p4", VoidPair(id="p4", reason="重复"))
    topic(owners, FrameTopic, "t1", TAG)
    topic(owners, FrameTopic, "t2", TAG)
    topic(owners, CorrectTopic, "t2", OTHER, reason="标签有误")
    figures.project(owners.events)

    async def read(database: AsyncDatabase[Document]) -> list[Any]:
        return [
            await progress(database, "vehicles", "P", WHOLE),
            await progress(database, "vehicles", "P", AUTUMN),
            await progress(database, "vehicles", "B1", WHOLE),
            await records(database, "study.pairs", "P", WHOLE, 1, 50, TAG, roles=READER),
            await records(database, "research.topics", "P", WHOLE, 1, 50, OTHER, roles=READER),
            await report(database, "P", WHOLE),
        ]

    whole, autumn, branch, pairs, topics, all_figures = figures.ask(read)

    def of(found: dict[str, Any], tag: str) -> tuple[int, int]:
        item = next(item for item in found["items"] if item["id"] == tag)
        return item["figures"]["study.pairs"], item["figures"]["research.topics"]

    assert (of(whole, TAG), of(whole, OTHER), of(whole, "先锋杯")) == ((2, 1), (1, 1), (0, 0))
    assert (of(autumn, TAG), of(autumn, OTHER)) == ((2, 0), (1, 0))  # pairs are a level, topics a flow
    assert (of(branch, TAG), of(branch, OTHER)) == ((0, 1), (0, 1))
    assert ({row["record"] for row in pairs["items"]}, pairs["sum"]) == ({"p1", "p2"}, 2)
    assert [row["record"] for row in topics["items"]] == ["t2"]
    assert all_figures["figures"]["study.pairs"] == 2
    assert all_figures["figures"]["research.topics"] == 2


def test_a_figure_that_no_tag_divides_is_refused(figures: Figures) -> None:
    """Sessions bear no tags; a list that nobody knows has no progress."""
    for asking, code in (
        (lambda database: records(database, "study.essays", "P", WHOLE, 1, 50, TAG, roles=READER), "figure.not_tagged"),
        (lambda database: progress(database, "others", "P", WHOLE), "initiative.unknown"),
    ):
        with pytest.raises(DomainError) as refused:
            figures.ask(asking)
        assert refused.value.code == code


def test_retired_tags_stand_on_old_records_alone(figures: Figures) -> None:
    """A list that was set anew: what it left out is known, named and counted, and put on nothing new."""
    version = {"day": "2026-03-01", "items": [{"id": "新载体", "name": "新载体", "under": []}], "reason": "调整"}
    figures.database["initiatives"].insert_one(
        {"_id": "vehicles", "unit": "P", "title": "载体", "versions": [version], "version": 1}
    )

    async def read(database: AsyncDatabase[Document]) -> list[Any]:
        await check_tags(database, ["新载体"])
        await check_tags(database, [TAG], new=False)
        with pytest.raises(DomainError) as refused:
            await check_tags(database, ["新载体", TAG])
        assert (refused.value.code, [each["pointer"] for each in refused.value.errors]) == ("tag.unknown", ["/tags/1"])
        return [await lists(database), await progress(database, "vehicles", "P", WHOLE)]

    found, told = figures.ask(read)
    assert [each["id"] for each in found] == ["measures", "breakthroughs", "focuses", "vehicles"]
    assert TAG in {item["id"] for item in found[-1]["retired"]}
    assert {item["id"]: item["in_force"] for item in told["items"]} | {"新载体": True} == {
        item["id"]: item["id"] == "新载体" for item in told["items"]
    }


def test_adding_a_figure_is_an_entry(figures: Figures, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its entry alone it is counted, reported, opened to records and explained."""
    sources = ("study.session.submitted.v1",)
    entry = Metric(
        "study.branch_due", "研学应到人次", "人次", "研学活动的应到", sources, where={"way": "branch"}, amount="due"
    )
    monkeypatch.setitem(METRICS, entry.id, entry)
    counted = by_subject(METRICS.values())
    monkeypatch.setitem(contributions._COUNTED, "study.session", counted["study.session"])
    owners = Owners()
    for number, due in enumerate((20, 30)):
        id, told = f"s{number}", {"way": "branch", "form": "theme_day", "title": "学习"}
        held = {**told, "id": id, "unit": "B1", "day": "2026-03-05", "due": due}
        owners.decide("study", SESSION, id, HoldSession.model_validate(held))
        owners.decide("study", SESSION, id, SubmitSession(id=id))
    figures.project(owners.events)

    async def read(database: AsyncDatabase[Document]) -> list[Any]:
        return [await report(database, "P", WHOLE), await records(database, entry.id, "P", WHOLE, 1, 50, roles=READER)]

    found, opened = figures.ask(read)
    assert found["figures"][entry.id] == opened["sum"] == 50
    assert found["details"][entry.id]["name"] == "研学应到人次"
    assert entry.id in {told["id"] for told in catalogue()}
