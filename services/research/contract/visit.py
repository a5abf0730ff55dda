"""Visits: who of a topic's group went where, and what they found."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import SEALED, FreeText, Post, Reason, Title
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.rules.register import Placed
from services.kernel.sheets.cells import OwnNumber, Reference

from .words import EXAMPLE_UNIT, OWN, Sorted, Unit, WithId


class PlaceKind(StrEnum):
    """What sort of unit was visited; `other` (a village, a community, …) is in no figure of visited units."""

    department = "department"
    central = "central"
    institution = "institution"
    enterprise = "enterprise"
    other = "other"


PLACE_KINDS = {
    PlaceKind.department: "省直单位",
    PlaceKind.central: "中直驻省单位",
    PlaceKind.institution: "事业单位",
    PlaceKind.enterprise: "企业",
    PlaceKind.other: "其他（村、社区等）",
}
VISIT_STATES = {"recorded": "已登记", "void": "作废"}


class VisitContent(Command):
    """What a person knows of a visit. The unit visited is one of the platform's, or a place outside with its kind.

    It is asked for no materials: there is no field for any.
    """

    unit_fields: ClassVar[UnitFields] = (
        OWN,
        UnitField("visited", "被调研单位", day="day"),
        UnitField("counts_as", "计入单位", rule="ever"),
    )

    unit: Unit
    day: Day
    title: Title
    topic: Reference = Field(description="课题：其记录标识，或本单位及上级单位的课题编号")
    leader: Post = Field(description="带队人职务，不填姓名")
    people: int = Field(default=1, ge=1, le=1000, description="调研组参加人数")
    visited: Unit | None = Field(default=None, description="被调研单位编码")
    place: Title | None = Field(default=None, description="平台以外的被调研单位、地点名称")
    kind: PlaceKind | None = Field(default=None, description="平台以外的地点须填；平台内单位由平台确定")
    number: OwnNumber | None = Field(default=None, description="本单位编号，可不填；同一编号只登记一次")


class Private(Command):
    """What was found: encrypted, in no event and no list; the visited unit does not see it."""

    findings: Annotated[str, SEALED] | None = Field(
        default=None, max_length=4000, description="发现的问题和建议，加密保存；不填则不变"
    )


class RecordVisit(VisitContent, Private):
    """Record a visit. `counts_as` is the unit that it counts for: the edge knows the tree."""

    id: str
    counts_as: str | None = None
    row: str | None = None


class CorrectVisit(VisitContent, Private):
    """Say a visit anew, with the reason. Its unit and number stay."""

    id: str
    counts_as: str | None = None
    reason: Reason
    row: str | None = None


class VoidVisit(WithId):
    """Take a visit back."""

    reason: Reason
    row: str | None = None


class GetVisit(WithId):
    """One visit."""


class GetFindings(WithId):
    """What a visit found, in clear; the look is written down with its reason."""

    unmasks: ClassVar[bool] = True

    reason: Reason


class ListVisits(Sorted):
    """Visits by a unit and those below it, and to them."""

    states = frozenset(VISIT_STATES)

    topic: str | None = Field(default=None, max_length=40)
    kind: PlaceKind | None = None


_VISIT: dict[str, Any] = {
    **EXAMPLE_UNIT,
    "title": "赴水利厅座谈",
    "topic": "01956f3e-0000-7000-8000-000000000000",
    "leader": "副厅长",
    "people": 3,
    "visited": "D002",
    "place": None,
    "kind": "department",
    "counts_as": "D002",
    "number": "DY-001",
}


class VisitRecorded(Payload):
    """A visit took place; it counts one on its day for the unit that went."""

    type: ClassVar[str] = "visit.recorded.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_VISIT, "now": EXAMPLE_UNIT}]
    title: FreeText
    topic: str
    leader: FreeText
    people: int
    visited: str | None = None
    place: FreeText | None = None
    kind: PlaceKind
    counts_as: str
    number: str | None = None
    row: str | None = None
    now: Placed


class VisitCorrected(VisitRecorded):
    """A visit was said anew."""

    type: ClassVar[str] = "visit.corrected.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_VISIT, "people": 4, "reason": "人数有误", "was": EXAMPLE_UNIT, "now": EXAMPLE_UNIT}
    ]
    reason: FreeText
    was: Placed


class VisitVoided(Payload):
    """A visit was taken back."""

    type: ClassVar[str] = "visit.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "reason": "重复登记", "was": EXAMPLE_UNIT}]
    reason: FreeText
    was: Placed
    row: str | None = None
