"""Kinds of study's records, as everybody outside study meets them."""

from services.kernel.resource import Resource

from . import excuses, joint, owed, read, records

__all__ = ["RESOURCES"]

RESOURCES: tuple[Resource, ...] = (
    *records.RESOURCES,
    *joint.RESOURCES,
    *read.RESOURCES,
    *owed.RESOURCES,
    *excuses.RESOURCES,
)
