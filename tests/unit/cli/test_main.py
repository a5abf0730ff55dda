"""What keeps running does not carry the command line with it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.eventually import PATIENCE


@pytest.mark.parametrize("arguments", [["supervise", "{file}"], ["serve", "nobody"]])
def test_a_process_of_the_platform_loads_no_command_line(arguments: list[str], tmp_path: Path) -> None:
    """No sub-command is imported on the way to a process that stays, here one that cannot start."""
    file = tmp_path / "file"
    file.touch()
    asked = [each.format(file=file / "run") for each in arguments]
    command = [sys.executable, "-X", "importtime", "-m", "services.cli", *asked]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode != 0
    loaded = {line.rsplit("|", 1)[1].strip() for line in ended.stderr.splitlines() if line.startswith("import time:")}
    assert "services.cli" in loaded
    assert not {"typer", "services.cli.app", "services.cli.load"} & loaded
