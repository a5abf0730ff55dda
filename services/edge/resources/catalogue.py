"""Every kind of record that a contract describes, by name."""

from __future__ import annotations

from services.kernel.message.errors import DomainError
from services.kernel.resource import Resource
from services.registry import SERVICES

RESOURCES: dict[str, Resource] = {each.kind: each for service in SERVICES for each in service.contract.RESOURCES}


def resource_of(kind: str) -> Resource:
    """The description of a kind.

    Raises:
        DomainError: record.not_found.
    """
    if kind not in RESOURCES:
        raise DomainError("record.not_found", "没有这种记录", "not_found")
    return RESOURCES[kind]
