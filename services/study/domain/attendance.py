"""Attendance by exception: everybody on the list is present unless named; and what that changes in who is covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong

from ..contract import (
    HIDDEN,
    MOST_MEMBERS,
    Absence,
    AttendanceCounted,
    CountAttendance,
    MemberFlips,
    Reasons,
)
from .covered import Counted


class Named(NamedTuple):
    """Somebody who was not there, exactly why, by which excuse, and what they stood for before it."""

    member: str
    reason: Reasons
    excuse: str | None = None
    before: Reasons | None = None

    @property
    def told(self) -> Reasons:
        """The reason as journal, events and other units may know it."""
        return told(self.reason)


@dataclass(frozen=True)
class Roll:
    """Who was due at a session: present, or named."""

    present: list[str]
    named: list[Named]

    @property
    def due(self) -> int:
        """How many were on the list."""
        return len(self.present) + len(self.named)

    @property
    def absences(self) -> list[Absence]:
        """How many were named for each reason, in the reasons' order, without what only the branch may know."""
        counts = Counter(named.told for named in self.named)
        return [Absence(reason=reason, count=counts[reason]) for reason in Reasons if counts[reason]]

    def has(self, member: str) -> bool:
        """Whether somebody was due."""
        return member in self.present or any(named.member == member for named in self.named)

    def reason_of(self, member: str) -> Reasons | None:
        """Why a member was not there; None for who was present.

        Raises:
            DomainError: session.member_not_due.
        """
        named = next((named for named in self.named if named.member == member), None)
        if named is None and member not in self.present:
            raise not_due(member, "member")
        return _reason(named)

    def otherwise(self, outcomes: Iterable[tuple[str, Named | None]]) -> str | None:
        """The first member of whom something else was said already; None where all of it is news or known."""
        said: dict[str, Reasons | None] = {named.member: named.reason for named in self.named}
        for member, now in outcomes:
            if said.setdefault(member, _reason(now)) != _reason(now):
                return member
        return None

    def with_outcomes(self, outcomes: Iterable[tuple[str, Named | None]]) -> tuple[Roll, int]:
        """The roll with members named for a reason, or present after all (None), one after another; how many are news.

        Raises:
            DomainError: session.member_not_due.
        """
        present, named = set(self.present), {each.member: each for each in self.named}
        news = 0
        for member, now in outcomes:
            was = named.get(member)
            if was is None and member not in present:
                raise not_due(member, "member")
            if _reason(was) == _reason(now) and (now is None or now.excuse is None):
                continue
            named.pop(member, None)
            present.discard(member)
            if now is None:
                present.add(member)
            else:
                named[member] = now
            news += 1
        return Roll(present=sorted(present), named=list(named.values())), news


def _reason(named: Named | None) -> Reasons | None:
    return None if named is None else named.reason


def told(reason: Reasons) -> Reasons:
    """Illness and personal matters of a named person are "excused" to everybody but the branch."""
    return Reasons.excused if reason in HIDDEN else reason


def call(unit: str, day: date, members: Sequence[str], named: Iterable[Named], excused: Iterable[Named]) -> Roll:
    """The roll of a session: who is on the list is present unless named, or excused and not named.

    Raises:
        DomainError: session.no_members, session.too_many_members, session.member_not_due, session.member_repeated.
    """
    if not members:
        raise wrong("session.no_members", "due", f"党员名册中单位 {unit} 在 {day} 没有在册党员，请填写应到人数")
    if len(members) > MOST_MEMBERS:
        detail = (
            f"单位 {unit} 在册 {len(members)} 人：超过 {MOST_MEMBERS} 人的活动不逐人登记，"
            "请填写应到人数和各类未到人数，或由各支部分别登记"
        )
        raise wrong("session.too_many_members", "due", detail)
    by_member: dict[str, Named] = {}
    known = set(members)
    for place, each in enumerate(named):
        if each.member not in known:
            raise not_due(each.member, f"named/{place}/member")
        if each.member in by_member:
            detail = f"党员 {each.member} 填了两次"
            raise wrong("session.member_repeated", f"named/{place}/member", detail)
        by_member[each.member] = each
    for each in excused:
        if each.member in known:
            by_member.setdefault(each.member, each)
    return Roll(present=sorted(known - by_member.keys()), named=list(by_member.values()))


def not_due(member: str, field: str) -> Exception:
    """The refusal of somebody who was not on the unit's list on that day."""
    return wrong("session.member_not_due", field, f"党员 {member} 当日不在该单位名册上，请核对编号或调动日期")


class Attendance(BaseModel):
    """How often a session's members, or who moved to a unit, have changed the windows; who they are lies beside the
    journal.
    """

    model_config = ConfigDict(frozen=True)

    unit: str
    day: date
    changes: int


def attendance_id(session: str) -> str:
    """The id of what a session's members changed."""
    return f"attendance:{session}"


def moves_id(unit: str) -> str:
    """The id of what members changed who have come to a unit, or have left it for none."""
    return f"attendance:moves:{unit}"


def as_flips(counted: Counter[Counted]) -> list[MemberFlips]:
    """Changes as an event tells them, in an order of their own."""
    return [
        MemberFlips(**place._asdict(), change=change)
        for place, change in sorted(counted.items(), key=lambda item: [part or "" for part in item[0]])
        if change
    ]


def decide(state: Attendance | None, command: CountAttendance, now: datetime) -> list[AttendanceCounted]:
    """What has changed is told; nothing where nothing has."""
    return [AttendanceCounted(**command.model_dump())] if command.flips else []


def evolve(state: Attendance | None, event: AttendanceCounted) -> Attendance:
    """After one change more."""
    return Attendance(unit=event.unit, day=event.day, changes=1 + (state.changes if state else 0))


ATTENDANCE = Aggregate("attendance", Attendance, decide, evolve, lambda attendance: (attendance.unit,))
