"""The rules of study, one file an aggregate: pure, no I/O."""

from .attendance import ATTENDANCE, attendance_id
from .coverage import COVERAGE, coverage_id
from .days import in_campaign
from .essay import ESSAY, Essay, check_link
from .excuse import EXCUSE, Excuse
from .lecture import LECTURE, Lecture
from .refusals import wrong
from .session import SESSION, Session, counted_by, covering
from .unit import KnownUnit, learnt

__all__ = [
    "ATTENDANCE",
    "COVERAGE",
    "ESSAY",
    "EXCUSE",
    "LECTURE",
    "SESSION",
    "Essay",
    "Excuse",
    "KnownUnit",
    "Lecture",
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
