"""The study service: all its wiring on this screen; a module beside it for the entrypoints of each kind of record."""

from __future__ import annotations

from typing import ClassVar

from services.kernel.held import Holding
from services.kernel.imports import Importer
from services.kernel.providers import Journalled, Relaying, Vaulted

from .. import contract, store
from ..domain import AGGREGATES
from .contests import Contests
from .directory import Directory
from .distribution import Distributing
from .duties import follow
from .materials import Materials
from .pairs import Pairs
from .plans import Plans
from .supervision import Supervision


class Study(Plans, Pairs, Contests, Materials, Supervision, Directory):
    """Theoretical study 理论学习."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    permits: ClassVar = contract.PERMITS
    journal = Journalled(AGGREGATES, indexes=store.ensure_indexes, follow=follow)
    importer = Importer()
    relay = Relaying()
    vault = Vaulted()
    holding = Holding()
    distributing = Distributing()
