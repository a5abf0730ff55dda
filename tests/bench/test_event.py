"""What one event costs before any server sees it."""

from __future__ import annotations

from collections.abc import Callable

from services.kernel.message.event import Event

from .events import entries
from .measured import interleaved, rate, write


def test_an_event_is_read_and_written_in_microseconds() -> None:
    """What one event costs before any server sees it."""
    event = Event.model_validate_json(_one().to_json())
    body = event.to_json()
    rates = interleaved(
        3, {"read": lambda: _repeat(lambda: Event.from_json(body)), "write": lambda: _repeat(event.to_json)}
    )
    write("event", {"read_per_s": rates["read"], "write_per_s": rates["write"], "bytes": len(body)})


def _one() -> Event:
    entry = next(entries(1, 1))
    named = {"id": entry["_id"], "subject": entry["aggregate"], "aggregateversion": 1, "source": "/bench/study"}
    known = {key: entry[key] for key in ("time", "recorded", "unit", "actor", "day", "data")}
    return Event.model_validate({**named, **known, "type": f"shengzhi.study.{entry['type']}"})


def _repeat(work: Callable[[], object]) -> float:
    def often() -> None:
        for _ in range(20_000):
            work()

    return rate(20_000, often)
