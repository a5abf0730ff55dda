"""docs/adding-a-service.md is true: its service, made in a copy of the tree, is there wherever services are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.guide import apply, run
from tests.contract.test_imports import lint

CHECKS = [
    "tests/unit/test_registry.py",
    "tests/unit/cli/test_verify.py",
    "tests/contract/test_permits.py",
    "tests/contract/test_deploy.py::test_every_worker_is_made_of_the_template",
    "tests/contract/test_deploy.py::test_every_process_of_the_platform_is_deployed",
    "tests/contract/test_deploy.py::test_compose_starts_every_process_with_settings_that_exist",
    "tests/contract/test_events.py::test_the_committed_files_are_what_the_contracts_say",
    "tests/contract/test_imports.py::test_every_room_says_whether_it_may_know_nameko",
    "tests/unit/gateway/domain/test_permissions.py",
    "tests/unit/gateway/projection/test_catalogue.py",
]
SAID = """
import json
from services.cli import WORKERS
from services.edge.documents.show import GROUPS
from services.edge.http_api.operations import HeldListing
from services.gateway.projection import METRICS, facts
from services.cli.contracts import example
from services.kernel.message.event import Event
from services.letters.contract import LetterRecorded
from services.registry import SOURCES
event = Event.from_json(json.dumps(example("letters", LetterRecorded)).encode())
print(json.dumps({
    "worker": "letters" in WORKERS, "source": "letters" in SOURCES, "group": GROUPS["letters"],
    "figure": METRICS["letters.letters"].name, "counts": [list(each) for each in facts(event)],
    "held": HeldListing(service="letters").service,
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the guide's service in it, what is regenerated too."""
    folder = tmp_path_factory.mktemp("service")
    touched = apply("adding-a-service.md", folder)
    own = [path for path in touched if path.startswith("services/letters/")]
    assert len(own) == len(touched) - 4, "a service is named by hand in four files outside its folder"
    permissions = "tests.unit.gateway.domain.permissions_page"
    for command in (("services.cli", "contracts"), ("tests.contract.workers",), (permissions,)):
        done = run(folder, *command)
        assert done.returncode == 0, done.stderr
    return folder


def test_it_is_there_wherever_services_are(tree: Path) -> None:
    """Worker, source, group, figure, what an event counts, what operations may ask: all of its row and its folder."""
    done = run(tree, "services.cli", "--help")
    assert done.returncode == 0, done.stderr
    (tree / "said.py").write_text(SAID, "utf-8")
    done = run(tree, "said")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "worker": True,
        "source": True,
        "group": "来信",
        "figure": "来信",
        "counts": [["letters.letters", "D001", "2026-03-05", 1]],
        "held": "letters",
    }


def test_it_keeps_the_import_rule_and_the_types(tree: Path) -> None:
    """Its place is in every contract, and its code is as strict as ours."""
    linted = lint(tree)
    assert linted.returncode == 0, linted.stdout
    typed = run(tree, "mypy", "-p", "services.letters", "-m", "services.registry")
    assert typed.returncode == 0, typed.stdout


def test_the_checks_that_the_guide_names_pass(tree: Path) -> None:
    """They look at every service of the registry."""
    done = run(tree, "pytest", "-q", "-p", "no:cacheprovider", *CHECKS)
    assert done.returncode == 0, done.stdout[-4000:]


def test_a_step_that_is_left_out_is_named(tree: Path) -> None:
    """Without its row the registry's own test fails."""
    place = tree / "services" / "registry.py"
    before = place.read_text("utf-8")
    place.write_text(before.replace('    Service("letters", "来信", letters, "letters"),\n', ""), "utf-8")
    try:
        done = run(tree, "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/test_registry.py")
    finally:
        place.write_text(before, "utf-8")
    assert "test_every_worker_has_its_row" in done.stdout
    assert done.returncode == 1
