"""Youth contests: an entrypoint for each command and query of contests, entries and scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.kernel.journal.store import Document
from services.kernel.journal.work import Work, without_bookkeeping
from services.kernel.message.clock import business_day
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope, record_id
from services.kernel.message.import_rows import ExportRows
from services.kernel.runtime.rpc import command, query

from .. import contract, store
from ..domain import CONTEST, ENTRY, SCORE
from ..domain.contest import Contest, check_complete, may_judge, result
from ..domain.entry import check_marks
from .links import serialize_on
from .records import Answer
from .reports import Reports

_CLOSED = ("closed", "published")


class Contests(Reports):
    """Contests 演讲、征文, scored by judges who are blind to one another."""

    @command(contract.RecordContest)
    def record_contest(self, command: contract.RecordContest, envelope: Envelope) -> Answer:
        """Call a contest."""
        return self._report(CONTEST, command, envelope)

    @command(contract.CorrectContest)
    def correct_contest(self, command: contract.CorrectContest, envelope: Envelope) -> Answer:
        """Say a contest anew."""
        return self._report(CONTEST, command, envelope)

    @command(contract.ReturnContest)
    def return_contest(self, command: contract.ReturnContest, envelope: Envelope) -> Answer:
        """Give a contest back."""
        return self._report(CONTEST, command, envelope)

    @command(contract.VoidContest)
    def void_contest(self, command: contract.VoidContest, envelope: Envelope) -> Answer:
        """Take a contest back."""
        return self._report(CONTEST, command, envelope)

    @command(contract.StartScoring)
    def start_scoring(self, command: contract.StartScoring, envelope: Envelope) -> Answer:
        """Let the judges score."""
        return self._step(command, envelope)

    @command(contract.CloseScoring)
    def close_scoring(self, command: contract.CloseScoring, envelope: Envelope) -> Answer:
        """Take no more scores."""
        return self._step(command, envelope)

    @command(contract.PublishAwards)
    def publish_awards(self, command: contract.PublishAwards, envelope: Envelope) -> Answer:
        """Show the awards to all."""
        return self._step(command, envelope)

    @command(contract.RecordEntry)
    def record_entry(self, command: contract.RecordEntry, envelope: Envelope) -> Answer:
        """Enter something."""
        return self._report(ENTRY, command, envelope)

    @command(contract.CorrectEntry)
    def correct_entry(self, command: contract.CorrectEntry, envelope: Envelope) -> Answer:
        """Say an entry anew."""
        return self._report(ENTRY, command, envelope)

    @command(contract.ReturnEntry)
    def return_entry(self, command: contract.ReturnEntry, envelope: Envelope) -> Answer:
        """Give an entry back."""
        return self._report(ENTRY, command, envelope)

    @command(contract.VoidEntry)
    def void_entry(self, command: contract.VoidEntry, envelope: Envelope) -> Answer:
        """Take an entry back."""
        return self._report(ENTRY, command, envelope)

    @command(contract.ScoreEntry)
    def score_entry(self, command: contract.ScoreEntry, envelope: Envelope) -> Answer:
        """Keep a judge's marks; what others gave is neither read nor told."""

        def act(work: Work) -> Answer:
            judge, entry = envelope.actor.user, work.get(ENTRY, command.id)
            contest = None if entry is None else work.get(CONTEST, entry.contest)
            paths = {} if entry is None else self._paths([entry.unit], [contest])
            if entry is None or contest is None or not _judges(contest, judge, entry.unit, paths):
                raise _not_judging()
            if entry.state != "recorded":
                raise DomainError("score.entry_gone", "该作品已退回或作废，不能评分", "conflict")
            check_marks(contest, command.marks)
            serialize_on(work, entry.contest)
            id = record_id(self.name, SCORE.collection, command.id, judge)
            work.paths.setdefault(contest.unit, paths[contest.unit])
            place = {"unit": contest.unit, "day": business_day(work.now), "contest": entry.contest}
            asked = contract.GiveScore(**place, entry=command.id, judge=judge, marks=command.marks)
            work.decide(SCORE, id, asked, envelope.expected)
            return {"id": command.id, "version": work.version(SCORE, id), "state": contest.state}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @query(contract.GetContest)
    def get_contest(self, query: contract.GetContest, envelope: Envelope) -> Answer:
        """One contest; who judges is shown to the organiser and those above."""
        found = store.reported.offered(self.journal.database, "contests", query.id, envelope.actor.unit)
        counts = store.reported.count(self.journal.database, "entries", {"contest": query.id})
        return _seen({**found, "entries": counts}, self._reaches(found["unit"], envelope))

    @query(contract.ListContests)
    def list_contests(self, query: contract.ListContests, envelope: Envelope) -> Answer:
        """A page of contests."""
        found = store.reported.listed(self.journal.database, "contests", query)
        return {**found, "items": [_seen(item, by_name=False) for item in found["items"]]}

    @query(contract.GetEntry)
    def get_entry(self, query: contract.GetEntry, envelope: Envelope) -> Answer:
        """One entry; to who judges it not before the result stands."""
        found = store.one(self.journal.database, "entries", query.id, envelope.actor.unit)
        if self._blind([found], envelope.actor.user):
            raise _blind()
        return found

    @query(contract.ListEntries)
    def list_entries(self, query: contract.ListEntries, envelope: Envelope) -> Answer:
        """A page of entries, without those that the asking user judges before the result stands.

        These count in the total alone: a list of one unit's entries would say whose each of them is.
        """
        found = store.reported.listed(self.journal.database, "entries", query, contest=query.contest)
        blind = self._blind(found["items"], envelope.actor.user)
        return {**found, "items": [item for item in found["items"] if item["id"] not in blind]}

    def rows_of(self, kind: str, asked: ExportRows, envelope: Envelope) -> tuple[list[Document], str | None]:
        """Entries are given out to nobody who judges a contest of which the result does not stand yet."""
        if kind == "entries" and store.reported.judged(self.journal.database, envelope.actor.user, before=_CLOSED):
            raise _blind()
        return super().rows_of(kind, asked, envelope)

    @query(contract.ListJudging)
    def list_judging(self, query: contract.ListJudging, envelope: Envelope) -> Answer:
        """The entries that wait for the asking judge, or all that are theirs to score."""
        found = self._judging(envelope.actor.user)
        waiting = [each for each in found if not query.waiting or each["marks"] is None]
        return {**_paged(waiting, query), "waiting": sum(each["marks"] is None for each in found)}

    @query(contract.GetJudging)
    def get_judging(self, query: contract.GetJudging, envelope: Envelope) -> Answer:
        """One of them."""
        found = next((each for each in self._judging(envelope.actor.user) if each["id"] == query.id), None)
        if found is None:
            raise _not_judging()
        return found

    @query(contract.GetResult)
    def get_result(self, query: contract.GetResult, envelope: Envelope) -> Answer:
        """The result with the scores that make it; judges are numbered, not named."""
        found = store.one(self.journal.database, "contests", query.id, envelope.actor.unit)
        if found["state"] not in _CLOSED:
            raise DomainError("contest.not_closed", "评审结束后才能查看评分和结果", "conflict")
        return {**_paged(self._result(query.id), query), "contest": _seen(found, by_name=False)}

    @query(contract.ListAwarded)
    def list_awarded(self, query: contract.ListAwarded, envelope: Envelope) -> Answer:
        """The published awards: unit and title only."""
        found = store.reported.offered(self.journal.database, "contests", query.id, envelope.actor.unit)
        if found["state"] != "published":
            raise DomainError("contest.not_published", "获奖结果尚未公布", "conflict")
        awarded = [
            {name: each[name] for name in ("award", "title", "unit")}
            for each in self._result(query.id)
            if each["award"]
        ]
        return _paged(awarded, query)

    def _step(self, command: Any, envelope: Envelope) -> Answer:
        def act(work: Work) -> Answer:
            serialize_on(work, command.id)
            contest = work.get(CONTEST, command.id)
            if contest is not None and isinstance(command, contract.CloseScoring) and contest.state == "scoring":
                self._check_complete(work, command.id, contest)
            state = work.decide(CONTEST, command.id, command, envelope.expected)
            work.within(CONTEST, command.id)
            return {"id": command.id, "version": work.version(CONTEST, command.id), "state": state.state}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    def _check_complete(self, work: Work, id: str, contest: Contest) -> None:
        """Every judge who may score an entry has, where the contest asks for it."""
        entries = store.reported.entries(work.database, [id], work.session)
        paths = self._paths([entry["unit"] for entry in entries], [contest])
        due = {
            entry["_id"]: sum(may_judge(judge, entry["unit"], paths, contest.unit) for judge in contest.judges)
            for entry in entries
        }
        given = dict.fromkeys(due, 0)
        for score in store.reported.scores(work.database, work.session, contest=id):
            if score["entry"] in given:
                given[score["entry"]] += 1
        check_complete(contest, given, due)

    def _result(self, id: str) -> list[Document]:
        """A closed contest's entries by place."""
        contest = self.journal.get(CONTEST, id)
        entries = {entry["_id"]: entry for entry in store.reported.entries(self.journal.database, [id])}
        numbers = {judge.user: f"评委{number}" for number, judge in enumerate(contest.judges, start=1)}
        marks: dict[str, dict[str, list[float]]] = {entry: {} for entry in entries}
        for score in store.reported.scores(self.journal.database, contest=id):
            if score["entry"] in marks and score["judge"] in numbers:
                marks[score["entry"]][numbers[score["judge"]]] = score["marks"]
        return [
            {
                "id": each.entry,
                "title": entries[each.entry]["title"],
                "unit": entries[each.entry]["unit"],
                "place": each.place,
                "score": None if each.score is None else str(each.score),
                "award": award,
                "scores": [
                    {
                        "judge": judge,
                        "marks": marks[each.entry][judge],
                        "total": round(float(total), 2),
                        "dropped": judge in each.dropped,
                    }
                    for judge, total in sorted(each.totals.items())
                ],
            }
            for each, award in result(contest, marks)
        ]

    def _judging(self, user: str) -> list[Document]:
        """What somebody may score now: title and place of the work, nothing of whose it is."""
        database = self.journal.database
        contests = {
            found["_id"]: Contest.model_validate(without_bookkeeping(found))
            for found in store.reported.judging(database, user)
        }
        entries = store.reported.entries(database, contests)
        paths = self._paths([entry["unit"] for entry in entries], list(contests.values()))
        mine = {score["entry"]: score for score in store.reported.scores(database, judge=user)}
        return [
            {
                "id": entry["_id"],
                "title": entry["title"],
                "reference": entry["reference"],
                "contest": entry["contest"],
                "contest_title": contests[entry["contest"]].title,
                "criteria": [each.model_dump() for each in contests[entry["contest"]].criteria],
                "marks": mine[entry["_id"]]["marks"] if entry["_id"] in mine else None,
                "version": mine[entry["_id"]]["version"] if entry["_id"] in mine else 0,
            }
            for entry in entries
            if _judges(contests[entry["contest"]], user, entry["unit"], paths)
        ]

    def _blind(self, entries: Sequence[Document], user: str) -> set[str]:
        """Which of some entries somebody is to judge, or judges now."""
        contests = {
            found["_id"]: Contest.model_validate(without_bookkeeping(found))
            for found in store.reported.judged(self.journal.database, user, before=_CLOSED)
        }
        entries = [entry for entry in entries if entry["contest"] in contests]
        paths = self._paths([entry["unit"] for entry in entries], list(contests.values()))
        return {entry["id"] for entry in entries if _judges(contests[entry["contest"]], user, entry["unit"], paths)}

    def _paths(self, units: Sequence[str], contests: Sequence[Contest | None]) -> dict[str, list[str]]:
        """The paths of entries' units, organisers and judges' units."""
        known = [contest for contest in contests if contest is not None]
        named = {*units, *(contest.unit for contest in known)}
        named |= {unit for contest in known for judge in contest.judges for unit in judge.units}
        found = store.units.paths(self.journal.database, named)
        return {unit: found.get(unit, [unit]) for unit in named}

    def _reaches(self, unit: str, envelope: Envelope) -> bool:
        return envelope.actor.unit in store.units.path(self.journal.database, unit)


def _judges(contest: Contest, user: str, entry: str, paths: dict[str, list[str]]) -> bool:
    return any(judge.user == user and may_judge(judge, entry, paths, contest.unit) for judge in contest.judges)


def _not_judging() -> DomainError:
    return DomainError("entry.not_found", "没有由您评分的这件作品", "not_found")


def _blind() -> DomainError:
    return DomainError("entry.blind", "您是评委，评审结束前不能查看作品的参赛单位和作者", "forbidden")


def _seen(contest: Document, by_name: bool) -> Document:
    """A contest with its judges' names, or with their number alone."""
    judges = [judge["user"] for judge in contest["judges"]]
    return {**contest, "judges": judges if by_name else len(judges)}


def _paged(found: Sequence[Document], asked: Any) -> Document:
    first = (asked.page - 1) * asked.page_size
    return {
        "items": found[first : first + asked.page_size],
        "total": len(found),
        "more_than": False,
        "page": asked.page,
        "page_size": asked.page_size,
    }
