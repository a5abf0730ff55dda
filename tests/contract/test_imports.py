"""The import rule holds, and bites: every planted violation is caught."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# what is planted: where, which line, and the contract of .importlinter that must break by it
PLANTED = {
    "a kernel module that knows a service": (
        "services/kernel/message/clock.py",
        "import services.study.contract",
        "down",
    ),
    "an edge that knows the command line": ("services/edge/commands.py", "import services.cli.load", "down"),
    "a service that knows the edge": ("services/study/store/records.py", "import services.edge.gate", "down"),
    "a service that reaches into another's rules": (
        "services/study/service/records.py",
        "import services.hotline.domain",
        "published",
    ),
    "a gateway that reaches into a service's store": (
        "services/gateway/service/__init__.py",
        "import services.hotline.store",
        "published",
    ),
    "a service that knows the registry": ("services/study/service/records.py", "import services.registry", "down"),
    "a registry that knows the gateway": ("services/registry.py", "import services.gateway.contract", "down"),
    "a registry that touches the store": ("services/registry.py", "import services.study.store", "pure"),
    "a store that knows its service": ("services/hotline/store.py", "import services.hotline.service", "inside"),
    "a contract that knows its rules": ("services/study/contract/words.py", "import services.study.domain", "inside"),
    "a fifth kind of file in a service": ("services/study/helpers.py", "", "inside"),
    "a projection that reads the store": (
        "services/gateway/projection/fold.py",
        "import services.gateway.store.facts",
        "gateway",
    ),
    "a gate that knows its edges": ("services/edge/gate.py", "import services.edge.http_api.app", "edge"),
    "an edge that reaches into a service's store": (
        "services/edge/commands.py",
        "import services.hotline.store",
        "read",
    ),
    "an edge module with no place in the order": ("services/edge/utils.py", "", "edge"),
    "a contract of the organisation that knows a service": (
        "services/organisation/contract/unit.py",
        "import services.study.contract",
        "down",
    ),
    "a gateway module with no place in the order": ("services/gateway/utils.py", "", "gateway"),
    "rules that touch the store": ("services/hotline/domain/deadline.py", "import pymongo", "pure"),
    "rules that touch the store by way of the kernel": (
        "services/study/domain/session.py",
        "import services.kernel.journal.journal",
        "pure",
    ),
    "the asyncio process with eventlet in it": ("services/edge/gate.py", "import eventlet", "processes"),
    "an eventlet process with grpc in it": ("services/gateway/service/__init__.py", "import grpc", "eventlet"),
    "a store that knows nameko": ("services/hotline/store.py", "import nameko.rpc", "nameko"),
    "a journal in greenlets": ("services/kernel/journal/journal.py", "import eventlet", "nameko"),
    "a journal that knows the relay": (
        "services/kernel/journal/journal.py",
        "import services.kernel.bus.relay",
        "kernel",
    ),
    "a relay that knows nameko": ("services/kernel/bus/relay.py", "import nameko.rpc", "nameko"),
    "an inbox below the broker": ("services/kernel/bus/broker.py", "import services.kernel.bus.inbox", "bus"),
    "an entrypoint that knows a command": (
        "services/kernel/runtime/entrypoints.py",
        "import services.kernel.runtime.rpc",
        "runtime",
    ),
    "a store that knows the journal": (
        "services/kernel/journal/store.py",
        "import services.kernel.journal.journal",
        "journal",
    ),
    "a sheet that knows its process": (
        "services/kernel/sheets/sheet.py",
        "import services.kernel.sheets.outside",
        "sheets",
    ),
    "refusals that know a register": (
        "services/kernel/rules/rules.py",
        "import services.kernel.rules.register",
        "rules",
    ),
    "errors that know an event": (
        "services/kernel/message/errors.py",
        "import services.kernel.message.event",
        "message",
    ),
    "a kernel module with no place in the order": ("services/kernel/utils.py", "", "kernel"),
}


def contracts() -> dict[str, str]:
    """The rule's contracts: their titles by their names."""
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {name.removeprefix(prefix): config[name]["name"] for name in config.sections() if name.startswith(prefix)}


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
    """A rule that nothing can break says nothing: its own contract breaks, whatever else does."""
    name, line, contract = PLANTED[what]
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
    assert re.search(rf"^{re.escape(contracts()[contract])} BROKEN", done.stdout, re.MULTILINE), done.stdout


def test_every_contract_has_its_violation() -> None:
    """No contract is left without something planted that it must catch."""
    assert {contract for _, _, contract in PLANTED.values()} == set(contracts())


def test_every_room_says_whether_it_may_know_nameko() -> None:
    """A new package or room of the kernel is in the list of those that know no nameko, or is one of the two that do."""
    config = ConfigParser()
    config.read(ROOT / ".importlinter")
    listed = set(config["importlinter:contract:nameko"]["source_modules"].split())
    places = [path for path in (ROOT / "services").iterdir() if path.is_dir()]
    places += [path for path in (ROOT / "services/kernel").iterdir() if not path.name.startswith("_")]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in places if "__" not in path.name}
    assert modules - listed == {"services.cli", "services.kernel", "services.kernel.runtime"}
