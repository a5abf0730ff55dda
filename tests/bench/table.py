"""The figures in build/bench/ as one Markdown document: `python -m tests.bench.table [a document to put them into]`.

In a document they replace what stands between the two marks, so that what it shows is what was measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .measured import OUT

BEGIN, END = "<!-- figures: make bench -->", "<!-- end of figures -->"
Figures = dict[str, Any]


def rows(told: Figures, above: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure under its path: peers.celery.events_per_s → 190."""
    for key, value in told.items():
        if isinstance(value, dict):
            yield from rows(value, f"{above}{key} · ")
        else:
            yield above + key, value


def shown(value: Any) -> str:
    """A figure as people read it."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def section(name: str, told: Figures) -> str:
    """One file's figures: sizes or processes side by side where the file has several of the same kind."""
    columns = {key: dict(rows(value)) for key, value in told.items() if isinstance(value, dict)}
    alone = {key: value for key, value in told.items() if not isinstance(value, dict)}
    heads = list(columns) or [""]
    lines = [f"**{name}**" + "".join(f"; {key} {shown(value)}" for key, value in alone.items() if columns), ""]
    lines += ["| | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    named = dict.fromkeys(row for column in columns.values() for row in column) if columns else alone
    for row in named:
        cells = [shown(column.get(row, "")) for column in columns.values()] if columns else [shown(alone[row])]
        lines.append(f"| {row.replace('_per_s', '/s').replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def document() -> str:
    """All that was measured, file by file."""
    files = sorted(OUT.glob("*.json"))
    return "\n\n".join(section(file.stem, json.loads(file.read_text())) for file in files)


def main(arguments: list[str]) -> None:
    """Show the figures; put them into the document named, if one is."""
    figures = document()
    print(figures)
    for path in map(Path, arguments):
        before, rest = path.read_text().split(BEGIN)
        path.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main(sys.argv[1:])
