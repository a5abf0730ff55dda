"""The figures in build/bench/ as one Markdown document: `python -m tests.bench.table [a document to put them into]`.

What misses its goal is marked, and named again at the end. In a document the figures replace what stands between the
two marks, so that what it shows is what was measured.
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


MISSED = "**missed**"


def shown(value: Any) -> str:
    """A figure as people read it; of a goal whether it was reached."""
    if isinstance(value, bool):
        return "yes" if value else MISSED
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


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


def missed(name: str, told: Figures) -> Iterator[str]:
    """What of a file misses its goal: where it stands."""
    for path, value in rows(told):
        *above, last = path.split(" · ")
        if last.startswith("reached") and value is False:
            yield " · ".join([name, *above, *([last.removeprefix("reached_")] if last != "reached" else [])])


def document(folder: Path = OUT) -> str:
    """All that was measured, file by file, and last what misses its goal."""
    measured = {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}
    short = [place for name, told in measured.items() for place in missed(name, told)]
    sections = [section(name, told) for name, told in measured.items()]
    return "\n\n".join([*sections, f"Short of their goals: {'; '.join(short)}." if short else "All goals are reached."])


def main(arguments: list[str]) -> None:
    """Show the figures; put them into the document named, if one is."""
    figures = document()
    print(figures)
    for path in map(Path, arguments):
        before, rest = path.read_text().split(BEGIN)
        path.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main(sys.argv[1:])
