"""Study's collections, their indexes, and what a reader is shown: one module for each kind of record."""

from pymongo.database import Database

from services.kernel.journal.store import Document, ensure_collections

from . import (
    accounts,
    duties,
    excuses,
    locks,
    members,
    norms,
    plans,
    records,
    recounts,
    reported,
    rolls,
    studied,
    uncounted,
    units,
)
from .records import essay, listed, one, session, session_ids, sessions

__all__ = [
    "accounts",
    "duties",
    "ensure_indexes",
    "essay",
    "excuses",
    "listed",
    "locks",
    "members",
    "norms",
    "one",
    "plans",
    "records",
    "recounts",
    "reported",
    "rolls",
    "session",
    "session_ids",
    "sessions",
    "studied",
    "uncounted",
    "units",
]


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way in which anything is asked; collections first, for transactions make none."""
    beside = ("units", "members", "directory", "gates", "duties", "distributions")
    ensure_collections(database, beside)
    for part in (
        accounts,
        recounts,
        records,
        reported,
        units,
        members,
        rolls,
        studied,
        uncounted,
        excuses,
        duties,
        plans,
        locks,
    ):
        part.ensure_indexes(database)
