"""The study service: all its wiring on this screen; a module beside it for the entrypoints of each kind of record."""

from __future__ import annotations

from typing import Any, ClassVar

from services.kernel.aggregate import Aggregate
from services.kernel.held import Holding
from services.kernel.imports import Importer
from services.kernel.providers import Journalled, Relaying, Vaulted

from .. import contract, store
from ..domain import (
    ATTENDANCE,
    BRANCH_PLAN,
    COVERAGE,
    ESSAY,
    EXCUSE,
    LECTURE,
    NOTICE,
    PLAN,
    RECEIPT,
    REMINDER,
    REPORTED,
    SESSION,
)
from .contests import Contests
from .directory import Directory
from .distribution import Distributing
from .materials import Materials
from .pairs import Pairs
from .plans import Plans
from .supervision import Supervision

_OWED: list[Aggregate[Any]] = [PLAN, NOTICE, RECEIPT, REMINDER, BRANCH_PLAN]
_DONE: list[Aggregate[Any]] = [SESSION, COVERAGE, ATTENDANCE, EXCUSE, ESSAY, LECTURE]


class Study(Plans, Pairs, Contests, Materials, Supervision, Directory):
    """Theoretical study 理论学习."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    journal = Journalled([*_DONE, *_OWED, *REPORTED], indexes=store.ensure_indexes)
    importer = Importer()
    relay = Relaying()
    vault = Vaulted()
    holding = Holding()
    distributing = Distributing()
