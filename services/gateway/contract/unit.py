"""The tree of units."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from services.kernel.event import Command, Payload

from .words import EXAMPLE_UNIT, Name, UnitId


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


class AddUnit(Command):
    """Put a unit into the tree below its parent; the root has none."""

    id: UnitId
    name: Name
    short_name: str = Field(default="", max_length=40)
    kind: UnitKind
    parent: UnitId | None = None
    credit_code: str = Field(default="", max_length=18)
    party_code: str = Field(default="", max_length=40)
    members: int = Field(default=0, ge=0, le=1_000_000)
    active_from: date
    row: str | None = None


class UnitAdded(Payload):
    """A unit was put into the tree; `path` leads from the root to it."""

    type: ClassVar[str] = "unit.added.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**EXAMPLE_UNIT, "name": "示例省财政厅", "kind": "department", "parent": "P000", "path": ["P000", "D001"]}
    ]
    name: str
    short_name: str = ""
    kind: UnitKind
    parent: str | None = None
    path: list[str]
    credit_code: str = ""
    party_code: str = ""
    members: int = 0
    row: str | None = None
