"""Which roles exclude each other 三员分立: one table, asked of every account, wherever its roles are held.

System, security and audit administrators check one another, so that one account is one of the three and nothing else:
none of them enters, approves or reads what the others or the units work with (GB/T 22239 asks for the three apart).
Operations touches messages and no records: a system administrator may hold it, those who check it may not.
"""

from __future__ import annotations

from collections.abc import Iterable

from services.organisation.contract import Role

ADMINISTRATORS = (Role.system_admin, Role.security_admin, Role.audit_admin)
EVERYWHERE_ROLES = frozenset({*ADMINISTRATORS, Role.operations})
"""What may be held for the whole platform; all other roles are held for a unit."""

_TOGETHER = frozenset({frozenset({Role.system_admin, Role.operations})})
SEPARATED: frozenset[frozenset[Role]] = (
    frozenset(frozenset({one, other}) for one in ADMINISTRATORS for other in Role if one is not other) - _TOGETHER
)
"""Pairs of roles that no account holds both of."""


def separated(roles: Iterable[Role]) -> list[tuple[Role, Role]]:
    """The pairs among these roles that exclude each other, in the order of the roles."""
    known = set(roles)
    held = [role for role in Role if role in known]
    return [
        (one, other)
        for place, one in enumerate(held)
        for other in held[place + 1 :]
        if frozenset({one, other}) in SEPARATED
    ]
