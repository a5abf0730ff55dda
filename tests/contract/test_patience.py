"""A test fails for what is wrong, never for a machine that is slow: its limits guard against hanging only."""

import ast
from collections.abc import Iterator
from pathlib import Path

LEAST = 60
PROBE = "# asked again"
"""On a line that gives up early because a loop around it asks again."""


def short_limits(source: str) -> Iterator[str]:
    """Calls that give up after fewer seconds than a slow machine may need."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "timeout" and isinstance(node.value, ast.Constant):
            value = node.value.value
            if isinstance(value, int | float) and value < LEAST and PROBE not in lines[node.value.lineno - 1]:
                yield f"{node.value.lineno}: timeout={value}"


def test_no_limit_is_shorter_than_a_slow_machine_needs() -> None:
    """Every `timeout=` with a number below a minute is named; `tests.eventually.PATIENCE` is the one to take."""
    found = [
        f"{path}:{limit}" for path in sorted(Path("tests").rglob("*.py")) for limit in short_limits(path.read_text())
    ]
    assert found == []


def test_a_planted_short_limit_is_found() -> None:
    """A call that gives up after five seconds is named, one in a loop that says so is not."""
    planted = "wait(timeout=5)\nwait(timeout=2)  # asked again\nwait(timeout=60)\nwait(timeout=None)\n"
    assert list(short_limits(planted)) == ["1: timeout=5"]
