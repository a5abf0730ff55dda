"""The units of 示例省: committee, departments, their party committees, branches and youth groups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from random import Random

from services.cli.sample.chance import chance
from services.cli.sample.names import CENTRAL, ENTERPRISES, GOVERNMENT, INSTITUTIONS, OFFICES, PARTY_ORGANS, SECTIONS
from services.organisation.contract import UnitKind

ROOT, DESK = "GW", "S001"
REFORMED, REFORMS = date(2026, 7, 1), 4
"""From this day on the reform is in force, after the months that are locked; and so many departments take part."""
FULL = 102
"""So many departments, central units, institutions and enterprises the whole province has."""


@dataclass(frozen=True)
class Unit:
    """A unit of the tree; `members` is how many party members belong to it."""

    code: str
    name: str
    short_name: str
    kind: UnitKind
    parent: str | None
    members: int


@dataclass(frozen=True)
class Character:
    """How a department goes about it, so that the figures of no two are alike; shares between 0 and 1.

    `zeal` of what is expected is done, `absent` stay away without excuse, `late` answers pass the deadline;
    `care` is how callers find it; `since` the month in which it began.
    """

    zeal: float
    absent: float
    late: float
    care: float
    since: int


@dataclass(frozen=True)
class Department:
    """A unit directly under the committee, with all that lies below it."""

    unit: Unit
    character: Character
    body: Unit
    branches: list[Unit] = field(default_factory=list)
    groups: list[Unit] = field(default_factory=list)

    @property
    def units(self) -> list[Unit]:
        """The department and everything below it, parents first."""
        return [self.unit, self.body, *self.branches, *self.groups]


@dataclass(frozen=True)
class Reform:
    """What a reform of the organs made: other names, other superiors, and which units went into which."""

    names: dict[str, str] = field(default_factory=dict)
    superiors: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)


def reform(departments: list[Department]) -> Reform:
    """Of the first four: one is renamed, another goes below it, and one goes into another with all that lies below."""
    if len(departments) < REFORMS:
        return Reform()
    into, renamed, merged, moved = departments[:REFORMS]
    return Reform(
        names={renamed.unit.code: "示例省数据和政务服务局"},
        superiors={
            moved.unit.code: renamed.unit.code,
            merged.unit.code: into.unit.code,
            merged.body.code: into.unit.code,
        },
        merged={merged.unit.code: into.unit.code},
    )


@dataclass(frozen=True)
class Province:
    """The whole tree."""

    root: Unit
    departments: list[Department]
    reform: Reform = field(default_factory=Reform)

    @property
    def units(self) -> list[Unit]:
        """Every unit, parents first."""
        return [self.root, *(unit for department in self.departments for unit in department.units)]

    def within(self, code: str, day: date) -> set[str]:
        """The codes of a unit and of all that stood below it on a day, what was no more then among them."""
        superiors = self.reform.superiors if day >= REFORMED else {}
        found, more = set[str](), {code}
        while more:
            found |= more
            more = {unit.code for unit in self.units if superiors.get(unit.code, unit.parent) in found} - found
        return found

    def at(self, code: str) -> Callable[[date], set[str]]:
        """The same for any day."""
        return cache(lambda day: self.within(code, day))

    def below(self, code: str, day: date) -> list[Unit]:
        """The units right below another one on a day, as they were called then."""
        reform = self.reform if day >= REFORMED else Reform()
        return [
            replace(unit, name=reform.names.get(unit.code, unit.name))
            for unit in self.units
            if reform.superiors.get(unit.code, unit.parent) == code and unit.code not in reform.merged
        ]


def province(departments: int = FULL) -> Province:
    """The province with its first so many departments; the hotline's desk is always among them."""
    root = Unit(ROOT, "中共示例省委省直机关工作委员会", "省直机关工委（样例）", UnitKind.committee, None, 45)
    listed = list(_listed())
    spread = [listed[number * len(listed) // departments] for number in range(departments)]
    if all(code != DESK for code, _, _ in spread):
        spread[-1] = next(found for found in listed if found[0] == DESK)
    made = [_department(*found) for found in spread]
    return Province(root, made, reform(made))


def _listed() -> Iterator[tuple[str, str, UnitKind]]:
    """Code, name and kind of every department."""
    for letter, kind, names in (
        ("D", UnitKind.department, [f"示例{name}" for name in (*PARTY_ORGANS, *GOVERNMENT)]),
        ("Z", UnitKind.central, CENTRAL),
        ("S", UnitKind.institution, [f"示例{name}" for name in INSTITUTIONS]),
        ("E", UnitKind.enterprise, [f"示例{name}" for name in ENTERPRISES]),
    ):
        for number, name in enumerate(names, start=1):
            yield f"{letter}{number:03d}", name, kind


def _department(code: str, name: str, kind: UnitKind) -> Department:
    source = chance("department", code)
    branches = source.choices((6, 8, 11, 12, 14, 17, 20), (1, 2, 3, 4, 4, 3, 2))[0]
    places = OFFICES if kind in (UnitKind.department, UnitKind.central) else SECTIONS
    word, body = ("机关党委", UnitKind.organ_committee) if places is OFFICES else ("党委", UnitKind.base_committee)
    if branches <= 8:
        word, body = "党总支", UnitKind.general_branch
    short = name.replace("示例", "")
    committee = Unit(f"{code}-W", f"{name}{word}", f"{short}{word}", body, code, 0)
    below = [
        Unit(
            f"{code}-B{n:02d}",
            f"{name}{place}党支部",
            f"{place}党支部",
            UnitKind.branch,
            committee.code,
            _size(source, place),
        )
        for n, place in enumerate(places[:branches], start=1)
    ]
    groups = [
        Unit(
            f"{code}-Y{n:02d}",
            f"{name}第{'一二三'[n - 1]}青年理论学习小组",
            f"青年小组{'一二三'[n - 1]}",
            UnitKind.youth_group,
            committee.code,
            source.randint(6, 15),
        )
        for n in range(1, 2 + (branches > 8) + (branches > 16))
    ]
    members = sum(branch.members for branch in below)
    return Department(Unit(code, name, short, kind, ROOT, members), _character(source), committee, below, groups)


def _size(source: Random, place: str) -> int:
    return source.randint(18, 45) if place.startswith("离退休") else source.randint(6, 26)


def _character(source: Random) -> Character:
    lead, middle, behind = 0.16, 0.68, 0.16
    zeal, absent, since = source.choices(
        (
            (source.uniform(0.85, 0.97), source.uniform(0.002, 0.01), 2),
            (source.uniform(0.48, 0.75), source.uniform(0.005, 0.03), source.choice((2, 2, 3))),
            (source.uniform(0.12, 0.35), source.uniform(0.03, 0.07), source.choice((3, 4, 5))),
        ),
        (lead, middle, behind),
    )[0]
    return Character(zeal, absent, source.choice((0.01, 0.03, 0.05, 0.08, 0.18)), source.uniform(0.62, 0.95), since)
