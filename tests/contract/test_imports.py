"""The import rule holds, and bites: every planted violation is caught."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "a kernel module that knows a service": ("services/kernel/clock.py", "import services.study.contract"),
    "a service that reaches into another's rules": ("services/study/domain/days.py", "import services.hotline.domain"),
    "rules that touch the store": ("services/hotline/domain/deadline.py", "import pymongo"),
    "a contract that knows its service": ("services/study/contract.py", "import services.study.store"),
    "a store that knows its service": ("services/hotline/store.py", "import services.hotline.service"),
    "a service that knows the gateway": ("services/study/store.py", "import services.gateway.gate"),
    "the asyncio process with eventlet in it": ("services/gateway/gate.py", "import eventlet"),
    "an eventlet process with grpc in it": ("services/gateway/service.py", "import grpc"),
    "a projection that reads the store": ("services/gateway/projection/fold.py", "import services.gateway.store.facts"),
    "a journal that knows the relay": ("services/kernel/journal.py", "import services.kernel.relay"),
    "a gateway that knows the command line": ("services/gateway/commands.py", "import services.cli.load"),
    "a module with no place in the order": ("services/kernel/utils.py", ""),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """lint-imports on the tree in the folder."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--config", ".importlinter"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree to plant in."""
    folder = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", "*.js", "*.xlsx", "static", "templates")
    shutil.copytree(ROOT / "services", folder / "services", ignore=ignored)
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def test_the_tree_keeps_the_rule(tree: Path) -> None:
    """No module imports what it may not."""
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_violation_is_caught(tree: Path, what: str) -> None:
    """A rule that nothing can break says nothing."""
    name, line = PLANTED[what]
    place = tree / name
    before = place.read_text() if place.exists() else None
    place.write_text(f"{before or ''}\n{line}\n")
    try:
        done = lint(tree)
    finally:
        if before is None:
            place.unlink()
        else:
            place.write_text(before)
    assert done.returncode == 1, done.stdout
    assert "broken" in done.stdout
