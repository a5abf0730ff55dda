"""What the audit chain is verified for."""

from __future__ import annotations

from importlib import import_module

import pytest

from services.cli import SERVICES
from services.cli.verify import AGGREGATES


@pytest.mark.parametrize("name", SERVICES)
def test_every_kind_of_record_that_a_service_keeps_is_verified(name: str) -> None:
    """A kind that were left out would show every one of its entries as an entry without a record."""
    service = getattr(import_module(f"services.{name}.service"), name.capitalize())
    kept = {aggregate.name for aggregate in service.journal.aggregates}
    assert {aggregate.name for aggregate in AGGREGATES[name]} == kept
