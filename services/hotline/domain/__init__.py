"""The rules of the hotline: pure, no I/O."""

from typing import Any

from services.kernel.rules.aggregate import Aggregate

from .clock import last_day
from .deadline import Limit, Rule, end_of, limit_of, rule_in_force
from .ticket import TICKET, Ticket, check_desk, check_handler

AGGREGATES: list[Aggregate[Any]] = [TICKET]
"""Every kind of record that the hotline keeps."""

__all__ = [
    "AGGREGATES",
    "TICKET",
    "Limit",
    "Rule",
    "Ticket",
    "check_desk",
    "check_handler",
    "end_of",
    "last_day",
    "limit_of",
    "rule_in_force",
]
