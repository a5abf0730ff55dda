"""Units over time: added, renamed, moved, merged, split, abolished. Each change of the tree is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pymongo

from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope
from services.kernel.rules.rules import wrong
from services.kernel.runtime.rpc import command
from services.organisation import contract
from services.organisation.contract.permissions import EVERYWHERE

from ..domain import MEMBER, TREE, UNIT, Unit
from ..domain.period import days_of
from ..domain.reform import ALL, ChangeTree, check_no_cycle
from ..domain.unit import ChangeUnit, PlaceUnit, superiors
from ..projection import METRICS, Line, Tree, metric_of
from ..store import directory, locks, members, moves, submissions
from ..store.generation import PROJECTION
from ..store.tree import tree_of
from . import months
from .members import decide_member

Answer = dict[str, Any]
Reform = contract.RenameUnit | contract.MoveUnit | contract.MergeUnits | contract.SplitUnit | contract.AbolishUnit
MOST_MEMBERS = 300
"""So many members are transferred with a merger, in its transaction; more are transferred before it."""


class Units:
    """What becomes of units."""

    journal: Any

    @command(contract.AddUnit)
    def add_unit(self, command: contract.AddUnit, envelope: Envelope) -> Answer:
        """Put a unit into the tree."""
        return self._change(command, envelope, place_unit)

    @command(contract.RenameUnit)
    def rename_unit(self, command: contract.RenameUnit, envelope: Envelope) -> Answer:
        """Call a unit otherwise."""
        return self._change(command, envelope, rename_unit)

    @command(contract.MoveUnit)
    def move_unit(self, command: contract.MoveUnit, envelope: Envelope) -> Answer:
        """Put a unit below another one."""
        return self._change(command, envelope, move_unit)

    @command(contract.MergeUnits)
    def merge_units(self, command: contract.MergeUnits, envelope: Envelope) -> Answer:
        """Let units go into another one."""
        return self._change(command, envelope, merge_units)

    @command(contract.SplitUnit)
    def split_unit(self, command: contract.SplitUnit, envelope: Envelope) -> Answer:
        """Make new units of a unit."""
        return self._change(command, envelope, split_unit)

    @command(contract.AbolishUnit)
    def abolish_unit(self, command: contract.AbolishUnit, envelope: Envelope) -> Answer:
        """Let a unit be no more."""
        return self._change(command, envelope, abolish_unit)

    def _change(self, command: Any, envelope: Envelope, change: Callable[[Work, Any], None]) -> Answer:
        def act(work: Work) -> Answer:
            if envelope.expected is not None and envelope.expected != work.version(UNIT, command.id):
                raise DomainError("version.stale", "单位已被他人修改，请刷新后重试", "stale")
            change(work, command)
            return {"id": command.id, "version": work.version(UNIT, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer


def place_unit(work: Work, asked: contract.AddUnit) -> None:
    """Add a unit below its parent, and let the projection know that the tree has changed.

    Raises:
        DomainError: unit.parent_unknown, unit.abolished, unit.out_of_scope, unit.root_exists, unit.id_taken.
    """
    above: list[str] = []
    if (known := work.get(UNIT, asked.id)) is not None:  # it may have moved since, or what was above it be no more
        above = known.path[:-1]
    elif asked.parent is not None:
        above = _superior(work, asked.parent).path
    elif _other_root(work, asked.id):
        detail = "最高一级单位只有一个，请填写上级单位编码"
        raise DomainError("unit.root_exists", detail, "conflict", [{"pointer": "/parent", "detail": detail}])
    _within_reach(work, asked.parent, above or [asked.id])
    work.paths[asked.id] = [*above, asked.id]
    before = work.version(UNIT, asked.id)
    work.decide(UNIT, asked.id, PlaceUnit(unit=asked, above=above))
    if work.version(UNIT, asked.id) > before:
        touch_tree(work)


def rename_unit(work: Work, asked: contract.RenameUnit) -> None:
    """Call a unit otherwise from a day on; reports of earlier days call it as before.

    Raises:
        DomainError: what the unit's rules refuse; unit.out_of_scope.
    """
    state = _reached(work, asked.id)
    line = tree_of(work.database, work.session).line(state.path, asked.day.isoformat())
    work.decide(UNIT, asked.id, ChangeUnit(asked=asked, open_from=_open_from(work, line)))
    moves.note(work, "renamed", asked, state.path, f"{state.name} 更名为 {asked.name}")
    touch_tree(work)


def move_unit(work: Work, asked: contract.MoveUnit) -> None:
    """Put a unit below another one from a day on, with all that lies below it.

    Raises:
        DomainError: what the unit's rules refuse; unit.parent_unknown, unit.cycle, unit.out_of_scope.
    """
    _hold(work)
    state = _reached(work, asked.id)
    _within_reach(work, asked.parent, _superior(work, asked.parent).path)
    tree = _move(work, tree_of(work.database, work.session), asked)
    months.follow(work, tree, [asked.id], asked.basis)
    told = f"{state.name} 由 {_name(work, state.parent)} 划转至 {_name(work, asked.parent)}"
    moves.note(work, "moved", asked, _concerned(tree, state), told)


def merge_units(work: Work, asked: contract.MergeUnits) -> None:
    """Let units go into another one: what lies below them moves on, members are transferred, they are closed below it.

    Raises:
        DomainError: what the units' rules refuse; unit.merged_into_itself, unit.too_many_members, unit.out_of_scope.
    """
    _hold(work)
    into, tree = _reached(work, asked.id), tree_of(work.database, work.session)
    if into.until is not None:
        raise wrong("unit.abolished", "id", f"单位 {asked.id} 已于 {into.until} 撤销", "conflict")
    _begun(into, asked.day, "id")
    work.paths[asked.id] = into.path
    for unit in dict.fromkeys(asked.units):
        if unit == asked.id:
            raise wrong("unit.merged_into_itself", "units", "单位不能并入自身")
        state = _reached(work, unit, "units")
        place = {"day": asked.day, "basis": asked.basis}
        if state.parent != asked.id:
            tree = _move(work, tree, contract.MoveUnit(id=unit, parent=asked.id, **place))
        below = _active_below(work, unit)
        for child in below:
            tree = _move(work, tree, contract.MoveUnit(id=child, parent=asked.id, **place))
        months.follow(work, tree, below, asked.basis)
        _transfer(work, unit, asked)
        months.excuse(work, unit, asked)
        line = tree.line(state.path, asked.day.isoformat())
        work.decide(UNIT, unit, ChangeUnit(asked=asked, open_from=_open_from(work, line)))
        concerned = [*_concerned(tree, state), *into.path]
        moves.note(work, "merged", asked, concerned, f"{state.name} 并入 {into.name}", unit)


def split_unit(work: Work, asked: contract.SplitUnit) -> None:
    """Make new units beside a unit, and move some of what lies below it there.

    Raises:
        DomainError: what the units' rules refuse; unit.id_taken, unit.not_below, unit.is_the_root.
    """
    _hold(work)
    state, tree = _reached(work, asked.id), tree_of(work.database, work.session)
    if state.parent is None:
        raise wrong("unit.is_the_root", "id", "最高一级单位不能拆分", "conflict")
    line = tree.line(state.path, asked.day.isoformat())
    work.decide(UNIT, asked.id, ChangeUnit(asked=asked, open_from=_open_from(work, line)))
    for part in asked.into:
        if work.get(UNIT, part.id) is not None:
            raise wrong("unit.id_taken", "into", f"单位编码 {part.id} 已被使用", "conflict")
        told = part.model_dump(exclude={"children"}) | {"kind": part.kind or state.kind}
        place_unit(work, contract.AddUnit(**told, parent=state.parent, active_from=asked.day))
        for child in part.children:
            known = work.get(UNIT, child)
            if known is None or known.parent != asked.id:
                raise wrong("unit.not_below", "into", f"单位 {child} 不是 {asked.id} 的直接下级")
            tree = _move(work, tree, contract.MoveUnit(id=child, parent=part.id, day=asked.day, basis=asked.basis))
    months.follow(work, tree, [child for part in asked.into for child in part.children], asked.basis)
    named = "、".join(part.name for part in asked.into)
    into = [part.id for part in asked.into]
    moves.note(work, "split", asked, [*state.path, *into], f"从 {state.name} 析出 {named}")


def abolish_unit(work: Work, asked: contract.AbolishUnit) -> None:
    """Let a unit be no more from a day on, if nothing active is left of it.

    Raises:
        DomainError: what the unit's rules refuse; unit.not_empty, which says what is left.
    """
    _hold(work)
    state = _reached(work, asked.id)
    if state.parent is None:
        raise wrong("unit.is_the_root", "id", "最高一级单位不能撤销", "conflict")
    left = _left(work, asked.id, asked.day)
    if left:
        detail = f"单位尚有{'、'.join(left)}，请先办结、调出，或改用合并"
        raise wrong("unit.not_empty", "id", detail, "conflict")
    line = tree_of(work.database, work.session).line(state.path, asked.day.isoformat())
    work.decide(UNIT, asked.id, ChangeUnit(asked=asked, open_from=_open_from(work, line)))
    months.excuse(work, asked.id, asked)
    moves.note(work, "abolished", asked, state.path, f"{state.name} 撤销")


def _move(work: Work, tree: Tree, asked: contract.MoveUnit) -> Tree:
    """One unit's move, and what follows from it; gives the tree after it."""
    state, above = work.get(UNIT, asked.id), _superior(work, asked.parent)
    if state is None:
        raise wrong("unit.unknown", "id", f"没有单位 {asked.id}", "not_found")
    day = asked.day.isoformat()
    to = tree.line(above.path, day)
    check_no_cycle(asked.id, to)
    path = [*above.path, asked.id]
    work.paths[asked.id] = path
    before = tree.line(state.path)
    change = ChangeUnit(
        asked=asked,
        open_from=_open_from(work, tree.line(state.path, day), to),
        path=path,
    )
    after = work.decide(UNIT, asked.id, change)
    _begun(above, asked.day, "parent")
    known = {asked.parent: above.path}
    if state.parent is not None:
        known[state.parent] = state.path[:-1]
    tree = tree.moved(asked.id, superiors(after), known)
    moves.carry(work.database, asked.id, before, tree.line(path), work.session)
    moves.lead(work, asked.id, path)
    work.decide(TREE, ALL, ChangeTree(unit=asked.id, day=asked.day, path=path))
    work.moves.note(work.version(TREE, ALL), asked.id, path, work.session)
    return tree


def _hold(work: Work) -> None:
    """The tree changes from here on: written first, so that no batch of the projection comes between."""
    session = work.session
    work.database[PROJECTION].update_many({}, {"$inc": {"tree": 1}}, session=session)
    work.database[directory.ACCESS].bulk_write([directory.raised()], session=session)


def touch_tree(work: Work) -> None:
    """Common documents (of the figures read and of those being built), so that a change of the tree and a batch of the
    projection conflict instead of disagreeing; and what the API keeps of tree and campaigns is no longer right.
    """
    work.write(PROJECTION, pymongo.UpdateMany({}, {"$inc": {"tree": 1}}))
    work.write(directory.ACCESS, directory.raised())


def _superior(work: Work, id: str) -> Unit:
    """The unit that something is put below."""
    found = work.get(UNIT, id)
    if found is None:
        raise wrong("unit.parent_unknown", "parent", f"没有上级单位 {id}（上级须排在下级之前）")
    if found.until is not None:
        raise wrong("unit.abolished", "parent", f"上级单位 {id} 已于 {found.until} 撤销", "conflict")
    return found


def _begun(unit: Unit, day: date, field: str) -> None:
    """Nothing comes to a unit on a day before it began."""
    if day < unit.active_from:
        detail = f"单位 {unit.path[-1]} 自 {unit.active_from} 起设立，{day} 尚未设立"
        raise wrong("unit.not_active", field, detail)


def _reached(work: Work, id: str, field: str = "id") -> Unit:
    """A unit in the reach of who commands."""
    found = work.get(UNIT, id)
    if found is None:
        raise wrong("unit.unknown", field, f"没有单位 {id}", "not_found")
    _within_reach(work, id, found.path, field)
    return found


def _within_reach(work: Work, id: str | None, path: Iterable[str], field: str = "parent") -> None:
    if work.envelope.actor.unit not in (EVERYWHERE, *path):
        raise wrong("unit.out_of_scope", field, f"单位 {id} 不在您的权限范围内", "forbidden")


def _open_from(work: Work, *lines: Line) -> date | None:
    """The first day of which nobody on any of these lines has locked anything."""
    units = {unit for line in lines for _, path in line for unit in path}
    return locks.first_open_day(work.database, units, work.session)


def _name(work: Work, id: str | None) -> str:
    found = None if id is None else work.get(UNIT, id)
    return "" if found is None else found.name


def _active_below(work: Work, unit: str) -> list[str]:
    found = work.database["units"].find({"parent": unit, "until": None}, {"_id": 1}, session=work.session)
    return [row["_id"] for row in found.sort("_id")]


def _transfer(work: Work, unit: str, asked: contract.MergeUnits) -> None:
    """Whoever is on the list of a unit that goes into another is on that one's from the same day on."""
    found = members.listed_in(work, unit, MOST_MEMBERS + 1)
    if len(found) > MOST_MEMBERS:
        detail = f"单位 {unit} 名册上有 {MOST_MEMBERS} 名以上党员，请先分批调动"
        raise wrong("unit.too_many_members", "units", detail, "conflict")
    work.load(MEMBER, found)
    for member in found:
        decide_member(work, contract.TransferMember(id=member, unit=asked.id, day=asked.day))


def _left(work: Work, unit: str, day: date) -> list[str]:
    """What is still active of a unit that is to be no more from a day on, in words."""
    left = [f"{len(below)} 个下级单位"] if (below := _active_below(work, unit)) else []
    if members.listed_in(work, unit, 1):
        left.append("在册党员")
    if any(days_of(month)[1] < day for month in submissions.unsettled(work.database, unit, work.session).values()):
        left.append("未办结的月度上报")
    levels = moves.levels(work.database, unit, work.session)
    left += [METRICS[id].name for id in levels if id not in _OF_ITSELF]
    flows = dict.fromkeys(metric_of(key) for key in moves.later(work.database, unit, day.isoformat(), work.session))
    own = [METRICS[id].name for id in flows if not id.startswith(_OF_OTHERS)]
    return left + ([f"{day} 及以后的记录（{'、'.join(own)}）"] if own else [])


_OF_ITSELF = ("study.units_due", "study.members_due")
"""Levels that say no more than that the unit is there, or what its list says."""
_OF_OTHERS = ("report.", "study.notice_items.")
"""Flows that others make: what is to be submitted is excused, a notice is its issuer's."""


def _concerned(tree: Tree, *states: Unit) -> list[str]:
    """Units above these at any time: theirs are the figures that a change of the tree may change."""
    return [unit for state in states for path in tree.ever(state.path) for unit in path]


def _other_root(work: Work, id: str) -> bool:
    """Whether a unit other than this stands at the top: in the store, or placed by this very work."""
    placed = {path[0] for path in work.paths.values()} - {id, EVERYWHERE}
    known = {"parent": None, "_id": {"$ne": id}}
    return bool(placed) or work.database["units"].find_one(known, session=work.session) is not None
