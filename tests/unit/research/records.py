"""Research for tests: commands that are in order, and a topic on its way."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.kernel.message.event import Command
from services.research import contract as c
from services.research.domain import TOPIC, Topic
from tests.unit.study.records import NOW

DAY = date(2026, 3, 5)
TOPIC_CONTENT: dict[str, Any] = {
    "unit": "D1",
    "day": DAY,
    "title": "数据共享",
    "kind": "solution",
    "leader": "党组书记",
    "group": [{"post": "处长", "count": 2}],
}
VISIT_CONTENT: dict[str, Any] = {
    "unit": "D1",
    "day": DAY,
    "title": "赴水利厅座谈",
    "topic": "t",
    "leader": "副厅长",
    "people": 3,
    "visited": "D2",
    "kind": "department",
    "counts_as": "D2",
}
MEASURE_CONTENT: dict[str, Any] = {
    "unit": "D1",
    "day": DAY,
    "title": "统一数据标准",
    "topic": "t",
    "owner": "D2",
    "due": date(2026, 5, 31),
}


def frame(**fields: Any) -> c.FrameTopic:
    """A topic that is set."""
    return c.FrameTopic(**{**TOPIC_CONTENT, "id": "t", **fields})


OUTLINE = c.SubmitOutline(id="t", outline="到三个单位座谈")
APPROVE = c.ApproveOutline(id="t", day=DAY)
VISITED = c.CountEvidence(id="t", visits=1)
MEASURED = c.CountEvidence(id="t", now=c.MeasureState.set)
ADVANCE = c.AdvanceTopic(id="t")
REPORT = c.FileReport(id="t", day=DAY, report="数据共享调研报告")
REVISIT = c.RevisitTopic(id="t", day=DAY, finding="已见效")
CLOSE = c.CloseTopic(id="t")
RETURN = c.ReturnTopic(id="t", reason="不够深入")
WAY: list[Command] = [frame(), OUTLINE, APPROVE, VISITED, ADVANCE, REPORT, MEASURED, ADVANCE, REVISIT, CLOSE]
"""All steps of a topic's life."""


def topic(*commands: Command) -> Topic:
    """A topic after these commands."""
    state: Topic | None = None
    for command in commands:
        for happened in TOPIC.decide(state, command, NOW):
            state = TOPIC.evolve(state, happened)
    assert state is not None
    return state
