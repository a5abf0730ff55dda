"""What a unit owes: the words that plans, notices and norms share."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command
from services.kernel.message.free_text import FREE, NAMED, FreeText
from services.organisation.contract import UnitId, UnitKind

from .session import FORM_NAMES, WAYS, Form, Way
from .words import Placed

Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-03"])]
DutyKind = Form | Way | Literal["lecture"]
"""What is owed: sessions of a form, of any form of a way, or party lectures. Its record fulfils it by itself."""
DUTY_NAMES: dict[str, str] = {
    **{str(form): name for form, name in FORM_NAMES.items()},
    "lecture": "专题党课",
    **{str(way): f"{name}（形式不限）" for way, name in WAYS.items()},
}


class Each(StrEnum):
    """How often: every month, every quarter, or once in the plan's whole period."""

    month = "month"
    quarter = "quarter"
    period = "period"


EACH_NAMES = {Each.month: "每月", Each.quarter: "每季度", Each.period: "计划期内"}


class Requirement(BaseModel):
    """So many of a kind in every month, every quarter or in the whole period."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: DutyKind
    number: int = Field(default=1, ge=1, le=100)
    each: Each = Each.month
    note: Annotated[str, StringConstraints(max_length=200), FREE] = ""


class Material(BaseModel):
    """A material set that is to be studied, by its id and title."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(default="", max_length=64)
    title: Annotated[str, StringConstraints(min_length=1, max_length=120), FREE]


class Audience(Command):
    """To whom something is addressed: the units of these kinds in these subtrees; of all kinds where none is named."""

    units: list[UnitId] = Field(default=[], max_length=200, description="不填为本单位及其下级")
    kinds: list[UnitKind] = Field(default=[UnitKind.branch, UnitKind.joint_branch], max_length=14)


class Standing(StrEnum):
    """How a unit stands with what it owes: 已完成, 正常, 落后."""

    complete = "complete"
    on_time = "on_time"
    behind = "behind"


STANDINGS = {Standing.complete: "已完成", Standing.on_time: "按期推进", Standing.behind: "落后"}


class GetPlanProgress(Command):
    """How many units of a subtree owe something by a plan or a notice, are done with it, or are behind."""

    source: Annotated[str, NAMED] = Field(max_length=64)
    unit: str


DutyState = Literal["complete", "on_time", "behind", "unacknowledged"]


class ListDuties(Command):
    """The units of a subtree that owe something by a plan or notice; `state` chooses those that stand so.

    `unacknowledged` are those that have not confirmed a notice's latest edition. Without a source it is all plans and
    notices, for those that are behind alone: of what else there is, nobody asks in one list.
    """

    source: Annotated[str, NAMED] | None = Field(default=None, max_length=64)
    unit: str
    state: DutyState | None = None
    page: int = Field(default=1, ge=1, le=10_000)
    page_size: int = Field(default=50, ge=1, le=200)


class Due(Placed):
    """How many items are due from a unit and how many of them are done, as figures count them."""

    due: int
    done: int


class Edition(BaseModel):
    """An edition of something issued: when, why, and what it changed."""

    model_config = ConfigDict(frozen=True)

    edition: int
    day: date
    reason: FreeText = ""
    changes: list[FreeText] = []
