"""Members: the commands on them, their sheet, and their lists with as much of a name as the reader may see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from pydantic import BaseModel

from services.kernel.journal.lists import shown
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Actor, Command, Envelope
from services.kernel.message.redaction import mask_name
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.kernel.runtime.imports import Imports
from services.kernel.runtime.rpc import command, query
from services.organisation import contract
from services.organisation.contract.permissions import EVERYWHERE

from ..domain import MEMBER, Member
from ..domain.member import Belong, Renamed
from ..store import members

Answer = dict[str, Any]
_NUMBER = re.compile(r"[A-Z][A-Z0-9-]*")


class Members(Imports):
    """Who belongs to which unit."""

    journal: Any
    vault: Any

    @command(contract.AddMember)
    def add_member(self, command: contract.AddMember, envelope: Envelope) -> Answer:
        """Put somebody on a unit's list."""
        return self._on_member(command, envelope, self._add)

    @command(contract.TransferMember)
    def transfer_member(self, command: contract.TransferMember, envelope: Envelope) -> Answer:
        """Move somebody to another unit."""
        return self._on_member(command, envelope, self._transfer)

    @command(contract.RemoveMember)
    def remove_member(self, command: contract.RemoveMember, envelope: Envelope) -> Answer:
        """Take somebody off the list."""
        return self._on_member(command, envelope, decide_member)

    @command(contract.CorrectMember)
    def correct_member(self, command: contract.CorrectMember, envelope: Envelope) -> Answer:
        """Say anew what was wrong."""
        return self._on_member(command, envelope, self._correct)

    @query(contract.GetMember)
    def get_member(self, query: contract.GetMember, envelope: Envelope) -> Answer:
        """One member."""
        found = shown(members.one(self.journal.database, query.id, envelope.actor.unit, envelope.actor.user))
        self._name([found], envelope.actor)
        return found

    @query(contract.ListMembers)
    def list_members(self, query: contract.ListMembers, envelope: Envelope) -> Answer:
        """A page of members; a name is found whole, as only its keyed hash is there to be searched."""
        tag = self.vault.tag(query.q) if query.q and not _NUMBER.fullmatch(query.q) else None
        found = members.listed(self.journal.database, query, tag)
        self._name(found["items"], envelope.actor)
        return found

    @query(contract.ExportMembers)
    def export_members(self, query: contract.ExportMembers, envelope: Envelope) -> Answer:
        """Members as rows that can be sent in again; every look at a name is written down."""
        found = members.numbers(self.journal.database, query.unit, query.after, query.limit)
        asked = (_person(member["_id"]) for member in found)
        names = self.vault.open_many(asked, actor=envelope.actor.user, reason=query.reason)
        rows = []
        for member in found:
            stay = member["stays"][-1]
            told = {"id": member["_id"], "unit": stay["unit"], "since": stay["first"], "until": stay["until"]}
            name = names.get(_person(member["_id"]), {}).get("name", "")
            rows.append({**told, "name": name, "user": member["user"]})
        return {"rows": rows, "after": found[-1]["_id"] if len(found) == query.limit else None}

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A row of 党员名册; what is known already changes nothing."""
        if not isinstance(row, contract.MemberRow):
            super().apply_row(work, kind, row)
            return
        if row.unit not in work.envelope.paths:
            raise unknown_unit(row.unit)
        known = work.get(MEMBER, row.id)
        if known is not None:
            _within_reach(work, known)
        self._row(work, row, known)
        if row.until is not None:
            with _told_at("until"):
                decide_member(work, contract.RemoveMember(id=row.id, day=row.until))
        elif row.action == "remove":
            raise wrong("row.until_missing", "until", "操作为“离开”时须填写离开日期")

    def _row(self, work: Work, row: contract.MemberRow, known: Member | None) -> None:
        """What a row says of name, unit and day of coming."""
        if row.action == "transfer":
            with _told_at("since"):
                self._transfer(work, contract.TransferMember(id=row.id, unit=row.unit, day=row.since), until=row.until)
        elif row.action == "correct":
            if not row.reason:
                raise wrong("row.reason_missing", "reason", "更正须填写事由")
            told = row.model_dump(include={"id", "name", "unit", "since", "until", "user", "reason"})
            self._correct(work, contract.CorrectMember(**told))
        elif row.action == "add" and _as_it_is(known, row):
            self._same_name(work, row.id, row.name)
        elif row.action == "add":
            told = row.model_dump(include={"id", "name", "unit", "since", "user"})
            self._add(work, contract.AddMember(**told), until=row.until)

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The member."""
        if isinstance(row, contract.MemberRow):
            yield MEMBER, row.id
        else:
            yield from super().row_ids(kind, row)

    def _on_member(self, command: Any, envelope: Envelope, decide: Any) -> Answer:
        def act(work: Work) -> Answer:
            known = work.get(MEMBER, command.id)
            if known is not None and known.user != envelope.actor.user:
                _within_reach(work, known)
            state = decide(work, command, envelope.expected)
            return {"id": command.id, "version": work.version(MEMBER, command.id), "state": state.state}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    def _add(
        self, work: Work, command: contract.AddMember, expected: int | None = None, *, until: date | None = None
    ) -> Member:
        known = work.get(MEMBER, command.id) is not None
        if known:
            self._same_name(work, command.id, command.name)
        else:
            work.ask_lives(Belong(unit=command.unit, since=command.since, until=until))
        state = decide_member(work, command, expected)
        if not known:
            self._keep_name(work, command.id, command.name, self.vault.tag(command.name))
        return state

    def _transfer(
        self, work: Work, command: contract.TransferMember, expected: int | None = None, *, until: date | None = None
    ) -> Member:
        work.ask_lives(Belong(unit=command.unit, since=command.day, until=until))
        return decide_member(work, command, expected)

    def _same_name(self, work: Work, id: str, name: str) -> None:
        if not members.bears(work, id, self.vault.tag(name)):
            detail = f"编号 {id} 已登记了另一姓名的党员，如需更改请用“更正”"
            raise wrong("member.number_taken", "id", detail, "conflict")

    def _correct(self, work: Work, command: contract.CorrectMember, expected: int | None = None) -> Member:
        """The name lies beside the journal."""
        last = None if (known := work.get(MEMBER, command.id)) is None else known.stays[-1]
        if last is not None and (command.unit, command.since, command.until) != (None, None, None):
            unit, since = command.unit or last.unit, command.since or last.first
            work.ask_lives(Belong(unit=unit, since=since, until=command.until or last.until))
        tag = None if command.name is None else self.vault.tag(command.name)
        renamed = tag is not None and not members.bears(work, command.id, tag)
        told = command.model_copy(update={"name": None})
        state = decide_member(work, Renamed(correction=told, renamed=renamed), expected, command.id)
        if renamed and command.name is not None and tag is not None:
            self._keep_name(work, command.id, command.name, tag)
        return state

    def _keep_name(self, work: Work, id: str, name: str, tag: bytes) -> None:
        self.vault.seal(work, _person(id), "member", {"name": name})
        members.named(work, id, tag)

    def _name(self, found: list[Document], reader: Actor) -> None:
        """A unit sees the names on its own list, and everybody their own; above it they are masked."""
        names = self.vault.read_many(_person(member["id"]) for member in found)
        for member in found:
            name = names.get(_person(member["id"]), {}).get("name", "")
            own = reader.unit == member["unit"] or reader.user == member["user"]
            member["name"] = name if own else mask_name(name)


def decide_member(work: Work, command: Command, expected: int | None = None, id: str | None = None) -> Member:
    """Decide on a member, and count what changes on the lists."""
    member = id or str(getattr(command, "id", ""))
    before = work.version(MEMBER, member)
    state = work.decide(MEMBER, member, command, expected)
    if changes := work.version(MEMBER, member) - before:
        members.changed(work, changes)
    return state


@contextmanager
def _told_at(column: str) -> Iterator[None]:
    """What a command calls its day is a column of the sheet."""
    try:
        yield
    except DomainError as refusal:
        for error in refusal.errors:
            if error["pointer"] == "/day":
                error["pointer"] = f"/{column}"
        raise


def _as_it_is(known: Member | None, row: contract.MemberRow) -> bool:
    """Whether a row says what is so already: a stay of theirs, be it an earlier one of who has moved on or left."""
    if known is None or row.user not in (None, known.user):
        return False
    return any(
        (stay.unit, stay.first) == (row.unit, row.since) and row.until in (None, stay.until) for stay in known.stays
    )


def _within_reach(work: Work, member: Member) -> None:
    """Whoever changes a member keeps the list of the unit to which they belong."""
    reader = work.envelope.actor.unit
    if reader in (EVERYWHERE, member.unit) or member.unit in work.envelope.paths:
        return
    unit = work.database["units"].find_one({"_id": member.unit}, {"path": 1}, session=work.session)
    if unit is None or reader not in unit["path"]:
        raise wrong("member.out_of_scope", "id", "该党员不在您的权限范围内", "forbidden")


def unknown_unit(unit: str) -> DomainError:
    """The refusal of a unit in a row that its sender cannot reach."""
    return wrong("unit.unknown", "unit", f"没有单位 {unit}，或不在您的权限范围内")


def _person(member: str) -> str:
    return f"member:{member}"
