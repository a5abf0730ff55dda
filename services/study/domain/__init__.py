"""The rules of study, one file an aggregate: pure, no I/O."""

from .coverage import COVERAGE, coverage_id
from .days import in_campaign
from .essay import ESSAY, Essay
from .lecture import LECTURE, Lecture
from .session import SESSION, Session, counted_by

__all__ = [
    "COVERAGE",
    "ESSAY",
    "LECTURE",
    "SESSION",
    "Essay",
    "Lecture",
    "Session",
    "counted_by",
    "coverage_id",
    "in_campaign",
]
