"""Branches that keep a list of members: who belongs where and when, and sessions at which all of them are due."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from services.cli.sample.chance import chance
from services.cli.sample.days import FIRST, MONTHS, workdays
from services.cli.sample.names import TOPICS
from services.cli.sample.people import names
from services.cli.sample.province import Department, Province, Unit
from services.cli.sample.rows import Row
from services.cli.workbook import Cells

LISTED = 2
"""So many branches of each department keep a list; the others still report numbers."""
BEGAN = date(2026, 1, 1)
REASONS = {"公务": "duty", "病假": "illness", "事假": "personal", "缺席": "absent", "免学": "exempt"}


@dataclass(frozen=True)
class Stay:
    """Somebody belonged to a unit from a day on, until (without that day) another."""

    member: str
    unit: str
    first: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether they belonged there on a day."""
        return self.first <= day and (self.until is None or day < self.until)


@dataclass
class Lists:
    """What is sent, sheet by sheet, and what it comes to, said without a look at the platform's rules."""

    members: list[Cells] = field(default_factory=list)
    excuses: list[dict[str, str]] = field(default_factory=list)
    sessions: list[Cells] = field(default_factory=list)
    attendance: list[Cells] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    presences: list[tuple[str, date, str]] = field(default_factory=list)
    counted: list[Row] = field(default_factory=list)
    """The same sessions with their numbers written out, as a branch without a list would report them."""

    def due(self, units: set[str], last: date) -> int:
        """How many belong to these units at the end of a day."""
        return sum(stay.unit in units and stay.holds(last) for stay in self.stays)

    def departed(self, at: Callable[[date], set[str]], first: date, last: date) -> int:
        """How many ceased to belong to a unit that stood there on that day, each time they did."""
        ended = ((stay.unit, stay.until) for stay in self.stays if stay.until is not None)
        return sum(first <= day <= last and unit in at(day) for unit, day in ended)

    def covered(self, units: set[str], first: date, last: date) -> int:
        """How many of those who belong to these units at the end studied on these days, anywhere."""
        studied = {member for member, day, _ in self.presences if first <= day <= last}
        return sum(stay.unit in units and stay.holds(last) and stay.member in studied for stay in self.stays)


def lists(province: Province) -> Lists:
    """The lists of all departments and what followed from them."""
    found = Lists()
    for department in province.departments:
        _Department(department, found).write()
    return found


class _Department:
    def __init__(self, department: Department, found: Lists) -> None:
        self._branches = department.branches[:LISTED]
        self._character = department.character
        self._found = found
        self._source: Random = chance("members", department.unit.code)
        self._stays: list[Stay] = []
        self._excused: dict[tuple[str, date], str] = {}

    def write(self) -> None:
        called = names(f"members/{self._branches[0].code}")
        for branch in self._branches:
            for number in range(1, branch.members + 1):
                member = f"DY-{branch.code}-{number:03d}"
                self._stays.append(Stay(member, branch.code, BEGAN))
                told: Cells = {"id": member, "name": next(called), "unit": branch.code, "since": BEGAN}
                self._found.members.append(told)
        self._move()
        self._found.stays += self._stays
        sessions = sorted(self._held(), key=lambda held: (held[1], held[0].code))
        for branch, day in sessions[::5]:
            self._excuse(branch, day)
        counts: Counter[str] = Counter()
        for branch, day in sessions:
            counts[branch.code] += 1
            self._session(branch, day, f"DM-2026-{counts[branch.code]:03d}")

    def _move(self) -> None:
        """Some go over to the other branch, one leaves; in the middle of a month, where it is easily counted twice."""
        one, other = self._branches
        listed = {row["id"]: row for row in self._found.members}
        for place, stay in enumerate(self._stays[:3]):
            day = self._source.choice(workdays(self._source.choice((4, 5, 6, 7)))[8:14])
            self._stays[place] = Stay(stay.member, stay.unit, stay.first, day)
            row = {**listed[stay.member], "since": day}
            if place < 2:
                self._stays.append(Stay(stay.member, other.code, day))
                self._found.members.append({**row, "unit": other.code, "action": "调动"})
            else:
                left: Cells = {"since": BEGAN, "until": day, "action": "离开"}
                self._found.members.append({**row, **left, "unit": one.code})

    def _held(self) -> Iterator[tuple[Unit, date]]:
        for branch in self._branches:
            for month in MONTHS:
                if month >= self._character.since and self._source.random() < self._character.zeal:
                    yield branch, self._source.choice(workdays(month))

    def _due(self, branch: Unit, day: date) -> list[str]:
        return sorted(stay.member for stay in self._stays if stay.unit == branch.code and stay.holds(day))

    def _excuse(self, branch: Unit, day: date) -> None:
        """Somebody is excused around a session, before it is reported."""
        member = self._source.choice(self._due(branch, day))
        first = max(FIRST, day - timedelta(days=self._source.randint(0, 2)))
        last = day + timedelta(days=self._source.randint(0, 4))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        if not any((member, each) in self._excused for each in days):
            told = self._source.choice(("公务", "病假", "事假", "免学"))
            self._excused |= {(member, each): told for each in days}
            dates = {"first": first.isoformat(), "last": last.isoformat()}
            self._found.excuses.append({"member": member, **dates, "reason": REASONS[told]})

    def _session(self, branch: Unit, day: date, number: str) -> None:
        due, source = self._due(branch, day), self._source
        said = {member: self._excused[member, day] for member in due if (member, day) in self._excused}
        for member in due:
            if member not in said and source.random() < 0.03 + self._character.absent:
                said[member] = source.choice(("公务", "病假", "事假", "缺席"))
                told: Cells = {"session": number, "unit": branch.code, "member": member, "outcome": said[member]}
                self._found.attendance.append(told)
        title = f"专题研讨：{source.choice(TOPICS)}"
        cells: Cells = {"number": number, "unit": branch.code, "day": day, "title": title}
        cells |= {"way": "研学", "form": "研讨"}
        self._found.sessions.append(cells)
        counts = Counter(REASONS[reason] for reason in said.values())
        self._found.counted.append(Row("sessions", {**cells, "due": len(due), **counts}))
        self._found.presences += [(member, day, branch.code) for member in due if member not in said]
