"""A topic as it stands, and what each gate of its closed loop requires."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..contract import Counted, MeasureState, Member, OutlineState, TopicLife, TopicState

T = TopicState


class Outline(BaseModel):
    """The research outline, and the day on which it was approved."""

    model_config = ConfigDict(frozen=True)

    text: str
    state: OutlineState
    approved: date | None = None


class Report(BaseModel):
    """The research report."""

    model_config = ConfigDict(frozen=True)

    title: str
    day: date
    summary: str


class Revisit(BaseModel):
    """What was found when somebody went to see what came of it; the last time."""

    model_config = ConfigDict(frozen=True)

    day: date
    effective: bool
    finding: str


class Topic(BaseModel):
    """A topic as it stands, with so many visits and so many measures in each state."""

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    title: str
    kind: str
    leader: str
    group: list[Member]
    cooperating: list[str]
    tags: list[str] = []
    number: str | None
    state: TopicState = T.framing
    outline: Outline | None = None
    visits: int = 0
    report: Report | None = None
    measures: dict[MeasureState, int] = {}
    revisit: Revisit | None = None
    closed: date | None = None
    reason: str | None = None
    rows: list[str] = []


def counted(topic: Topic | None) -> list[Counted]:
    """A topic counts on the day on which it was set, and so does its research group, where there is one."""
    if topic is None or topic.state == T.void:
        return []
    place = {"unit": topic.unit, "day": topic.day, "tags": tuple(topic.tags)}
    group = [Counted.model_validate({"figure": "groups", **place})] if topic.group else []
    return [Counted.model_validate({"figure": "topics", **place}), *group]


_TOLD = (
    ("outline", "outline", "text"),
    ("approved", "outline", "approved"),
    ("report", "report", "title"),
    ("reported", "report", "day"),
    ("summary", "report", "summary"),
    ("revisited", "revisit", "day"),
    ("effective", "revisit", "effective"),
    ("finding", "revisit", "finding"),
)
"""How a sheet and a correction call what a topic's steps have brought: their word, the step, its field."""


def life_of(topic: Topic) -> dict[str, Any]:
    """What a topic's steps have brought, in the words of a sheet; what is not there, or given back, is left out."""
    found = {word: getattr(step, field) for word, name, field in _TOLD if (step := getattr(topic, name)) is not None}
    if topic.outline is not None and topic.outline.state == OutlineState.returned:
        del found["outline"]
    return {word: told for word, told in {**found, "closed": topic.closed}.items() if told is not None}


def restated(topic: Topic, life: TopicLife | None) -> dict[str, Any]:
    """The steps that a correction says anew, as they are then."""
    said = {} if life is None else {word: getattr(life, word) for word in life.model_fields_set}
    changed: dict[str, Any] = {"closed": said["closed"]} if "closed" in said else {}
    for step in ("outline", "report", "revisit"):
        told = {field: said[word] for word, name, field in _TOLD if name == step and word in said}
        known: BaseModel | None = getattr(topic, step)
        if told and known is not None:
            changed[step] = known.model_copy(update=told)
    return changed


LOOP = (T.framing, T.surveying, T.solving, T.converted, T.revisited, T.closed)
"""The stages in their order."""


def missing(topic: Topic, entering: TopicState) -> list[str]:
    """What is not there of all that a topic must have to enter a stage: by this gate, and by those before it."""
    stage = LOOP.index(entering)
    effective = topic.revisit is not None and topic.revisit.effective
    required = (
        (T.surveying, topic.outline is not None and topic.outline.state == OutlineState.approved, "经批准的调研方案"),
        (T.solving, topic.visits > 0, "至少一次调研"),
        (T.converted, topic.report is not None, "调研报告"),
        (T.converted, sum(topic.measures.values()) > 0, "至少一项转化措施"),
        (T.revisited, topic.revisit is not None, "督查回访记录"),
        (T.closed, effective, "认为达到预期效果的督查回访"),
    )
    return [what for gate, there, what in required if LOOP.index(gate) <= stage and not there]
