"""An integrator's client is generated from the committed description, and nothing of it is left out."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.eventually import PATIENCE

DESCRIPTION = Path("proto/openapi.json")


def test_a_client_has_every_operation(tmp_path: Path) -> None:
    """openapi-python-client warns of nothing, and makes a module for each operation."""
    client = Path(sys.executable).with_name("openapi-python-client")
    made = subprocess.run(
        [client, "generate", "--path", DESCRIPTION.resolve(), "--output-path", tmp_path / "client", "--meta", "none"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={"PATH": str(client.parent)},
    )
    assert (made.returncode, "WARNING" in made.stdout + made.stderr) == (0, False), made.stdout + made.stderr
    paths = json.loads(DESCRIPTION.read_text())["paths"]
    modules = [path for path in (tmp_path / "client" / "api").rglob("*.py") if path.name != "__init__.py"]
    assert len(modules) == sum(map(len, paths.values()))


def test_names_are_unique_and_parameters_described() -> None:
    """No two schemas bear one title; every parameter says what it is."""
    told = json.loads(DESCRIPTION.read_text())
    titles = Counter(schema["title"] for schema in told["components"]["schemas"].values())
    assert [title for title, count in titles.items() if count > 1] == []
    silent = [
        (path, method, parameter["name"])
        for path, operations in told["paths"].items()
        for method, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert silent == []
