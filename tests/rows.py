"""Which of the domain's numbered rows work: `python -m tests.rows` runs the marked tests and counts them.

A row's tests go through REST, gRPC, pages, spreadsheets or the command line against a running platform:
`@pytest.mark.row("S2")`, several marks on a test that proves several rows.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable

import pytest

COUNTS = {"O": 5, "C": 2, "S": 9, "R": 5, "T": 8, "P": 2, "E": 6, "H": 8, "G": 7, "X": 4, "L": 7}
ROWS = tuple(f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1))


class Rows:
    """Counts, for every row, the tests that passed and those that failed."""

    def __init__(self) -> None:
        self._rows: dict[str, list[str]] = {}
        self._passed: set[str] = set()
        self._failed: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the marks; a row that the domain does not have is a mistake in the test."""
        for item in items:
            rows = [str(row) for mark in item.iter_markers("row") for row in mark.args]
            if unknown := set(rows) - set(ROWS):
                raise pytest.UsageError(f"{item.nodeid}: no such row {', '.join(sorted(unknown))}")
            self._rows[item.nodeid] = rows

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that fails on the way in or out has failed, too; one that was skipped has proved nothing."""
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.passed and report.when == "call":
            self._passed.add(report.nodeid)

    def lines(self) -> Iterable[str]:
        """`S2 passed 3`, `S2 failed 1` or `S9 none`, a line for every row of the domain."""
        tests = defaultdict(set)
        for nodeid, rows in self._rows.items():
            for row in rows:
                tests[row].add(nodeid)
        for row in ROWS:
            if failed := tests[row] & self._failed:
                yield f"{row} failed {len(failed)}"
            elif passed := tests[row] & self._passed:
                yield f"{row} passed {len(passed)}"
            else:
                yield f"{row} none"


def main(arguments: list[str]) -> int:
    """Run the marked tests, then print the rows. Fails when a test failed."""
    rows = Rows()
    status = pytest.main(["-m", "row", "--quiet", *arguments], plugins=[rows])
    sys.stdout.write("\n".join(rows.lines()) + "\n")
    return 0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
