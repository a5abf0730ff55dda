"""Records in words: the lines of a record's page and the cells of a list, as its kind describes them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from services.kernel.resource import EVENTS, Label, Lead, Record, Resource

from ..documents import show
from .described import unit_fields_of

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_UNSAID = ("title",)
"""What stands elsewhere on the page."""


@cache
def unit_labels(resource: Resource) -> frozenset[str]:
    """The fields of a record that name units."""
    commands = [resource.add.command] if resource.add else []
    commands += [step.command for step in resource.steps]
    named = {field for command in commands for field in unit_fields_of(command)}
    return frozenset({"unit", *named, *(name for name, label in resource.labels.items() if label.unit)})


def units_of(resource: Resource, record: Record) -> set[str]:
    """The units that a record names."""
    found: set[str] = set()
    for name in unit_labels(resource):
        value = at(record, name)
        found |= set(value) if isinstance(value, list) else {value} if isinstance(value, str) else set()
    return found


def at(record: Record, path: str) -> Any:
    """What stands at a field such as life/handler; None where nothing does."""
    value: Any = record
    for part in path.split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def lines_of(resource: Resource, record: Record, units: Mapping[str, str]) -> list[tuple[str, str]]:
    """The lines of a record's page: names and what is told, empty ones left out; `units` are their names."""
    lines = [
        (label.text, text)
        for name, label in resource.labels.items()
        if name not in _UNSAID and not label.record and not label.asked
        if (text := cell_of(resource, name, record, units))
    ]
    if resource.told is not None:
        lines += resource.told(record)
    return [*lines, ("版本", str(record["version"]))]


def cell_of(resource: Resource, name: str, record: Record, units: Mapping[str, str]) -> str:
    """A field's value in words; nothing where there is nothing to say."""
    value, label = at(record, name), resource.labels[name]
    if value is None or value in ("", []):
        return ""
    if label.say is not None:
        return label.say(value)
    if name in unit_labels(resource):
        return _unit(value, units)
    return _word(label, value)


def _unit(value: Any, units: Mapping[str, str]) -> str:
    if isinstance(value, list):
        return "、".join(_unit(each, units) for each in value)
    return f"{units[value]}（{value}）" if value in units else str(value)


def _word(label: Label, value: Any) -> str:
    if isinstance(value, bool):
        return label.words.get(value, label.words.get("true", "是") if value else "")
    if label.words:
        return str(label.words.get(value, value))
    if isinstance(value, str) and _INSTANT.match(value):
        return show.instant(value)
    if isinstance(value, list):
        return "、".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def history_of(resource: Resource, entries: list[dict[str, Any]], units: Mapping[str, str]) -> list[dict[str, Any]]:
    """The steps of a record's life in words: what, when, by which account, why, and what changed."""
    words = {**EVENTS, **resource.events}
    return [
        {
            "what": words[entry["type"]],
            "time": entry["time"],
            "actor": entry["actor"],
            "reason": entry["reason"] or "",
            "changes": [change for each in entry["changes"] if (change := _change(resource, each, units))],
        }
        for entry in entries
        if words.get(entry["type"])
    ]


def _change(resource: Resource, change: dict[str, Any], units: Mapping[str, str]) -> str:
    name = change["field"]
    if name not in resource.labels:
        return ""
    was, now = (cell_of(resource, name, {name: change[when]}, units) or "无" for when in ("was", "now"))
    return f"{resource.labels[name].text}：{was} → {now}" if was != now else ""


def leads_of(resource: Resource, record: Record) -> Iterator[tuple[str, str]]:
    """Where a record's page leads on to: texts and addresses."""
    for name, label in resource.labels.items():
        if label.record and isinstance(value := record.get(name), str) and value:
            yield label.text, f"/records/{label.record}/{quote(value)}"
    for lead in resource.leads:
        if lead.only is None or record.get(lead.only[0]) == lead.only[1]:
            yield lead.text, _address(lead, record)


def _address(lead: Lead, record: Record) -> str:
    if lead.new:
        given = {lead.by: record["id"], **{name: record[name] for name in lead.given if record.get(name)}}
        return f"/records/{lead.kind}/new?{urlencode(given)}"
    if isinstance(named := record.get(lead.by), str):
        return f"/records/{lead.kind}/{quote(named)}"
    return f"/records/{lead.kind}?{urlencode({lead.by: record['id']})}"
