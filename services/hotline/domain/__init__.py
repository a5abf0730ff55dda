"""The rules of the hotline: pure, no I/O."""

from .deadline import Calendar, Rule, deadline, rule_in_force
from .ticket import TICKET, Ticket, check_desk, check_handler, counted

__all__ = [
    "TICKET",
    "Calendar",
    "Rule",
    "Ticket",
    "check_desk",
    "check_handler",
    "counted",
    "deadline",
    "rule_in_force",
]
