"""What a measurement says of its goals and of the machine, as people read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import measured
from tests.bench.measured import at_least, at_most, write
from tests.bench.table import MISSED, document, missed, section


@pytest.mark.parametrize(
    ("aim", "reached"),
    [
        (at_least(0.8, 0.8), True),
        (at_least(0.79, 0.8), False),
        (at_most(1.5, 1.5), True),
        (at_most(1.51, 1.5), False),
    ],
    ids=["at least", "below", "at most", "above"],
)
def test_what_misses_its_goal_is_marked(aim: dict[str, Any], reached: bool) -> None:
    """In its table, alone and beside others, and by name."""
    assert aim["reached"] is reached
    for told, place in (({"ratio": 1.0, **aim}, "bus"), ({"units_300": {"ratio": 1.0, **aim}}, "bus · units_300")):
        assert (MISSED in section("bus", told)) is not reached
        assert list(missed("bus", told)) == ([] if reached else [place])


def test_each_of_several_goals_is_named() -> None:
    """By the figure that it is for."""
    told = {**at_most(70, 60, "p99_ms"), **at_most(1.1, 1.2, "cost"), **at_least(10, 100, "times")}
    assert list(missed("report", told)) == ["report · p99_ms", "report · times"]


def test_figures_bear_what_else_the_machine_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load average and steal stand beside them, and the document says last what is short of its goal."""
    monkeypatch.setattr(measured, "OUT", tmp_path)
    write("coverage", {"cost": 15.0, **at_most(15.0, 1.5)})
    told = json.loads((tmp_path / "coverage.json").read_text())
    assert told["load_average"] >= 0
    assert 0 <= told["steal_percent"] <= 100
    assert document(tmp_path).endswith("Short of their goals: coverage.")
    write("coverage", {"cost": 1.04, **at_most(1.04, 1.5)})
    assert document(tmp_path).endswith("All goals are reached.")
