"""docs/adding-a-kind.md is true: its kind, taken into an edge that knows nothing of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "adding-a-kind.md"
HEAD = """
from typing import ClassVar
from services.kernel.message.event import Command
from services.kernel.message.free_text import Reason, Title
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields
from services.kernel.resource import Adding, Label, Resource, Step, Waiting
from services.kernel.sheets.cells import OwnNumber
from services.organisation.contract import Action, permitting
from services.study import contract
from services.study.contract import Paged
"""
SEEN = """
contract.RESOURCES = (*contract.RESOURCES, PLEDGE)

from typing import Any, cast

from services.edge.http_api.app import make_app
from services.edge.pages.described import fields_of
from services.edge.pages.kinds import model_of
from services.edge.resources import RESOURCES, step_model
from services.kernel.resource import may_take

described = make_app(cast(Any, None)).openapi()["paths"]
address = "/api/v1/study/pledges"
assert set(described[address]) == {"get", "post"}, described[address]
assert {f"{address}/{{id}}", f"{address}/{{id}}/keepings", f"{address}/{{id}}/corrections"} <= set(described)
assert described[address]["post"]["operationId"] == "record_pledge"
fields = fields_of(PLEDGE, PLEDGE.add.form, model_of(PLEDGE))
assert {name: field.sort for name, field in fields.items()} == {
    "unit": "unit", "title": "text", "day": "date", "due": "date", "number": "text",
}
assert [name for name, field in fields.items() if field.required] == ["unit", "title", "day", "due"]
assert RESOURCES["pledge"] is PLEDGE
assert may_take((PLEDGE,))[KeepPledge] == ("unit",)
assert set(permitting({}, (PLEDGE,))) > {RecordPledge, CorrectPledge, KeepPledge, GetPledge, ListPledges}
keeping = step_model(PLEDGE, PLEDGE.steps[0])
assert set(keeping.model_json_schema()["properties"]) == {"day"}
print("seen")
"""


def test_a_described_kind_is_in_every_place(tmp_path: Path) -> None:
    """Routes, form, steps and permissions follow from the guide's code alone, in a process that has nothing else."""
    pieces = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    code = "\n".join(line.removeprefix("   ") for piece in pieces for line in piece.splitlines())
    script = tmp_path / "pledge.py"
    script.write_text(f"{HEAD}\n{code}\n{SEEN}", "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stdout.strip() == "seen", done.stderr[-2000:]
