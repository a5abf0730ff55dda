"""The rules of research, one file an aggregate: pure, no I/O."""

from typing import Any

from services.kernel.rules.aggregate import Aggregate

from .histories import APPROVALS, APPROVED, check_reached, measure_steps, restating, topic_steps
from .loop import Topic
from .measure import MEASURE, Measure, percent
from .norm import NORM, NORM_ID, Norm
from .place import PLACE, Place, in_month, name_of_place, place_id_of, visiting
from .topic import TOPIC, check_link
from .visit import VISIT, Visit, check_place

AGGREGATES: list[Aggregate[Any]] = [TOPIC, VISIT, PLACE, MEASURE, NORM]
"""Every kind of record that research keeps."""

__all__ = [
    "AGGREGATES",
    "APPROVALS",
    "APPROVED",
    "MEASURE",
    "NORM",
    "NORM_ID",
    "PLACE",
    "TOPIC",
    "VISIT",
    "Measure",
    "Norm",
    "Place",
    "Topic",
    "Visit",
    "check_link",
    "check_place",
    "check_reached",
    "in_month",
    "measure_steps",
    "name_of_place",
    "percent",
    "place_id_of",
    "restating",
    "topic_steps",
    "visiting",
]
