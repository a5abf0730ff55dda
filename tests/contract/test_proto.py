"""The gRPC interface keeps the rules that its callers' tools rest on, and what is generated of it is today's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROTO = Path(__file__).parents[2] / "proto"
BUF = Path(sys.executable).with_name("buf")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(BUF), "lint", str(folder)], capture_output=True, text=True, check=False, timeout=120)


def test_the_interface_passes_lint() -> None:
    """All of buf's standard rules but for those that proto/buf.yaml names with a reason."""
    found = lint(PROTO)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ("string unit_name = 2;", "string unitName = 2;", "lower_snake_case"),
        ("rpc GetReport(GetReportRequest)", "rpc getReport(GetReportRequest)", "PascalCase"),
        ("// Child is a unit right below with its figures.", "", "non-empty comment"),
        ("returns (ListRecordsResponse)", "returns (GetReportResponse)", "should be named"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, good: str, bad: str, rule: str) -> None:
    """A name in another style, a message that nobody explains, an answer that two calls share."""
    shutil.copytree(PROTO / "shengzhi", tmp_path / "shengzhi")
    shutil.copy(PROTO / "buf.yaml", tmp_path)
    file = tmp_path / "shengzhi" / "report" / "v1" / "reports.proto"
    text = file.read_text("utf-8")
    assert good in text
    file.write_text(text.replace(good, bad, 1), "utf-8")
    found = lint(tmp_path)
    assert found.returncode != 0
    assert rule in found.stdout
