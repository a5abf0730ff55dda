"""Reports that were issued 印发: what a unit's figures were when a document bore them, kept as they stood."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText
from services.kernel.message.instants import Day
from services.kernel.message.keys import key_of
from services.kernel.message.lives import UnitField, UnitFields
from services.organisation.contract.submission import Value
from services.organisation.contract.words import EXAMPLE_UNIT, Name

DocumentNumber = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\s/]+$"),
    AfterValidator(key_of),
    Field(examples=["示例省直工委〔2026〕5号"]),
]
"""文号: what the document is cited by; one of a unit's own bears it only once."""


class IssueReport(Command):
    """Keep a unit's figures, and those of the units right below it, as a document that is issued today bears them."""

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "单位", day="first", last="last", rule="within"),)

    id: str
    unit: str
    number: DocumentNumber
    title: Name
    first: Day
    last: Day


class ReportIssued(Payload):
    """A report was issued on `day`: its figures, and a digest of these and of those of the units right below."""

    type: ClassVar[str] = "report.issued.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "day": "2026-04-08",
            "number": "示例省直工委〔2026〕5号",
            "title": "一季度主题教育情况通报",
            "first": "2026-01-01",
            "last": "2026-03-31",
            "as_of": "2026-04-08T00:59:58Z",
            "figures": {"study.sessions.branch": 12, "study.coverage": 0.95},
            "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    ]
    number: str
    title: FreeText
    first: date
    last: date
    as_of: AwareDatetime
    figures: dict[str, Value]
    digest: str
