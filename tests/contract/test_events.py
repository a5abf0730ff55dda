"""What crosses a process boundary is written down, and what is written down is true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from services.cli.contracts import example, payloads, schema, write_contracts
from services.kernel.bus.relay import WATERMARK
from services.kernel.journal.reconcile import ENDED, TALLY
from services.kernel.message.event import CONTENT_TYPE, Event, Payload
from services.registry import SOURCES

PROTO = Path(__file__).parents[2] / "proto"
MEND = "the contracts have changed: run `make proto` and commit what it writes"
KINDS = list(payloads())
NAMES = [f"{owner}.{kind.type}" for owner, kind in KINDS]
TEXT, REFERENCE = {"type": "string", "minLength": 1}, {"$ref": "#/$defs/reference"}

# the part of the AsyncAPI 3.0 specification that the document uses
ASYNCAPI: dict[str, Any] = {
    "type": "object",
    "required": ["asyncapi", "info", "channels", "operations", "components"],
    "additionalProperties": False,
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "info": {
            "required": ["title", "version"],
            "additionalProperties": False,
            "properties": {"title": TEXT, "version": TEXT, "description": TEXT},
        },
        "defaultContentType": {"const": CONTENT_TYPE},
        "channels": {
            "minProperties": 1,
            "additionalProperties": {
                "required": ["address", "messages"],
                "additionalProperties": False,
                "properties": {
                    "address": TEXT,
                    "description": TEXT,
                    "messages": {"minProperties": 1, "additionalProperties": REFERENCE},
                    "bindings": {
                        "additionalProperties": False,
                        "properties": {
                            "amqp": {
                                "required": ["is", "exchange"],
                                "properties": {
                                    "is": {"const": "routingKey"},
                                    "exchange": {"required": ["name", "type", "durable", "autoDelete"]},
                                },
                            }
                        },
                    },
                },
            },
        },
        "operations": {
            "minProperties": 1,
            "additionalProperties": {
                "required": ["action", "channel"],
                "additionalProperties": False,
                "properties": {"action": {"enum": ["send", "receive"]}, "channel": REFERENCE, "summary": TEXT},
            },
        },
        "components": {
            "required": ["messages"],
            "properties": {
                "messages": {
                    "propertyNames": {"pattern": r"^[A-Za-z0-9._-]+$"},
                    "additionalProperties": {
                        "required": ["name", "contentType"],
                        "additionalProperties": False,
                        "properties": {
                            **dict.fromkeys(("name", "title", "summary", "contentType"), TEXT),
                            "payload": REFERENCE,
                        },
                    },
                }
            },
        },
    },
    "$defs": {"reference": {"type": "object", "required": ["$ref"], "properties": {"$ref": TEXT}}},
}


def test_the_committed_files_are_what_the_contracts_say(tmp_path: Path) -> None:
    """Schemas, examples and the AsyncAPI document are those of today's contracts."""
    written = {path.relative_to(tmp_path): path.read_text("utf-8") for path in write_contracts(tmp_path)}
    kept = [*PROTO.glob("events/*"), *PROTO.glob("examples/*"), PROTO / "asyncapi.yaml"]
    committed = {path.relative_to(PROTO): path.read_text("utf-8") for path in kept if path.exists()}
    assert committed == written, MEND


def test_the_command_mends_what_it_is_named_for(tmp_path: Path) -> None:
    """After it there is nothing stale left, nothing missing and nothing changed; `make proto` runs it."""
    before = {path: path.read_text("utf-8") for path in write_contracts(tmp_path)}
    stale = [tmp_path / "events" / "gone.v1.schema.json", tmp_path / "examples" / "gone.v1.json"]
    changed, missing = list(before)[:2]
    for path in (*stale, changed):
        path.write_text("{}")
    missing.unlink()
    write_contracts(tmp_path)
    assert {path: path.read_text("utf-8") for path in tmp_path.rglob("*.*") if path.is_file()} == before
    recipe = (PROTO.parent / "Makefile").read_text("utf-8").partition("\nproto:")[2].partition("\n\n")[0]
    assert "shengzhi contracts" in recipe


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


@pytest.mark.parametrize(("owner", "kind"), KINDS, ids=NAMES)
def test_a_schema_lets_tomorrows_v1_through(owner: str, kind: type[Payload]) -> None:
    """An optional field more, at any depth, or a new value of an enumeration is still v1."""
    Draft202012Validator(schema(owner, kind)).validate(_grown(example(owner, kind)))
    assert not {"enum", "additionalProperties"} & set(_closing(schema(owner, kind)))


def test_every_version_is_part_of_its_name() -> None:
    """An event's type ends in its version, and no two kinds share one."""
    assert len(set(NAMES)) == len(NAMES)
    assert all(name.rpartition(".")[2] in ("v1", "v2") for name in NAMES)
    assert {f"{name.removesuffix('v2')}v1" for name in NAMES if name.endswith(".v2")} <= set(NAMES)


def test_the_asyncapi_document_is_one() -> None:
    """The committed document has the structure of AsyncAPI 3.0, and every owner and kind of event is in it."""
    document = committed()
    assert faults(document) == []
    assert {channel["address"] for channel in document["channels"].values()} == {f"{owner}.events" for owner in SOURCES}
    told = {f"{owner}.{kind}" for owner in SOURCES for kind in (WATERMARK, TALLY, ENDED)}
    assert set(document["components"]["messages"]) == {*NAMES, *told}


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("asyncapi",), "2.6.0"),
        (("info", "version"), None),
        (("channels", "study", "address"), 7),
        (("channels", "study", "messages", "study.session.held.v1", "$ref"), "#/components/messages/nothing"),
        (("operations", "study.tell", "action"), "publish"),
        (("operations", "study.tell", "channel", "$ref"), "#/channels/nothing"),
        (("components", "messages", "study.session.held.v1", "payload", "$ref"), "./events/nothing.schema.json"),
    ],
)
def test_a_fault_planted_in_the_document_is_found(place: tuple[str, ...], value: object) -> None:
    """The check of the structure bites."""
    document = committed()
    within = document
    for step in place[:-1]:
        within = within[step]
    if value is None:
        del within[place[-1]]
    else:
        within[place[-1]] = value
    assert faults(document)


def committed() -> dict[str, Any]:
    """The AsyncAPI document as it stands beside the code."""
    document: dict[str, Any] = yaml.safe_load((PROTO / "asyncapi.yaml").read_text("utf-8"))
    return document


def faults(document: dict[str, Any]) -> list[str]:
    """What is wrong with an AsyncAPI document: in its structure, or a reference that leads nowhere."""
    wrong = [error.message for error in Draft202012Validator(ASYNCAPI).iter_errors(document)]
    return [*wrong, *(reference for reference in _references(document) if not _leads_somewhere(document, reference))]


def _leads_somewhere(document: dict[str, Any], reference: str) -> bool:
    if not reference.startswith("#/"):
        return (PROTO / reference).is_file()
    within: Any = document
    for step in reference.removeprefix("#/").split("/"):
        within = within.get(step) if isinstance(within, dict) else None
    return within is not None


def _references(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        for key, value in told.items():
            if key == "$ref":
                yield value
            else:
                yield from _references(value)


def _grown(told: Any) -> Any:
    """An event with a field more in every object of its data; an empty map has no fields."""
    if isinstance(told, dict) and told:
        return {**{key: _grown(value) for key, value in told.items()}, "tomorrow": 1}
    return [_grown(each) for each in told] if isinstance(told, list) else told


def _closing(told: Any) -> Iterator[str]:
    """The keywords of a schema that list values or refuse fields."""
    if isinstance(told, dict):
        for key, value in told.items():
            if (key == "enum" and isinstance(value, list)) or (key, value) == ("additionalProperties", False):
                yield key
            yield from _closing(value)
    elif isinstance(told, list):
        for each in told:
            yield from _closing(each)
