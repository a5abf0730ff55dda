"""The rules of study, one file an aggregate: pure, no I/O."""

from typing import Any

from services.kernel.aggregate import Aggregate

from .activity import ACTIVITY, JOINING, Activity
from .attendance import ATTENDANCE, attendance_id
from .contest import CONTEST, Contest
from .coverage import COVERAGE, coverage_id
from .days import in_campaign
from .entry import ENTRY, SCORE, Entry
from .essay import ESSAY, Essay, check_link
from .excuse import EXCUSE, Excuse
from .lecture import LECTURE, Lecture
from .material import ISSUE, MATERIAL_SET, Issue, MaterialSet
from .pair import PAIR, Pair
from .programme import PROGRAMME, Programme
from .refusals import wrong
from .session import SESSION, Session, counted_by, covering
from .unit import KnownUnit, learnt

REPORTED: list[Aggregate[Any]] = [PAIR, ACTIVITY, JOINING, CONTEST, ENTRY, SCORE, MATERIAL_SET, ISSUE, PROGRAMME]
"""What belongs to joint study, contests, programmes and self-study."""

__all__ = [
    "ACTIVITY",
    "ATTENDANCE",
    "CONTEST",
    "COVERAGE",
    "ENTRY",
    "ESSAY",
    "EXCUSE",
    "ISSUE",
    "JOINING",
    "LECTURE",
    "MATERIAL_SET",
    "PAIR",
    "PROGRAMME",
    "REPORTED",
    "SCORE",
    "SESSION",
    "Activity",
    "Contest",
    "Entry",
    "Essay",
    "Excuse",
    "Issue",
    "KnownUnit",
    "Lecture",
    "MaterialSet",
    "Pair",
    "Programme",
    "Session",
    "attendance_id",
    "check_link",
    "counted_by",
    "coverage_id",
    "covering",
    "in_campaign",
    "learnt",
    "wrong",
]
