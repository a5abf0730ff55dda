"""What is configuration: the kinds of topics, and how many visits a month are too many."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText, Post, Reason

from .words import EXAMPLE_UNIT


class TopicKind(BaseModel):
    """A kind of topic: the id that records keep, and what it is called."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
    name: Post


DEFAULT_KINDS = [
    TopicKind(id="strategic", name="战略性"),
    TopicKind(id="solution", name="对策性"),
    TopicKind(id="forward", name="前瞻性"),
    TopicKind(id="follow_up", name="跟踪性"),
    TopicKind(id="case_study", name="解剖式"),
    TopicKind(id="supervisory", name="督查式"),
]


class SetNorm(Command):
    """Say the configuration anew; a kind left out can be given to no topic from now on."""

    kinds: list[TopicKind] = Field(min_length=1, max_length=30)
    visits_a_month: int = Field(ge=1, le=100, description="同一单位一个月内被调研超过此数即提示扎堆")
    source: Reason = Field(description="依据")

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for names in ([kind.id for kind in self.kinds], [kind.name for kind in self.kinds]):
            if len(set(names)) != len(names):
                raise ValueError("课题类型的标识和名称不能重复")
        return self


class PlaceNorm(SetNorm):
    """The same with the unit of who says it; follows from the command, never sent."""

    unit: str


class GetNorm(Command):
    """The configuration in force."""


class NormSet(Payload):
    """The configuration was said anew."""

    type: ClassVar[str] = "norm.set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "kinds": [kind.model_dump() for kind in DEFAULT_KINDS[:2]],
            "visits_a_month": 3,
            "source": "省委办公厅关于统筹规范调研活动的通知（样例）",
        }
    ]
    kinds: list[TopicKind]
    visits_a_month: int
    source: FreeText
