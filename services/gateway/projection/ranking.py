"""Places among units, as the rules against formalism allow: within one kind, for who asks for it, never by default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from services.kernel.message.errors import DomainError


def ranking(
    children: Iterable[dict[str, Any]], kind: str, figure: str, *, fewest_first: bool = False
) -> list[dict[str, Any]]:
    """The units of one kind with their places by a figure; equals share a place, who has no value has none.

    Raises:
        DomainError: ranking.nothing_to_compare, for fewer than two units that have a value.
    """
    alike = [child for child in children if child["kind"] == kind]
    values = [child["figures"][figure] for child in alike if child["figures"][figure] is not None]
    if len(values) < 2:
        detail = "同类单位不足两个，不能排名"
        raise DomainError("ranking.nothing_to_compare", detail, errors=[{"pointer": "/rank_kind", "detail": detail}])

    def place(value: float | None) -> int | None:
        if value is None:
            return None
        return 1 + len([other for other in values if (other < value if fewest_first else other > value)])

    rows = [
        {
            "place": place(child["figures"][figure]),
            "unit": child["unit"],
            "name": child["name"],
            "value": child["figures"][figure],
        }
        for child in alike
    ]
    return sorted(rows, key=lambda row: (row["place"] or len(rows) + 1, row["unit"]))
