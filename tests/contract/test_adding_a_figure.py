"""docs/adding-a-figure.md is true: its figure, entered in a copy of the tree, is in the catalogue and recounted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.contract.guide import apply, run

SAID = """
import json
from datetime import date
from services.gateway.projection import METRICS
from services.gateway.store.report import catalogue
from services.research.domain.counted import visits
from services.research.domain.visit import Visit
place = {"unit": "D001", "day": date(2026, 3, 5), "state": "recorded", "people": 4}
sums = visits(Visit.model_construct(**place))
print(json.dumps({
    "at": [entry["id"] for entry in catalogue()].index("research.visitors"),
    "after": [entry["id"] for entry in catalogue()].index("research.visits"),
    "kinds": sorted(METRICS["research.visitors"].kinds),
    "counts": {key: amount for (key, _, _), amount in sums.items()},
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with the guide's figure in it."""
    folder = tmp_path_factory.mktemp("figure")
    assert apply("adding-a-figure.md", folder) == [
        "services/research/contract/figures.py",
        "services/research/domain/counted.py",
    ]
    return folder


def test_it_is_in_the_catalogue_and_recounted(tree: Path) -> None:
    """In the place of its entry, opening to visits; a visit as it stands counts one, and its people."""
    (tree / "said.py").write_text(SAID, "utf-8")
    done = run(tree, "said")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["at"] == said["after"] + 1
    assert said["kinds"] == ["research.visit"]
    assert said["counts"] == {"research.visits": 1, "research.visitors": 4}


def test_the_checks_that_the_guide_names_pass(tree: Path) -> None:
    """They look at every entry of the catalogue."""
    checks = ("tests/unit/test_registry.py", "tests/unit/gateway/projection/test_catalogue.py")
    done = run(tree, "pytest", "-q", "-p", "no:cacheprovider", *checks)
    assert done.returncode == 0, done.stdout[-4000:]
