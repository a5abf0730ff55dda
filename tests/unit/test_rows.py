"""The count of tests by row."""

import pytest

from tests.rows import ROWS, Rows

pytest_plugins = ["pytester"]
ARGUMENTS = ("-m", "row", "-p", "no:pytest_nameko")


def counted(pytester: pytest.Pytester, source: str) -> dict[str, str]:
    """The line of every row after running the tests in `source`."""
    pytester.makeini("[pytest]\nmarkers = row(id): a row")
    pytester.makepyfile(source)
    rows = Rows()
    pytester.inline_run(*ARGUMENTS, plugins=[rows])
    return dict(line.split(" ", 1) for line in rows.lines())


def test_every_row_has_its_line(pytester: pytest.Pytester) -> None:
    """Passed, failed and missing tests are told apart; a test with two rows counts for both."""
    lines = counted(
        pytester,
        """
        import pytest

        @pytest.mark.row("S2")
        @pytest.mark.parametrize("number", [1, 2])
        def test_leadership(number): pass

        @pytest.mark.row("S2", "S4")
        def test_both(): pass

        @pytest.mark.row("H1")
        def test_wrong(): assert False

        @pytest.mark.row("H1")
        def test_right(): pass

        def test_without_a_row(): pass
        """,
    )
    assert (lines["S2"], lines["S4"], lines["H1"], lines["S9"]) == (
        "passed 3",
        "passed 1",
        "failed 1",
        "none",
    )
    assert list(lines) == list(ROWS)
    assert len(ROWS) == 63


def test_what_fails_before_or_after_the_test_is_a_failure_and_a_skip_proves_nothing(
    pytester: pytest.Pytester,
) -> None:
    """A broken fixture fails the row; a skipped test leaves it without a proof."""
    lines = counted(
        pytester,
        """
        import pytest

        @pytest.fixture
        def broken_before(): raise RuntimeError

        @pytest.fixture
        def broken_after():
            yield
            raise RuntimeError

        @pytest.mark.row("S2")
        def test_before(broken_before): pass

        @pytest.mark.row("S3")
        def test_after(broken_after): pass

        @pytest.mark.row("S4")
        @pytest.mark.skip  # what is skipped shows nothing: that is tested here
        def test_skipped(): pass
        """,
    )
    assert (lines["S2"], lines["S3"], lines["S4"]) == ("failed 1", "failed 1", "none")


def test_a_row_that_does_not_exist_is_refused(pytester: pytest.Pytester) -> None:
    """A typing mistake in a mark stops the run instead of proving a row that nobody asked for."""
    pytester.makeini("[pytest]\nmarkers = row(id): a row")
    pytester.makepyfile("import pytest\n@pytest.mark.row('S99')\ndef test_it(): pass")
    result = pytester.inline_run(*ARGUMENTS, plugins=[Rows()])
    assert result.ret == pytest.ExitCode.USAGE_ERROR
