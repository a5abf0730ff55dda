"""Months that are to be submitted, on the gateway's store: confirmed, accepted, given back, excused as by a worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.gateway.contract import PERMITS
from services.gateway.domain import CAMPAIGN
from services.gateway.domain.campaign import PlaceCampaign
from services.gateway.domain.period import days_of
from services.gateway.domain.submission import submission_id
from services.gateway.service.submissions import Periods, Submissions
from services.gateway.store.tree import tree_of
from services.kernel.journal.store import Document
from services.kernel.message.event import Command, Envelope, method_name, new_id
from services.organisation import contract as c
from tests.component.edge import acting
from tests.component.gateway.figures import Figures
from tests.unit.gateway.owners import CAMPAIGN as PERIOD
from tests.unit.gateway.owners import NOW

PATHS = {
    "P": ["P"],
    "R1": ["P", "R1"],
    "A": ["P", "R1", "A"],
    "A1": ["P", "R1", "A", "A1"],
    "B": ["P", "R1", "B"],
    "R1X": ["P", "R1X"],
    "C": ["P", "R1X", "C"],
    "N": ["P", "N"],
}
"""Branches A1, B, C owe each month, and so does whoever stands above one of them; N has none below it."""
KINDS = {"A1": "branch", "B": "branch", "C": "branch"}
SETTLED = ("accepted", "excused")


class Worker(Submissions):
    """The worker's entrypoints, without a bus."""

    name = "gateway"
    permits = PERMITS

    def __init__(self, journal: Any) -> None:
        self.journal, self.periods = journal, Periods()


class Months:
    """The months of a small tree, each a command at a time."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.database = figures.database
        self.worker = Worker(figures.journal)

    def begin(self, *months: str) -> None:
        """Nothing has been submitted of these months, and nobody has moved; each has been opened."""
        self.figures.forget()
        self.figures.settle(PATHS)
        for name in ("submissions", "campaigns", "commands"):
            self.database[name].delete_many({})
        for unit, kind in KINDS.items():
            self.database["units"].update_one({"_id": unit}, {"$set": {"kind": kind}})
        rule = c.SubmissionRule(months=list(months), kinds=[c.UnitKind.branch])
        opened = {"id": PERIOD.id, "name": "主题教育", "opens": PERIOD.first, "closes": PERIOD.last}
        asked = PlaceCampaign(campaign=c.OpenCampaign(**opened, submissions=rule), unit="P", known={})
        self.figures.reform(lambda work: work.decide(CAMPAIGN, PERIOD.id, asked))
        self.figures.arrive()
        self.open()

    def open(self) -> None:
        """What the clock does each minute."""
        self.worker.periods.opened_for = None
        self.do(c.OpenPeriods())

    def do(self, command: Command, unit: str = "P") -> Any:
        """A command by somebody with a role for a unit.

        Raises:
            DomainError: it is refused.
        """
        method = method_name(type(command))
        envelope = Envelope(
            command_id=new_id(),
            actor=acting(PERMITS, method, unit, None, "office"),
            paths={row["_id"]: row["path"] for row in self.database["units"].find({}, {"path": 1})},
            deadline=datetime.now(UTC) + timedelta(seconds=60),
        )
        return getattr(self.worker, method)(envelope, command.model_dump(mode="json"))

    def confirm(self, unit: str, month: str) -> None:
        """A unit's month is submitted."""
        prepared = c.Prepared(figures={}, lacks=[], as_of=NOW)
        self.do(c.ConfirmSubmission(id=submission_id(unit, month), prepared=prepared))

    def accept(self, unit: str, month: str) -> None:
        """Whoever stands above takes it over."""
        self.do(c.AcceptSubmission(id=submission_id(unit, month)))

    def give_back(self, unit: str, month: str) -> None:
        """Whoever stands above gives it back."""
        self.do(c.ReturnSubmission(id=submission_id(unit, month), reason="缺少说明"))

    def excuse(self, unit: str, month: str) -> None:
        """Whoever stands above does without it."""
        self.do(c.ExcuseSubmission(id=submission_id(unit, month), reason="正在组建"))

    def reinstate(self, unit: str, month: str) -> None:
        """Whoever stands above asks for it after all."""
        self.do(c.ReinstateSubmission(id=submission_id(unit, month), reason="已组建"))

    def to(self, state: str, unit: str, month: str) -> None:
        """Bring an open month into a state; who stands below is excused where it asks for that first."""
        steps: dict[str, tuple[Callable[[str, str], None], ...]] = {
            "open": (),
            "submitted": (self.confirm,),
            "returned": (self.confirm, self.give_back),
            "accepted": (self.confirm, self.accept),
            "excused": (self.excuse,),
        }
        for step in steps[state]:
            step(unit, month)

    def state(self, unit: str, month: str) -> tuple[str, str | None] | None:
        """Where a unit's month stands, and with whom."""
        row = self.database["submissions"].find_one({"_id": submission_id(unit, month)})
        return None if row is None else (row["state"], row["superior"])

    def settle(self, month: str) -> None:
        """All that is not settled is confirmed and accepted, from below upwards, by those with whom it is.

        Raises:
            DomainError: somebody cannot go on.
        """
        over_time, last = tree_of(self.database), days_of(month)[1]
        paths = {row["_id"]: over_time.on(row["path"], last) for row in self.database["units"].find({}, {"path": 1})}
        rows = list(self.database["submissions"].find({"month": month, "state": {"$nin": SETTLED}}))
        for row in sorted(rows, key=lambda each: -len(paths[each["unit"]])):
            if row["state"] != "submitted":
                self.confirm(row["unit"], month)
            self.accept(row["unit"], month)

    def astray(self) -> list[Any]:
        """Months that are not accepted of units that were there on their last day, and not with whom they belong."""
        over_time = tree_of(self.database)
        units: dict[str, Document] = {row["_id"]: row for row in self.database["units"].find()}
        found = []
        for row in self.database["submissions"].find({"state": {"$ne": "accepted"}}):
            last, unit = days_of(row["month"])[1], units[row["unit"]]
            path = over_time.on(unit["path"], last)
            there = unit.get("until") is None or date.fromisoformat(unit["until"]) > last
            if there and row["superior"] != (path[-2] if len(path) > 1 else None):
                found.append((row["unit"], row["month"], row["superior"], path))
        return found

    def expected(self, month: str) -> int:
        """How many are expected of a month in all, as the figures say."""
        self.figures.tell()
        row = self.database["rollups"].find_one({"_id": f"P|{month}"}) or {}
        return int(row.get("sum", {}).get("report:expected", 0))

    def counted(self, month: str) -> int:
        """The same by the submissions."""
        return self.database["submissions"].count_documents({"month": month, "state": {"$ne": "excused"}})

    def decided(self, unit: str, month: str) -> int:
        """The version of a unit's month."""
        row = self.database["submissions"].find_one({"_id": submission_id(unit, month)})
        return 0 if row is None else int(row["version"])
