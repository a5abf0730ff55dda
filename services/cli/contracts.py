"""`shengzhi contracts`: what crosses a process boundary, written down from the contracts themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from services.gateway import contract as gateway
from services.kernel.bus.relay import WATERMARK
from services.kernel.journal.reconcile import ENDED, TALLY
from services.kernel.message.event import CONTENT_TYPE, NAMESPACE, Event, Payload, body_of
from services.registry import SERVICES, SOURCES

CONTRACTS: tuple[Any, ...] = (*(service.contract for service in SERVICES), gateway)
"""The gateway's own, of what only its reports need, is above the registry; it tells of that as its own source."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_INSTANT = "2026-03-05T01:00:00Z"
_ID = "01956f3e-0000-7000-8000-000000000000"
_TOLD = {
    WATERMARK: "All that was recorded up to `until` has been published. Told every second; in no journal.",
    TALLY: "By day and kind of event, how many there are up to `until` and the sum of their ids' hashes. Told hourly.",
    ENDED: "Follows the last event sent again, on the queue that asked for it: their `count`, and the days asked for.",
}


def contracts(
    folder: Annotated[Path, typer.Argument(help="写到的目录")] = Path("proto"),
) -> None:
    """由各服务的约定生成事件的 JSON Schema、示例和 AsyncAPI 文档。"""
    written = write_contracts(folder)
    typer.echo(f"{len(written)} 个文件已写到 {folder}")


def payloads() -> Iterator[tuple[str, type[Payload]]]:
    """Every kind of event with its owner's name, in a fixed order."""
    for owner in SOURCES:
        kinds = {
            value
            for contract in CONTRACTS
            if owner == contract.NAME
            for value in vars(contract).values()
            if isinstance(value, type) and issubclass(value, Payload) and "type" in vars(value)
        }
        for kind in sorted(kinds, key=lambda kind: kind.type):
            yield owner, kind


def write_contracts(folder: Path) -> list[Path]:
    """A schema and an example of every kind of event, and the AsyncAPI document; gives the files.

    Schemas and examples of kinds that are no more are removed.
    """
    import yaml  # noqa: PLC0415  # a tool of development, not in the image

    files: dict[Path, str] = {}
    for owner, kind in payloads():
        name = f"{NAMESPACE}.{owner}.{kind.type}"
        files[folder / "events" / f"{name}.schema.json"] = _json(schema(owner, kind))
        files[folder / "examples" / f"{name}.json"] = _json(example(owner, kind))
    files[folder / "asyncapi.yaml"] = yaml.safe_dump(asyncapi(), allow_unicode=True, sort_keys=False, width=120)
    for stale in {*folder.glob("events/*.schema.json"), *folder.glob("examples/*.json")} - files.keys():
        stale.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(files)


def schema(owner: str, kind: type[Payload]) -> dict[str, Any]:
    """The JSON Schema of the whole CloudEvent, open: v1 may gain optional fields and values of an enumeration."""
    data = _opened(kind.model_json_schema())
    definitions = data.pop("$defs", {})
    own = {name: told for name, told in data["properties"].items() if name not in ("unit", "day")}
    required = [name for name in data.get("required", []) if name not in ("unit", "day")]
    text = {"type": "string"}
    instant = {"type": "string", "format": "date-time"}
    return {
        "$schema": _DIALECT,
        "$id": f"{NAMESPACE}.{owner}.{kind.type}",
        "title": kind.__name__,
        "description": data.get("description", ""),
        "type": "object",
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "format": "uuid"},
            "source": {**text, "pattern": f"^/[^/]+/{owner}$"},
            "type": {"const": f"{NAMESPACE}.{owner}.{kind.type}"},
            "subject": {**text, "description": "the record's id"},
            "time": instant,
            "datacontenttype": {"const": "application/json"},
            "aggregateversion": {"type": "integer", "minimum": 1},
            "recorded": instant,
            "unit": text,
            "actor": {**text, "description": "a user's id"},
            "day": {**text, "format": "date", "description": "business date"},
            "traceparent": text,
            "data": {"type": "object", "properties": own, "required": required},
        },
        "required": [
            *("specversion", "id", "source", "type", "subject", "time", "aggregateversion"),
            *("recorded", "unit", "actor", "day", "data"),
        ],
        **({"$defs": definitions} if definitions else {}),
    }


def example(owner: str, kind: type[Payload]) -> dict[str, Any]:
    """The contract's own example as the message that would be published."""
    payload = kind.model_validate(kind.examples[0])
    event = Event.model_validate(
        {
            "id": _ID,
            "source": f"/province/{owner}",
            "type": f"{NAMESPACE}.{owner}.{kind.type}",
            "subject": _ID,
            "time": _INSTANT,
            "aggregateversion": 1,
            "recorded": _INSTANT,
            "unit": payload.unit,
            "actor": "unit-admin",
            "day": payload.day,
            "data": body_of(payload),
        }
    )
    told: dict[str, Any] = json.loads(event.to_json())
    return told


def asyncapi() -> dict[str, Any]:
    """An AsyncAPI 3.0 document: one channel an owner, its exchange; one message a kind of event."""
    messages = _messages()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Shengzhi events",
            "version": "1",
            "description": "CloudEvents 1.0, JSON structured mode. v1 gains optional fields only; ignore the unknown.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {
            owner: {
                "address": f"{owner}.events",
                "description": "Routing key: the name of the message without its first two parts.",
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"} for name in messages if name.startswith(f"{owner}.")
                },
                "bindings": {
                    "amqp": {
                        "is": "routingKey",
                        "exchange": {"name": f"{owner}.events", "type": "topic", "durable": True, "autoDelete": False},
                    }
                },
            }
            for owner in SOURCES
        },
        "operations": {
            f"{owner}.tell": {
                "action": "send",
                "channel": {"$ref": f"#/channels/{owner}"},
                "summary": f"What happened in {owner}, at least once, a record's events in their order.",
            }
            for owner in SOURCES
        },
        "components": {"messages": messages},
    }


def _messages() -> dict[str, Any]:
    """By name: each kind of event, and what every owner tells of its journal as a whole."""
    messages: dict[str, Any] = {}
    for owner, kind in payloads():
        name = f"{owner}.{kind.type}"
        messages[name] = {
            "name": f"{NAMESPACE}.{name}",
            "title": kind.__name__,
            "summary": (kind.__doc__ or "").strip(),
            "contentType": CONTENT_TYPE,
            "payload": {"$ref": f"./events/{NAMESPACE}.{name}.schema.json"},
        }
    for teller in SOURCES:
        for told, summary in _TOLD.items():
            name = f"{teller}.{told}"
            messages[name] = {
                "name": f"{NAMESPACE}.{name}",
                "title": told.split(".")[0].capitalize(),
                "summary": summary,
                "contentType": CONTENT_TYPE,
            }
    return messages


def _opened(told: Any) -> Any:
    """A schema without what would refuse tomorrow's v1; the values known today stay, as an annotation."""
    if isinstance(told, list):
        return [_opened(each) for each in told]
    if not isinstance(told, dict):
        return told
    kept = {key: _opened(value) for key, value in told.items() if (key, value) != ("additionalProperties", False)}
    if isinstance(kept.get("enum"), list):
        kept["x-extensible-enum"] = kept.pop("enum")
    return kept


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=False) + "\n"
