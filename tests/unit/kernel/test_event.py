"""What crosses a process boundary comes out as it went in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

import pytest

from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Event, Payload, body_of, method_name, new_id, record_id


class Happened(Payload):
    """Something with an instant in it."""

    type: ClassVar[str] = "thing.happened.v1"
    at: datetime
    counts: dict[str, int]


class DoTheThing(Command):
    """A command of several words."""

    id: str


def event(**more: Any) -> Event:
    payload = Happened(unit="U1", day=date(2026, 3, 5), at=datetime(2026, 3, 5, 1, tzinfo=UTC), counts={"a": 1})
    now = datetime(2026, 3, 5, 1, 2, 3, 456000, tzinfo=UTC)
    given = {
        "id": new_id(),
        "source": "/test/things",
        "type": "shengzhi.things.thing.happened.v1",
        "subject": "t1",
        "time": now,
        "aggregateversion": 1,
        "recorded": now,
        "unit": payload.unit,
        "actor": "u1",
        "day": payload.day,
        "data": body_of(payload),
    }
    return Event.model_validate(given | more)


def test_an_event_comes_out_as_it_went_in() -> None:
    """Through JSON and back, to the millisecond; the payload too."""
    told = event()
    again = Event.from_json(told.to_json())
    assert again == told
    assert Happened.of(again).at == datetime(2026, 3, 5, 1, tzinfo=UTC)
    assert (again.service, again.short_type) == ("things", "thing.happened.v1")
    assert "unit" not in again.data


def test_fields_that_nobody_knows_are_ignored() -> None:
    """v1 may gain fields: an older reader reads on."""
    told = event(data={**event().data, "later": True})
    assert Happened.of(told).counts == {"a": 1}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"id": 1}', b"\xff"])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    """Never half-read."""
    with pytest.raises(ValueError, match="validation error"):
        Event.from_json(body)


def test_ids_are_in_the_order_of_time_and_numbers_name_one_record() -> None:
    """The same unit's number is the same record; of another unit, kind or service another."""
    first, second = new_id(), new_id()
    assert first < second
    known = record_id("study", "sessions", "U1", "1")
    assert known == record_id("study", "sessions", "U1", "1")
    others = {record_id("study", "essays", "U1", "1"), record_id("study", "sessions", "U2", "1"), known}
    assert len(others) == 3


def test_a_commands_method_is_its_name_in_snake_case() -> None:
    """The wire's name follows from the class."""
    assert method_name(DoTheThing) == "do_the_thing"


def test_a_refusal_survives_the_wire() -> None:
    """Its four arguments are the exception's own, as nameko sends them."""
    refusal = DomainError("a.b", "原因", "conflict", [{"pointer": "/x", "detail": "错"}])
    again = DomainError(*refusal.args)
    assert (again.code, again.detail, again.kind, again.errors) == ("a.b", "原因", "conflict", refusal.errors)
