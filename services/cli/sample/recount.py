"""What the figures must be, counted from the rows alone and by nobody else's rules: the check on the whole platform."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta

from services.cli.sample.days import FIRST, LAST, working_day_after
from services.cli.sample.hotline import LIMITS
from services.cli.sample.members import Lists
from services.cli.sample.province import ROOT
from services.cli.sample.research import KINDS as RESEARCH
from services.cli.sample.rows import CORRECT, VOID, Row
from services.cli.workbook import Cell, Cells

Figures = dict[str, int | float | None]
At = Callable[[date], set[str]]
"""The codes of a subtree on a day."""

WAYS = {"领学": "leadership", "研学": "branch", "精学": "youth", "自学": "self"}
SESSIONS = tuple(f"study.sessions.{way}" for way in WAYS.values())
_PARTS = ("due", "present", "excused", "absent", "duty", "transferred", "exempt")
ATTENDANCE = tuple(f"study.attendance.{part}" for part in _PARTS)
DIGITS = 6
"""So many digits of a rate are reported."""
VISITED = {"D": "department", "Z": "central", "S": "institution", "E": "enterprise"}
"""A department's code begins with its kind."""
OUTSIDE = {"企业": "enterprise", "事业单位": "institution"}
CALLBACKS = tuple(f"hotline.callbacks.{said}" for said in ("valid", "responded", "solved", "satisfied", "basically"))
SHARED = tuple(
    f"study.{name}"
    for name in (
        "copies",
        "pairs",
        "pair_activities",
        "central_units_joined",
        "provincial_units_joined",
        "contests",
        "contest_entries",
    )
)
COUNTED = (
    *SESSIONS,
    *ATTENDANCE,
    "study.essays",
    "study.lectures",
    "study.units_covered",
    "research.topics",
    "research.groups",
    "research.visits",
    "research.measures",
    "research.measures_settled",
    *SHARED,
    "hotline.tickets",
    "hotline.questions_answered",
    "hotline.problems_solved",
    *CALLBACKS,
    "hotline.overdue",
)


def standing(rows: Iterable[Row]) -> list[Row]:
    """Each record as its last row left it, without those taken back; a row that repeats an earlier one says nothing."""
    records: dict[tuple[str, str, str], Row | None] = {}
    seen: set[str] = set()
    for row in rows:
        content = repr((row.kind, sorted((key, value) for key, value in row.cells.items() if value not in (None, ""))))
        if content in seen:
            continue
        seen.add(content)
        action = row.cells.get("action")
        if action == VOID:
            records[row.record] = None
        elif action == CORRECT or row.record not in records or row.kind == "topics":  # which says how far it has come
            records[row.record] = row
        else:
            raise ValueError(f"{row.record} is said twice, differently, without a correction")
    return [row for row in records.values() if row is not None]


def recount(rows: Iterable[Row], at: At, first: date, last: date, gone: Collection[str] = ()) -> Figures:
    """The figures of a subtree (its units' codes on a day) for a period, as the rows say.

    What happens counts where its unit stood on that day, what is so at the end where it stands then. A unit is covered
    where it stands at the end, unless it is `gone` by then; what else counts once counts where it stood the first time.
    """
    counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    covered: set[tuple[str, str]] = set()
    visited: dict[tuple[str, str], tuple[date, str]] = {}
    records = [row for row in standing(rows) if row.kind != "receipts"]
    for row in records:
        for figure, unit, day, amount in _counted(row):
            begins, then = (date.min, last) if figure == "hotline.overdue" else (first, day)
            if unit in at(then) and begins <= day <= last:
                counts[figure] += amount
        day = _day(row.cells["received" if row.kind == "tickets" else "day"])
        if first <= day <= last:
            for unit, way in _covered(row):
                covered |= {(unit, ""), (unit, way)}
            for kind, unit, place in _visited(row):
                visited[kind, place] = min((day, unit), visited.get((kind, place), (day, unit)))
    for way in ("", *WAYS.values()):
        there = [unit for unit, by in covered if by == way and unit in at(last) and unit not in gone]
        counts[f"study.units_covered.{way}".rstrip(".")] = len(there)
    rates = _rates(counts)
    reached: Figures = {f"research.units_visited.{kind}": None for kind in VISITED.values()}
    if (first, last) == (FIRST, LAST):  # of any other period there is no such figure
        inside = [kind for (kind, _), (day, unit) in visited.items() if unit in at(day)]
        reached = {id: sum(id.endswith(kind) for kind in inside) for id in reached}
    shared = _shared(records, at, first, last)
    return {
        **counts,
        **reached,
        **shared,
        **{id: None if rate is None else round(rate, DIGITS) for id, rate in rates.items()},
    }


def _counted(row: Row) -> Iterable[tuple[str, str, date, int]]:
    """What a record counts, for which unit, on which day."""
    unit = str(row.cells["unit"])
    if row.kind == "tickets":
        owner = str(row.cells.get("handler") or unit)
        yield from ((figure, owner, day, amount) for figure, day, amount in _ticket(row.cells))
    elif row.kind in RESEARCH:
        yield from ((figure, unit, day, 1) for figure, day in _researched(row))
    elif row.kind not in SHARED_KINDS:
        day = _day(row.cells["day"])
        yield from ((figure, unit, day, amount) for figure, amount in _study(row).items())


def with_members(told: Figures, listed: Lists, at: At, units: int, first: date, last: date) -> Figures:
    """The figures with those that are counted from lists of members, and so many units at the end; each period asked
    for is one of their windows.
    """
    due, covered = listed.due(at(last), last), listed.covered(at(last), first, last)
    by_way = {f"study.members_covered.{way}": covered if way == "branch" else 0 for way in WAYS.values()}
    shares = {
        "study.coverage": covered / due if due else None,
        "study.unit_coverage": int(told["study.units_covered"] or 0) / units if units else None,
    }
    rates = {id: None if share is None else round(share, DIGITS) for id, share in shares.items()}
    departed = listed.departed(at, first, last)
    members = {"study.members_due": due, "study.members_departed": departed, "study.members_covered": covered}
    return {**told, "study.units_due": units, **members, **by_way, **rates}


def _covered(row: Row) -> Iterable[tuple[str, str]]:
    if row.kind == "sessions" and _study(row)["study.attendance.present"] > 0:
        yield str(row.cells["unit"]), WAYS[str(row.cells["way"])]


def _researched(row: Row) -> Iterable[tuple[str, date]]:
    day = _day(row.cells["day"])
    yield f"research.{row.kind}", day
    if row.kind == "topics" and row.cells.get("group"):
        yield "research.groups", day
    if row.kind == "measures" and row.cells.get("settled"):
        yield "research.measures_settled", _day(row.cells["settled"])


def _visited(row: Row) -> Iterable[tuple[str, str, str]]:
    """Kind, the unit for which it counts as visited, and what was visited."""
    cells = row.cells
    if cells.get("visited"):
        department = str(cells["visited"]).split("-")[0]
        yield VISITED[department[0]], department, department
    elif cells.get("place") and cells["kind"] in OUTSIDE:
        yield OUTSIDE[str(cells["kind"])], ROOT, f"outside {cells['place']}"


def _shared(records: list[Row], at: At, first: date, last: date) -> Figures:
    """Pairs while they last, activities once for who led them, who has joined, contests, entries, copies."""
    counts: Counter[str] = Counter(dict.fromkeys(SHARED, 0))
    pairs = {row.record[1:]: row.cells for row in records if row.kind == "pairs"}
    joined: dict[tuple[str, str], date] = {}
    for row in records:
        unit, day = row.cells["unit"], row.cells.get("day")
        if not isinstance(day, date) or row.kind not in SHARED_KINDS:
            continue
        if row.kind == "pairs":
            ends = row.cells.get("last")
            stands = day <= last and not (isinstance(ends, date) and ends < last)
            counts["study.pairs"] += stands and unit in at(last)
            continue
        if not first <= day <= last:
            continue
        counts[_SHARED[row.kind]] += (unit in at(day)) * (_number(row.cells["copies"]) if row.kind == "issues" else 1)
        if row.kind == "activities":
            pair = pairs[str(row.cells.get("pair_unit") or row.cells["unit"]), str(row.cells["pair"])]
            for side in ("central", "provincial"):
                place = side, str(pair[side])
                joined[place] = min(day, joined.get(place, day))
    whole = (first, last) == (FIRST, LAST)  # of any other period there is no such figure
    sides = ("central", "provincial")
    inside = [side for (side, unit), day in joined.items() if unit in at(day)]
    told = {f"study.{side}_units_joined": inside.count(side) if whole else None for side in sides}
    return {**counts, **told}


_SHARED = {
    "activities": "study.pair_activities",
    "contests": "study.contests",
    "entries": "study.contest_entries",
    "issues": "study.copies",
}
SHARED_KINDS = ("pairs", *_SHARED)


def present_at(row: Row) -> int:
    """How many were at a session."""
    return _study(row)["study.attendance.present"]


def _study(row: Row) -> Counter[str]:
    if row.kind != "sessions":
        return Counter({f"study.{row.kind}": 1})
    number = {key: _number(value) for key, value in row.cells.items() if key in _NAMED or key == "due"}
    due = number["due"] - number.get("transferred", 0) - number.get("exempt", 0)
    excused = sum(number.get(key, 0) for key in ("duty", "illness", "personal"))
    absent = number.get("absent", 0)
    return Counter(
        {
            f"study.sessions.{WAYS[str(row.cells['way'])]}": 1,
            "study.attendance.due": due,
            "study.attendance.present": due - excused - absent,
            "study.attendance.excused": excused,
            "study.attendance.absent": absent,
            "study.attendance.duty": number.get("duty", 0),
            "study.attendance.transferred": number.get("transferred", 0),
            "study.attendance.exempt": number.get("exempt", 0),
        }
    )


_NAMED = ("duty", "illness", "personal", "absent", "transferred", "exempt")


def _ticket(cells: Cells) -> Iterable[tuple[str, date, int]]:
    received = _day(cells["received"])
    answered = _day(cells["answered"]) if cells.get("answered") else None
    yield "hotline.tickets", received, 1
    if answered and cells["kind"] == "咨询":
        yield "hotline.questions_answered", answered, 1
    if cells.get("valid") == "是":
        called = _day(cells["called_back"])
        yield "hotline.callbacks.valid", called, 1
        if cells.get("responded") == "是":
            yield "hotline.callbacks.responded", called, 1
        if cells.get("solved") == "是":
            yield "hotline.callbacks.solved", called, 1
            if cells["kind"] not in ("咨询", "表扬"):
                yield "hotline.problems_solved", called, 1
        said = {"满意": "satisfied", "基本满意": "basically"}.get(str(cells.get("satisfaction")))
        if said:
            yield f"hotline.callbacks.{said}", called, 1
    passed = working_day_after(received, LIMITS[str(cells["kind"])]) + timedelta(days=1)
    if cells["kind"] != "表扬" and (answered is None or answered >= passed):  # praise has no limit
        yield "hotline.overdue", passed, 1
        if answered is not None:
            yield "hotline.overdue", answered, -1


def _rates(counts: Counter[str]) -> Figures:
    present, valid = counts["study.attendance.present"], counts["hotline.callbacks.valid"]
    due = counts["study.attendance.due"]
    rates: Figures = {"study.attendance_rate": present / due if due else None}
    if not valid:
        return rates | dict.fromkeys(_RATES)
    response, solution = counts["hotline.callbacks.responded"] / valid, counts["hotline.callbacks.solved"] / valid
    satisfied = (counts["hotline.callbacks.satisfied"] + 0.9 * counts["hotline.callbacks.basically"]) / valid
    composite = 0.1 * response + 0.5 * solution + 0.4 * satisfied
    return rates | dict(zip(_RATES, (response, solution, satisfied, composite), strict=True))


_RATES = tuple(f"hotline.{rate}_rate" for rate in ("response", "solution", "satisfaction", "composite"))


def _day(value: Cell) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise TypeError(f"{value!r} is no day")


def _number(value: Cell) -> int:
    if isinstance(value, int):
        return value
    raise TypeError(f"{value!r} is no number")
