"""The study service: all its wiring on this screen; a module beside it for the entrypoints of each kind of record."""

from __future__ import annotations

from typing import ClassVar

from services.kernel.held import Holding
from services.kernel.imports import Importer
from services.kernel.providers import Journalled, Relaying

from .. import contract, store
from ..domain import ATTENDANCE, COVERAGE, ESSAY, EXCUSE, LECTURE, SESSION
from .directory import Directory
from .records import Records


class Study(Records, Directory):
    """Theoretical study 理论学习."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    journal = Journalled([SESSION, COVERAGE, ATTENDANCE, EXCUSE, ESSAY, LECTURE], indexes=store.ensure_indexes)
    importer = Importer()
    relay = Relaying()
    holding = Holding()
