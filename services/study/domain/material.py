"""Sets of materials, and the copies of them issued to units."""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import (
    CorrectIssue,
    CorrectMaterialSet,
    IssueCorrected,
    IssueRecorded,
    IssueReturned,
    IssueVoided,
    Manner,
    MaterialSetCorrected,
    MaterialSetRecorded,
    MaterialSetReturned,
    MaterialSetVoided,
    Medium,
    Part,
    RecordIssue,
    RecordMaterialSet,
    ReturnIssue,
    ReturnMaterialSet,
    SetItem,
    VoidIssue,
    VoidMaterialSet,
)
from .reported import Ledger, Reported


class MaterialSet(Reported):
    """A set as it stands."""

    unit: str
    day: date
    title: str
    manner: Manner
    medium: Medium
    items: list[SetItem]


class Issue(Reported):
    """Copies issued to a unit, as it stands."""

    unit: str
    day: date
    title: str
    copies: int
    material: str | None


def check_material(material: MaterialSet | None, path: Container[str]) -> MaterialSet:
    """A set stands, and was put before a unit by itself or by one above it (`path`).

    Raises:
        DomainError: issue.material_unknown.
    """
    if material is None or material.unit not in path or material.state == "void":
        raise wrong("issue.material_unknown", "material", "没有这套资料：应为本单位或上级单位配发、未作废的资料")
    return material


_SETS = Ledger(
    ("material_set", "学习资料"),
    (RecordMaterialSet, CorrectMaterialSet, ReturnMaterialSet, VoidMaterialSet),
    (MaterialSetRecorded, MaterialSetCorrected, MaterialSetReturned, MaterialSetVoided),
    MaterialSet,
    ("title", "manner", "medium", "items", "number"),
    lambda material: [],
)
_ISSUES = Ledger(
    ("issue", "资料配发"),
    (RecordIssue, CorrectIssue, ReturnIssue, VoidIssue),
    (IssueRecorded, IssueCorrected, IssueReturned, IssueVoided),
    Issue,
    ("title", "copies", "material", "number"),
    lambda issue: [Part(figure="copies", unit=issue.unit, day=issue.day, amount=issue.copies)],
)
issued = _ISSUES.placed
MATERIAL_SET = Aggregate("material_set", MaterialSet, _SETS.decide, _SETS.evolve, lambda each: (each.unit,))
ISSUE = Aggregate("issue", Issue, _ISSUES.decide, _ISSUES.evolve, lambda issue: (issue.unit,))
