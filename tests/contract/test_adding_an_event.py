"""docs/adding-an-event.md is true: its event, taken through the steps that need no broker and no store."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from jsonschema import Draft202012Validator

from services.cli.contracts import example, schema, write_contracts
from services.gateway.projection import facts
from services.kernel.message.event import Command, Event, Payload, body_of, method_name, new_id
from services.kernel.runtime.rpc import command
from services.study import contract as study

GUIDE = Path(__file__).parents[2] / "docs" / "adding-an-event.md"


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """What the guide's code defines."""
    code = re.search(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert code is not None
    names: dict[str, Any] = {"Any": Any, "ClassVar": ClassVar, "Command": Command, "Payload": Payload, "date": date}
    lines = [line.removeprefix("   ") for line in code.group(1).splitlines()]
    compiled = compile("\n".join(lines), str(GUIDE), "exec", dont_inherit=True)
    exec(compiled, names)  # noqa: S102  # the guide's own code is what is tested
    return names


def test_its_names_follow_the_rules(written: dict[str, Any]) -> None:
    """The command gives the method's name, the event bears its version."""
    assert method_name(written["PostponeSession"]) == "postpone_session"
    assert written["SessionPostponed"].type.endswith(".v1")


def test_its_example_is_an_event_of_its_schema(written: dict[str, Any]) -> None:
    """Schema and example can be made of it as the guide says."""
    kind = written["SessionPostponed"]
    Draft202012Validator(schema("study", kind)).validate(example("study", kind))


def test_an_event_that_counts_nothing_needs_no_projection(written: dict[str, Any]) -> None:
    """The projection takes an event that it does not know, and counts nothing for it."""
    payload = written["SessionPostponed"](**written["SessionPostponed"].examples[0])
    now = datetime(2026, 3, 5, tzinfo=UTC)
    event = Event(
        id=new_id(),
        source="/province/study",
        type=f"shengzhi.study.{payload.type}",
        subject="s1",
        time=now,
        aggregateversion=1,
        recorded=now,
        unit=payload.unit,
        actor="u1",
        day=payload.day,
        data=body_of(payload),
    )
    assert list(facts(event)) == []


def test_the_service_takes_the_command_under_its_own_name_only(written: dict[str, Any]) -> None:
    """A method named after the command becomes its entrypoint; one named otherwise is refused at once."""
    wrap = command(written["PostponeSession"])

    def postpone_session(self: Any, command: Any, envelope: Any) -> None: ...

    def move_session(self: Any, command: Any, envelope: Any) -> None: ...

    assert wrap(postpone_session).__name__ == "postpone_session"
    with pytest.raises(TypeError, match="postpone_session"):
        wrap(move_session)


def test_regenerating_writes_it_down(written: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the contract is enough: its schema, its example and its place in the AsyncAPI document follow."""
    before = {path.relative_to(tmp_path) for path in write_contracts(tmp_path)}
    monkeypatch.setattr(study, "SessionPostponed", written["SessionPostponed"], raising=False)
    name = "study.session.postponed.v1"
    assert {path.relative_to(tmp_path) for path in write_contracts(tmp_path)} - before == {
        Path("events", f"shengzhi.{name}.schema.json"),
        Path("examples", f"shengzhi.{name}.json"),
    }
    document = yaml.safe_load((tmp_path / "asyncapi.yaml").read_text("utf-8"))
    assert name in document["channels"]["study"]["messages"]


@pytest.mark.parametrize("path", re.findall(r"`((?:services|tests|domain)/[\w/.]+\.py)`", GUIDE.read_text("utf-8")))
def test_the_files_that_it_names_are_there(path: str) -> None:
    """The guide leads to files that exist."""
    root = GUIDE.parents[1]
    assert (root / path).is_file() or (root / "services" / "gateway" / path).is_file()
