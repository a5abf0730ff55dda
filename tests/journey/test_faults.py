"""A short selection of `make faults`, on a platform of its own with a store of one member."""

from __future__ import annotations

from pathlib import Path

from tests.faults.campaign import SHORT, campaign


def test_what_strikes_while_clients_work_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """Acknowledged ⊆ effects ⊆ asked, each event once, in order; and every named point lies on the way."""
    assert campaign(tmp_path, 2026, SHORT) == f"faults: {len(SHORT.faults)} survived, 0 lost, 0 doubled"
