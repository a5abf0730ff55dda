"""What tickets count as they stand, for the audit."""

from __future__ import annotations

from services.kernel.rules.recount import Counted, Distinct, parts

from ..contract import FIGURES, NAME
from .ticket import TICKET, counted

COUNTED = (Counted(TICKET, parts(NAME, FIGURES, counted)),)
DISTINCT: tuple[Distinct, ...] = ()
