"""The study service: all its wiring on this screen; a module beside it for the entrypoints of each kind of record."""

from __future__ import annotations

from typing import ClassVar

from services.kernel.journal.work import Work
from services.kernel.resource import may_take
from services.kernel.runtime.held import Holding
from services.kernel.runtime.history import Histories
from services.kernel.runtime.imports import Importer
from services.kernel.runtime.providers import Journalled, Relaying, Vaulted

from .. import contract, store
from ..domain import AGGREGATES
from . import covering, duties
from .contests import Contests
from .directory import Directory
from .distribution import Distributing
from .materials import Materials
from .pairs import Pairs
from .plans import Plans
from .supervision import Supervision


def follow(work: Work) -> None:
    """What follows from all that a work has decided."""
    duties.follow(work)
    covering.follow(work)


class Study(Plans, Pairs, Contests, Materials, Supervision, Directory, Histories):
    """Theoretical study 理论学习."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    permits: ClassVar = contract.PERMITS
    resources: ClassVar = contract.RESOURCES
    journal = Journalled(AGGREGATES, indexes=store.ensure_indexes, follow=follow, by=may_take(contract.RESOURCES))
    importer = Importer()
    relay = Relaying()
    vault = Vaulted()
    holding = Holding()
    distributing = Distributing()
