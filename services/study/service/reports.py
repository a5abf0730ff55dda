"""What reported records have in common as commands: links are looked up, rows taken, what follows is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from services.kernel.journal.numbered import identified, numbered, numbered_ids, spelled
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Command, Envelope
from services.kernel.message.import_rows import ExportRows
from services.kernel.rules.aggregate import Aggregate
from services.kernel.sheets.ledger import Row

from .. import contract, store
from ..domain import (
    ACTIVITY,
    CONTEST,
    ENTRY,
    ISSUE,
    JOINING,
    MATERIAL_SET,
    PAIR,
    SESSION,
    Pair,
    campaign_of,
    counted_by,
    wrong,
)
from ..domain.activity import check_pair, check_session, joined, joining_id
from ..domain.contest import Contest
from ..domain.entry import check_contest
from ..domain.material import check_material
from ..domain.pair import check_side
from .links import linked, path_of, serialize_on
from .records import Answer, Records

_FULL = contract.MOST_ENTRIES
Filled = Callable[[Work, str, Any], Command]


class Reports(Records):
    """Pairs, activities, contests, entries, materials, programmes, as units report them."""

    def _report(self, aggregate: Aggregate[Any], command: Any, envelope: Envelope) -> Answer:
        def act(work: Work) -> Answer:
            new = isinstance(command, contract.Recording) and not isinstance(command, contract.Correction)
            asked = identified(work, aggregate, self.name, command) if new else command
            id = asked.id
            state = reported(work, aggregate, id, asked, envelope.expected)
            work.within(aggregate, id)
            return {"id": id, "version": work.version(aggregate, id), "state": str(state.state)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A row of one of these sheets: recorded, corrected, or taken back; known rows change nothing."""
        if kind not in _BY_KIND or not isinstance(row, Row):
            super().apply_row(work, kind, row)
            return
        if row.unit not in work.envelope.paths:
            raise wrong("unit.unknown", "unit", f"没有单位 {row.unit}，或不在您的权限范围内")
        aggregate, record, correct, void = _BY_KIND[kind]
        id = self._own_id(work, aggregate, row)
        state = work.get(aggregate, id)
        row = spelled(row, state)
        digest = row.digest()
        if state is not None and digest in state.rows:
            return
        if row.action != "add" and not row.reason:
            raise wrong("row.reason_missing", "reason", "更正、作废须填写事由")
        if row.action == "void":
            reported(work, aggregate, id, void(id=id, reason=row.reason, row=digest))
            return
        content = row.model_dump(include=set(record.model_fields) - {"id", "row"})
        if id == row.number:
            content["number"] = None
        if isinstance(row, contract.ActivityRow) and row.pair_unit is not None:
            content["pair"] = numbered(work, PAIR, self.name, row.pair_unit, row.pair)
        if row.action == "correct":
            reported(work, aggregate, id, correct(**content, id=id, reason=row.reason, row=digest))
        else:
            reported(work, aggregate, id, record(**content, id=id, row=digest))

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The row's own record."""
        if kind not in _BY_KIND or not isinstance(row, Row):
            yield from super().row_ids(kind, row)
        else:
            yield _BY_KIND[kind][0], row.number
            yield from ((_BY_KIND[kind][0], id) for id in numbered_ids(self.name, kind, row.unit, row.number))

    def _own_id(self, work: Work, aggregate: Aggregate[Any], row: Row) -> str:
        """By the unit's own number; or the id itself, where the record was given out without a number."""
        known = work.get(aggregate, row.number)
        if known is not None and known.unit == row.unit and known.number is None:
            return row.number
        return numbered(work, aggregate, self.name, row.unit, row.number)

    def rows_of(self, kind: str, asked: ExportRows, envelope: Envelope) -> tuple[list[Document], str | None]:
        """Records that stand, as rows that can be sent in again."""
        if kind not in _BY_KIND:
            return super().rows_of(kind, asked, envelope)
        return store.reported.rows(self.journal.database, self.sheets[kind], asked)


def reported(work: Work, aggregate: Aggregate[Any], id: str, command: Command, expected: int | None = None) -> Any:
    """Decide a command with what belongs to it: its links are there, joining follows."""
    for kind, fill in _FILLED.items():
        if isinstance(command, kind):
            command = fill(work, id, command)
    return followed(work, aggregate, id, command, expected)


def followed(work: Work, aggregate: Aggregate[Any], id: str, command: Command, expected: int | None = None) -> Any:
    """Decide a command; what an activity does to the joining of its units follows in the same work."""
    if aggregate is not ACTIVITY:
        return work.decide(aggregate, id, command, expected)
    before = joined(work.get(ACTIVITY, id))
    state = work.decide(ACTIVITY, id, command, expected)
    later = joined(state)
    for places, by in ((before - later, -1), (later - before, 1)):
        for side, unit, day in sorted(places):
            campaign = campaign_of(day, work.envelope.periods)
            told = "" if campaign is None else campaign.id
            count = contract.CountJoining(unit=unit, side=side, day=day, campaign=told, by=by)
            work.decide(JOINING, joining_id(side, unit), count)
    return state


def _pair(work: Work, id: str, command: contract.PairContent) -> Command:
    sides: dict[contract.Side, str] = {"central": command.central, "provincial": command.provincial}
    kinds = store.units.kinds(work.database, sides.values(), work.session)
    for side, unit in sides.items():
        check_side(side, unit, kinds.get(unit))
        path_of(work, unit)
    return command


def _activity(work: Work, id: str, command: Any) -> Command:
    pair_id, known = linked(work, PAIR, command.pair, [command.unit])
    pair = check_pair(known, command)
    for unit in (pair.central, pair.provincial):
        path_of(work, unit)
    serialize_on(work, pair_id)
    told = {"pair": pair_id, "central": pair.central, "provincial": pair.provincial}
    return command.model_copy(update={**told, **_session_of(work, id, command, pair)})  # type: ignore[no-any-return]


def _session_of(work: Work, id: str, command: Any, pair: Pair) -> Answer:
    """The session that an activity names, by its id, and how many were there where that is not said.

    A session is that of one activity: two would count the same meeting twice.
    """
    known = work.get(ACTIVITY, id)
    named: str | None = command.session or (None if known is None else known.session)
    if named is None:
        return {}
    session_id, found = linked(work, SESSION, named, path_of(work, command.unit))
    if command.session is None and (found is None or found.state == "void"):
        return {}  # it was taken back since
    session = check_session(found, command, [] if found is None else path_of(work, found.unit))
    others = {"session": session_id, "_id": {"$ne": id}}
    if store.reported.count(work.database, "activities", others, work.session, limit=1):
        raise wrong("activity.session_taken", "session", f"《{session.title}》已登记为另一次联学活动", "conflict")
    serialize_on(work, session_id)
    people = f"{'central' if command.unit == pair.central else 'provincial'}_people"
    return {"session": session_id, people: getattr(command, people) or counted_by(session).present}


def _entry(work: Work, id: str, command: Any) -> Command:
    path = path_of(work, command.unit)
    contest_id, known = linked(work, CONTEST, command.contest, path)
    stands = work.get(ENTRY, id)
    if stands is not None and isinstance(command, contract.RecordEntry):  # said again: what is so already may be said
        return command.model_copy(update={"contest": contest_id, "organiser": stands.organiser})
    contest = check_contest(known, command, path)
    of = {"contest": contest_id}
    if stands is None and store.reported.count(work.database, "entries", of, work.session) >= _FULL:
        raise wrong("entry.contest_full", "contest", f"一次比赛最多 {_FULL} 件作品", "conflict")
    path_of(work, contest.unit)
    serialize_on(work, contest_id)
    return command.model_copy(update={"contest": contest_id, "organiser": contest.unit})  # type: ignore[no-any-return]


def _given_back_entry(work: Work, id: str, command: contract.ReturnEntry) -> Command:
    entry = work.get(ENTRY, id)
    contest: Contest | None = None if entry is None else work.get(CONTEST, entry.contest)
    if entry is not None and contest is not None and contest.state != "recorded":
        raise DomainError("entry.contest_closed", f"比赛“{contest.title}”已停止征集，作品不能再退回", "conflict")
    return command


def _issue(work: Work, id: str, command: Any) -> Command:
    if command.material is None:
        return command  # type: ignore[no-any-return]
    path = path_of(work, command.unit)
    material_id, known = linked(work, MATERIAL_SET, command.material, path)
    check_material(known, path)
    return command.model_copy(update={"material": material_id})  # type: ignore[no-any-return]


def _programme(work: Work, id: str, command: contract.ProgrammeContent) -> Command:
    paths = store.units.paths(work.database, command.units, work.session)
    for unit in command.units:
        if command.unit not in paths.get(unit, ()):
            raise wrong("programme.unit_outside", "units", f"没有单位 {unit}，或不是 {command.unit} 的下级单位")
    return command


def _bare(collection: str, field: str, code: str, detail: str) -> Filled:
    """Nothing may still belong to what is taken back."""

    def check(work: Work, id: str, command: Command) -> Command:
        if store.reported.count(work.database, collection, {field: id}, work.session, limit=1):
            raise DomainError(code, detail, "conflict")
        serialize_on(work, id)
        return command

    return check


_FILLED: dict[type[Command], Filled] = {
    contract.PairContent: _pair,
    contract.VoidPair: _bare("activities", "pair", "pair.has_activities", "该结对还有联学活动，请先作废活动"),
    contract.ActivityContent: _activity,
    contract.VoidContest: _bare("entries", "contest", "contest.has_entries", "该比赛还有参赛作品，请先作废作品"),
    contract.EntryContent: _entry,
    contract.ReturnEntry: _given_back_entry,
    contract.IssueContent: _issue,
    contract.ProgrammeContent: _programme,
}
_BY_KIND: dict[str, tuple[Aggregate[Any], type[Any], type[Any], type[Any]]] = {
    "pairs": (PAIR, contract.RecordPair, contract.CorrectPair, contract.VoidPair),
    "activities": (ACTIVITY, contract.RecordActivity, contract.CorrectActivity, contract.VoidActivity),
    "entries": (ENTRY, contract.RecordEntry, contract.CorrectEntry, contract.VoidEntry),
    "issues": (ISSUE, contract.RecordIssue, contract.CorrectIssue, contract.VoidIssue),
}
