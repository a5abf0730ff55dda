"""The rules of the hotline: pure, no I/O."""

from .clock import last_day
from .deadline import Limit, Rule, end_of, limit_of, rule_in_force
from .ticket import TICKET, Ticket, check_desk, check_handler, counted

__all__ = [
    "TICKET",
    "Limit",
    "Rule",
    "Ticket",
    "check_desk",
    "check_handler",
    "counted",
    "end_of",
    "last_day",
    "limit_of",
    "rule_in_force",
]
