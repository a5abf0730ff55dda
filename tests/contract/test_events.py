"""What crosses a process boundary is written down, and what is written down is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from services.cli.contracts import example, payloads, schema, write_contracts
from services.kernel.event import Event, Payload

PROTO = Path(__file__).parents[2] / "proto"
MEND = "the contracts have changed: run `make proto` and commit what it writes"
KINDS = list(payloads())
NAMES = [f"{owner}.{kind.type}" for owner, kind in KINDS]


def test_the_committed_files_are_what_the_contracts_say(tmp_path: Path) -> None:
    """Schemas, examples and the AsyncAPI document are those of today's contracts."""
    written = {path.relative_to(tmp_path): path.read_text("utf-8") for path in write_contracts(tmp_path)}
    kept = [*PROTO.glob("events/*"), *PROTO.glob("examples/*"), PROTO / "asyncapi.yaml"]
    committed = {path.relative_to(PROTO): path.read_text("utf-8") for path in kept if path.exists()}
    assert committed == written, MEND


@pytest.mark.parametrize(("owner", "kind"), KINDS, ids=NAMES)
def test_an_example_is_an_event_of_its_schema(owner: str, kind: type[Payload]) -> None:
    """Every example validates against its schema, and reads back as the payload that it shows."""
    told = example(owner, kind)
    Draft202012Validator(schema(owner, kind), format_checker=Draft202012Validator.FORMAT_CHECKER).validate(told)
    event = Event.from_json(json.dumps(told).encode())
    assert kind.of(event) == kind.model_validate(kind.examples[0])


@pytest.mark.parametrize("gone", ["id", "recorded", "unit", "data"])
def test_a_schema_refuses_what_is_no_event(gone: str) -> None:
    """A schema that lets everything through says nothing."""
    owner, kind = KINDS[0]
    told = example(owner, kind)
    del told[gone]
    with pytest.raises(ValidationError):
        Draft202012Validator(schema(owner, kind)).validate(told)


def test_every_version_is_part_of_its_name() -> None:
    """An event's type ends in its version, and no two kinds share one."""
    assert len(set(NAMES)) == len(NAMES)
    assert all(name.rpartition(".")[2] == "v1" for name in NAMES)


def test_the_asyncapi_document_points_at_what_is_there() -> None:
    """Every reference leads to a message or a file."""
    document: dict[str, Any] = yaml.safe_load((PROTO / "asyncapi.yaml").read_text("utf-8"))
    for channel in document["channels"].values():
        for reference in channel["messages"].values():
            name = reference["$ref"].rpartition("/")[2]
            message = document["components"]["messages"][name]
            assert (PROTO / message["payload"]["$ref"]).is_file()
