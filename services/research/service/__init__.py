"""The research service: all its wiring on this screen; a module beside it for each kind of record's entrypoints."""

from __future__ import annotations

from typing import ClassVar

from services.kernel.imports import Importer
from services.kernel.providers import Journalled, Relaying, Vaulted

from .. import contract, store
from ..domain import MEASURE, NORM, PLACE, TOPIC, VISIT
from .ledgers import Ledgers
from .measures import Measures
from .topics import Topics
from .visits import Visits


class Research(Topics, Visits, Measures, Ledgers):
    """Investigation and research 调查研究."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    journal = Journalled([TOPIC, VISIT, PLACE, MEASURE, NORM], indexes=store.ensure_indexes)
    vault = Vaulted()
    importer = Importer()
    relay = Relaying()
