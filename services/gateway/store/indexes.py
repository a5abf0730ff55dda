"""All collections and indexes of the gateway's store: worker, tests and measurements make a store by this alone."""

from __future__ import annotations

from pymongo.database import Database

from services.kernel.journal.store import Document

from . import access, accounts, facts, issues, members, moves, submissions, tree

_PARTS = (facts, access, accounts, members, submissions, moves, tree, issues)


def ensure_indexes(database: Database[Document]) -> None:
    """One index for each way of asking; what is there already is left as it is."""
    for part in _PARTS:
        part.ensure_indexes(database)
