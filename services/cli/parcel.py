"""A folder of spreadsheets as it is to be loaded: which sheets there are, where each goes, and in which order."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.cli.client import Refused
from services.kernel.message.errors import DomainError
from services.kernel.sheets.sheet_tasks import tab_rows
from services.registry import SHEET_WAYS

UNITS, USERS, MEMBERS = "units", "users", "members"
REFUSALS = "refusals.json"
SUBMISSIONS = "submissions.json"
MOST_BYTES = 16 * 1024 * 1024

_AREAS = {
    sheet.title: (area, kind)
    for area, way in SHEET_WAYS.items()
    if area != "roles"
    for kind, sheet in way.sheets.items()
}
"""A sheet's title → the address that takes it, and its kind; roles come as the accounts do, in one sheet."""


@dataclass(frozen=True)
class Part:
    """One sheet of a workbook."""

    file: Path
    area: str
    kind: str
    title: str
    rows: int


@dataclass(frozen=True)
class Parcel:
    """Everything in a folder.

    `batches` hold what may be loaded side by side, and follow one another: a folder below, in order of its name.
    `opening` and `closing` are what is done through the API before the first batch and after the last, and by whom.
    `submissions` is what units submit and their superiors take over after that, `issues` the reports that are issued
    then, and `late` what is sent in still later: the sheets of the folder in which it lies. `reforms` is what becomes
    of units in the end, through the API.
    `untidy` is what must be refused, with what must be said of it: kind → (row, column, code).
    """

    units: list[Part]
    users: list[Part]
    members: list[Part]
    excuses: list[dict[str, Any]]
    campaign: dict[str, Any] | None
    plans: dict[str, Any] | None
    batches: list[list[Part]]
    untidy: list[Part]
    refusals: dict[str, set[tuple[int, str, str]]]
    figures: dict[str, Any] | None
    opening: list[dict[str, Any]]
    closing: list[dict[str, Any]]
    reforms: list[dict[str, Any]] = field(default_factory=list)
    submissions: dict[str, Any] | None = None
    issues: list[dict[str, Any]] = field(default_factory=list)
    late: list[Part] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """All that is to be taken."""
        return [
            *self.units,
            *self.users,
            *self.members,
            *(part for batch in [*self.batches, self.late] for part in batch),
        ]

    @property
    def rows(self) -> int:
        """How many rows that is."""
        return sum(part.rows for part in self.parts)


def unpack(folder: Path) -> Parcel:
    """Look through a folder; sheets with another title than ours are left alone.

    Raises:
        FileNotFoundError: there is no spreadsheet of ours in it.
        Refused: a file cannot be read.
    """
    found: dict[Path, list[Part]] = defaultdict(list)
    for file in sorted(folder.rglob("*.xlsx")):
        found[file.parent].extend(_parts(file))
    if not any(found.values()):
        raise FileNotFoundError(f"{folder} 中没有可导入的表格")
    refused = {place for place in found if (place / REFUSALS).exists()}
    submitting = next((place for place in found if (place / SUBMISSIONS).exists()), None)
    taken = [part for place, parts in found.items() if place not in refused for part in parts]
    ledgers = [
        [part for part in parts if part.kind not in (UNITS, USERS, MEMBERS)]
        for place, parts in sorted(found.items())
        if place not in refused and place != submitting
    ]
    return Parcel(
        units=[part for part in taken if part.kind == UNITS],
        users=[part for part in taken if part.kind == USERS],
        members=[part for part in taken if part.kind == MEMBERS],
        excuses=_list(folder / "excuses.json"),
        campaign=_json(folder / "campaign.json"),
        plans=_json(folder / "plans.json"),
        batches=[batch for batch in ledgers if batch],
        untidy=[part for place in sorted(refused) for part in found[place]],
        refusals={
            kind: {(row["row"], row["column"], row["code"]) for row in rows}
            for place in refused
            for kind, rows in (_json(place / REFUSALS) or {}).items()
        },
        figures=_json(folder / "figures.json"),
        opening=_list(folder / "opening.json"),
        closing=_list(folder / "closing.json"),
        reforms=[] if submitting is None else _list(submitting / "reforms.json"),
        submissions=None if submitting is None else _json(submitting / SUBMISSIONS),
        issues=[] if submitting is None else _list(submitting / "issues.json"),
        late=[] if submitting is None else found[submitting],
    )


def _parts(file: Path) -> Iterator[Part]:
    try:
        tabs = tab_rows(_bytes(file))
    except DomainError as refused:
        raise Refused(refused.code, f"{file.name}：{refused.detail}") from refused
    for title, rows in tabs.items():
        if title in _AREAS:
            area, kind = _AREAS[title]
            yield Part(file, area, kind, title, rows)


def _list(place: Path) -> list[dict[str, Any]]:
    return list(_loaded(place, list) or [])


def _json(place: Path) -> dict[str, Any] | None:
    loaded: dict[str, Any] | None = _loaded(place, dict)
    return loaded


def _loaded(place: Path, kind: type) -> Any:
    """What a file beside the sheets says, or None where there is none."""
    if not place.exists():
        return None
    try:
        loaded = json.loads(_bytes(place))
    except (ValueError, RecursionError) as error:
        raise Refused("parcel.unreadable", f"{place.name} 不是可以读取的 JSON") from error
    if not isinstance(loaded, kind):
        raise Refused("parcel.unreadable", f"{place.name} 的内容不是 {kind.__name__}")
    return loaded


def _bytes(file: Path) -> bytes:
    """A file of no more bytes than the platform takes."""
    if file.stat().st_size > MOST_BYTES:
        raise Refused("parcel.too_large", f"{file.name} 超过 {MOST_BYTES // 1024 // 1024} MB")
    return file.read_bytes()
