"""The tree of units."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields

from .words import EXAMPLE_UNIT, Name, UnitId

Basis = Annotated[str, StringConstraints(min_length=1, max_length=200), FREE, Field(examples=["示例编〔2026〕12号"])]
"""Why the tree changes: the document that says so."""
ShortName = Annotated[str, StringConstraints(max_length=40), FREE]
CreditCode = Annotated[str, Field(max_length=18)]
PartyCode = Annotated[str, Field(max_length=40)]


class UnitKind(StrEnum):
    """Kinds of units."""

    committee = "committee"
    department = "department"
    central = "central"
    institution = "institution"
    enterprise = "enterprise"
    party_group = "party_group"
    organ_committee = "organ_committee"
    base_committee = "base_committee"
    general_branch = "general_branch"
    branch = "branch"
    joint_branch = "joint_branch"
    youth_group = "youth_group"
    women = "women"
    union = "union"


UNIT_KINDS = {
    UnitKind.committee: "工委",
    UnitKind.department: "省直单位",
    UnitKind.central: "中直驻省单位",
    UnitKind.institution: "事业单位",
    UnitKind.enterprise: "企业",
    UnitKind.party_group: "党组",
    UnitKind.organ_committee: "机关党委",
    UnitKind.base_committee: "基层党委",
    UnitKind.general_branch: "党总支",
    UnitKind.branch: "党支部",
    UnitKind.joint_branch: "联合（临时）党支部",
    UnitKind.youth_group: "青年理论学习小组",
    UnitKind.women: "妇女组织",
    UnitKind.union: "工会",
}


class Superior(BaseModel):
    """From which day on a unit stands below another."""

    model_config = ConfigDict(frozen=True)

    first: date
    unit: str


class Called(BaseModel):
    """From which day on a unit bears a name and codes."""

    model_config = ConfigDict(frozen=True)

    first: date
    name: FreeText
    short_name: FreeText = ""
    credit_code: str = ""
    party_code: str = ""


class AddUnit(Command):
    """Put a unit into the tree below its parent; the root has none."""

    unit_fields: ClassVar[UnitFields] = (UnitField("parent", "上级单位", rule="ever"),)

    id: UnitId
    name: Name
    short_name: ShortName = ""
    kind: UnitKind
    parent: UnitId | None = None
    credit_code: CreditCode = ""
    party_code: PartyCode = ""
    members: int = Field(default=0, ge=0, le=1_000_000)
    active_from: Day
    row: str | None = None


class UnitAdded(Payload):
    """A unit was put into the tree; `path` leads from the root to it."""

    type: ClassVar[str] = "unit.added.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**EXAMPLE_UNIT, "name": "示例省财政厅", "kind": "department", "parent": "P000", "path": ["P000", "D001"]}
    ]
    name: FreeText
    short_name: FreeText = ""
    kind: UnitKind
    parent: str | None = None
    path: list[str]
    credit_code: str = ""
    party_code: str = ""
    members: int = 0
    row: str | None = None


class RenameUnit(Command):
    """A unit is called otherwise from a day on; codes that are not given stay as they are."""

    id: UnitId
    day: Day
    name: Name
    short_name: ShortName = ""
    credit_code: CreditCode | None = None
    party_code: PartyCode | None = None
    basis: Basis


class MoveUnit(Command):
    """A unit, with all that lies below it, stands below another one from a day on."""

    unit_fields: ClassVar[UnitFields] = (UnitField("parent", "上级单位", rule="ever"),)

    id: UnitId
    day: Day
    parent: UnitId
    basis: Basis


class MergeUnits(Command):
    """Units go into the unit `id` on a day: what lies below them moves there, they are no more."""

    unit_fields: ClassVar[UnitFields] = (UnitField("units", "并入的单位", rule="ever"),)

    id: UnitId
    day: Day
    units: list[UnitId] = Field(min_length=1, max_length=20)
    basis: Basis


class PartUnit(BaseModel):
    """A unit that is made of another one, and which of the units below that one go with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UnitId
    name: Name
    short_name: ShortName = ""
    kind: UnitKind | None = Field(default=None, description="不填则与原单位相同")
    credit_code: CreditCode = ""
    party_code: PartyCode = ""
    children: list[UnitId] = Field(default=[], max_length=200)


class SplitUnit(Command):
    """New units are made of a unit on a day, and stand beside it; what goes with none of them stays."""

    unit_fields: ClassVar[UnitFields] = (UnitField("into/children", "随迁单位", rule="ever"),)

    id: UnitId
    day: Day
    into: list[PartUnit] = Field(min_length=1, max_length=20)
    basis: Basis


class AbolishUnit(Command):
    """A unit is no more from a day on; nothing active may be left of it."""

    id: UnitId
    day: Day
    basis: Basis


class UnitRenamed(Payload):
    """A unit is called otherwise from `day` on."""

    type: ClassVar[str] = "unit.renamed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "was": {"first": "2026-01-01", "name": "示例省财政厅"},
            "now": {"first": "2026-02-01", "name": "示例省财政局"},
            "basis": "示例编〔2026〕12号",
        }
    ]
    was: Called
    now: Called
    basis: FreeText


class UnitMoved(Payload):
    """A unit stands below `now` from `day` on; `path` is today's way to it."""

    type: ClassVar[str] = "unit.moved.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "was": {"first": "2026-01-01", "unit": "P000"},
            "now": {"first": "2026-02-01", "unit": "D002"},
            "path": ["P000", "D002", "D001"],
            "basis": "示例编〔2026〕12号",
        }
    ]
    was: Superior
    now: Superior
    path: list[str]
    basis: FreeText


class UnitMerged(Payload):
    """A unit has gone into another one and is no more from `day` on; it has moved below it, closed."""

    type: ClassVar[str] = "unit.merged.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "into": "D002", "basis": "示例编〔2026〕12号"}]
    into: str
    basis: FreeText


class UnitSplit(Payload):
    """New units have been made of a unit."""

    type: ClassVar[str] = "unit.split.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "into": ["D003"], "basis": "示例编〔2026〕12号"}]
    into: list[str]
    basis: FreeText


class UnitAbolished(Payload):
    """A unit is no more from `day` on."""

    type: ClassVar[str] = "unit.abolished.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "basis": "示例编〔2026〕12号"}]
    basis: FreeText


class TreeChanged(Payload):
    """The way to a unit, and so to all that lies below it, is today's `path` from now on.

    All of these are events of one record, so that who takes them in order misses none.
    """

    type: ClassVar[str] = "tree.changed.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**EXAMPLE_UNIT, "path": ["P000", "D002", "D001"]}]
    path: list[str]
