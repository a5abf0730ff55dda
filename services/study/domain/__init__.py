"""The rules of study, one file an aggregate: pure, no I/O."""

from typing import Any

from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import campaign_of, wrong

from .activity import ACTIVITY, JOINING, Activity
from .attendance import ATTENDANCE, attendance_id
from .branch_plan import BRANCH_PLAN, BranchPlan, branch_plan_id
from .contest import CONTEST, Contest
from .coverage import COVERAGE, coverage_id
from .entry import ENTRY, SCORE, Entry
from .essay import ESSAY, Essay, check_link
from .excuse import EXCUSE, Excuse
from .lecture import LECTURE, Lecture
from .material import ISSUE, MATERIAL_SET, Issue, MaterialSet
from .norm import NORM, SaidNorm
from .notice import NOTICE, MakeNotice, Notice
from .pair import PAIR, Pair
from .plan import PLAN, Plan
from .programme import PROGRAMME, Programme
from .receipt import RECEIPT, Receipt, receipt_id
from .reminder import REMINDER, Reminder, reminder_id
from .session import SESSION, Session, counted_by, covering
from .unit import KnownUnit, learnt

REPORTED: list[Aggregate[Any]] = [PAIR, ACTIVITY, JOINING, CONTEST, ENTRY, SCORE, MATERIAL_SET, ISSUE, PROGRAMME]
"""What belongs to joint study, contests, programmes and self-study."""

AGGREGATES: list[Aggregate[Any]] = [
    *(SESSION, COVERAGE, ATTENDANCE, EXCUSE, ESSAY, LECTURE),
    *(PLAN, NOTICE, RECEIPT, REMINDER, BRANCH_PLAN, NORM),
    *REPORTED,
]
"""Every kind of record that study keeps."""

__all__ = [
    "ACTIVITY",
    "AGGREGATES",
    "ATTENDANCE",
    "BRANCH_PLAN",
    "CONTEST",
    "COVERAGE",
    "ENTRY",
    "ESSAY",
    "EXCUSE",
    "ISSUE",
    "JOINING",
    "LECTURE",
    "MATERIAL_SET",
    "NORM",
    "NOTICE",
    "PAIR",
    "PLAN",
    "PROGRAMME",
    "RECEIPT",
    "REMINDER",
    "REPORTED",
    "SCORE",
    "SESSION",
    "Activity",
    "BranchPlan",
    "Contest",
    "Entry",
    "Essay",
    "Excuse",
    "Issue",
    "KnownUnit",
    "Lecture",
    "MakeNotice",
    "MaterialSet",
    "Notice",
    "Pair",
    "Plan",
    "Programme",
    "Receipt",
    "Reminder",
    "SaidNorm",
    "Session",
    "attendance_id",
    "branch_plan_id",
    "campaign_of",
    "check_link",
    "counted_by",
    "coverage_id",
    "covering",
    "learnt",
    "receipt_id",
    "reminder_id",
    "wrong",
]
