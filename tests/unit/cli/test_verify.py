"""What the audit chain is verified for."""

from __future__ import annotations

import pytest

from services.cli import WORKERS
from services.cli.verify import AGGREGATES
from tests.contract.test_permits import service_class


@pytest.mark.parametrize("name", WORKERS)
def test_every_kind_of_record_that_a_service_keeps_is_verified(name: str) -> None:
    """A kind that were left out would show every one of its entries as an entry without a record."""
    kept = {aggregate.name for aggregate in service_class(name).journal.aggregates}
    assert {aggregate.name for aggregate in AGGREGATES[name]} == kept
