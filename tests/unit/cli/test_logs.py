"""Logs of the processes on this machine: their ends, and what comes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.app import app
from services.cli.logs import Tail, read_on


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "study.log").write_text("one\ntwo\nthree\n", "utf-8")
    (tmp_path / "logs" / "api.log").write_text("asked\n", "utf-8")
    return tmp_path


def said(*arguments: str) -> tuple[int, str]:
    """How the command ends, and what it says."""
    result = CliRunner().invoke(app, ["logs", *arguments])
    return result.exit_code, result.output


def test_the_last_lines_of_one_process(folder: Path) -> None:
    """As they were written."""
    assert said("study", "-n", "2", "--folder", str(folder)) == (0, "two\nthree\n")


def test_of_several_each_line_says_whose_it_is(folder: Path) -> None:
    """All of them where none is named."""
    assert said("-n", "1", "--folder", str(folder)) == (0, "api        asked\nstudy      three\n")


def test_who_has_no_log_is_refused_by_name(folder: Path) -> None:
    """The names that there are stand beside."""
    code, output = said("nobody", "--folder", str(folder))
    assert code == 1
    assert "没有 nobody 的日志；可填 api、study" in output


def test_what_comes_is_written_line_by_line(folder: Path) -> None:
    """Half a line waits for its end; a file that was begun anew is read from its beginning."""
    place, written = folder / "logs" / "study.log", list[str]()
    tail = Tail("study", place, many=False)
    assert tail.last(0) == []
    steps = iter(["four\nfi", "four\nfive\n", "anew\n"])

    def going() -> bool:
        if (step := next(steps, None)) is None:
            return False
        place.write_text(("one\ntwo\nthree\n" if step != "anew\n" else "") + step, "utf-8")
        return True

    read_on([tail], written.append, going)
    assert written == ["four\n", "five\n", "anew\n"]
