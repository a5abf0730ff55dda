"""Spreadsheets in and out: a row is a record's life as far as it has come; what is given out can be sent in again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from services.kernel.journal.numbered import numbered, numbered_ids, spelled
from services.kernel.journal.store import Document
from services.kernel.journal.work import Work
from services.kernel.message.event import Command, Envelope
from services.kernel.message.import_rows import ExportRows
from services.kernel.message.redaction import redact
from services.kernel.rules.aggregate import Aggregate
from services.kernel.rules.rules import wrong
from services.kernel.runtime.imports import Imports
from services.kernel.sheets.ledger import Row

from .. import contract
from ..domain import (
    APPROVALS,
    APPROVED,
    MEASURE,
    PLACE,
    TOPIC,
    VISIT,
    check_reached,
    measure_steps,
    place_id_of,
    restating,
    topic_steps,
)
from ..store import topic_ids
from ..store.rows import exported
from .deciding import decided, norm_of

_KINDS: dict[str, tuple[Aggregate[Any], type[Any], type[Any], type[Any]]] = {
    "topics": (TOPIC, contract.FrameTopic, contract.CorrectTopic, contract.VoidTopic),
    "visits": (VISIT, contract.RecordVisit, contract.CorrectVisit, contract.VoidVisit),
    "measures": (MEASURE, contract.RecordMeasure, contract.CorrectMeasure, contract.VoidMeasure),
}


class Ledgers(Imports):
    """重点课题清单, 调研台账 and 调研成果转化清单."""

    vault: Any

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """Recorded, corrected or taken back, then led as far as the row says; known rows change nothing."""
        if not isinstance(row, Row):
            raise TypeError(f"{type(row).__name__} is no row of a research sheet")
        self._check_units(work, kind, row)
        aggregate, record, correct, void = _KINDS[kind]
        id = self._row_id(work, kind, row)
        state = work.get(aggregate, id)
        row = spelled(row, state)
        digest = row.digest()
        if state is not None and digest in state.rows:
            return
        if row.action != "add" and not row.reason:
            raise wrong("row.reason_missing", "reason", "更正、作废须填写事由")
        if row.action == "void":
            decided(work, aggregate, id, void(id=id, reason=row.reason, row=digest))
            return
        content = row.model_dump(include=set(record.model_fields) - {"id", "row"})
        if row.number == id:  # given out under its id: it has no number of its own
            content["number"] = None
        if isinstance(row, contract.TopicRow):
            content["kind"] = norm_of(work).kind_named(row.kind)
        if row.action == "correct":
            said = restating(correct(**content, id=id, reason=row.reason, row=digest), row, state)
            for column in getattr(getattr(said, "life", None), "model_fields_set", set()) & APPROVED:
                _approver(work, column)
        else:
            said = record(**content, id=id, row=digest)
        decided(work, aggregate, id, said)
        self._lead(work, id, row, new=state is None)

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The row's record, its topic, and what was visited."""
        if not isinstance(row, Row):
            return
        yield _KINDS[kind][0], row.number
        yield from ((_KINDS[kind][0], id) for id in numbered_ids(contract.NAME, kind, row.unit, row.number))
        if isinstance(row, contract.VisitRow | contract.MeasureRow):
            for id in topic_ids([row.unit], row.topic):
                yield TOPIC, id
        if isinstance(row, contract.VisitRow):
            yield PLACE, place_id_of(row)

    def rows_of(self, kind: str, asked: ExportRows, envelope: Envelope) -> tuple[list[Document], str | None]:
        """Records that stand, as rows; what visits found is redacted, and for those who went alone."""
        if kind not in _KINDS:
            return super().rows_of(kind, asked, envelope)
        records, after = exported(self.journal.database, asked)
        if kind == "visits":
            found = self.vault.read_many([record["_id"] for record in records])
            for record in records:
                record["cells"]["findings"] = redact(found.get(record["_id"], {}).get("findings", ""))
        return [record["cells"] for record in records], after

    def _row_id(self, work: Work, kind: str, row: Row) -> str:
        """By the unit's own number; or the id itself, where the record was given out without a number."""
        known = work.get(_KINDS[kind][0], row.number)
        if known is not None and known.unit == row.unit:
            return row.number
        return numbered(work, _KINDS[kind][0], contract.NAME, row.unit, row.number)

    def _check_units(self, work: Work, kind: str, row: Row) -> None:
        """The sender may act for the row's unit, and the units that it names beside are there."""
        if row.unit not in work.envelope.paths:
            raise wrong("unit.unknown", "unit", f"没有单位 {row.unit}，或不在您的权限范围内")
        for column in self.sheets[kind].named:
            for unit in _named(getattr(row, column)):
                if unit not in work.envelope.named and unit not in work.envelope.paths:
                    raise wrong("unit.unknown", column, f"没有单位 {unit}")

    def _lead(self, work: Work, id: str, row: Row, new: bool) -> None:
        """What the row tells beyond the record's content."""
        steps: Iterable[Command] = ()
        if isinstance(row, contract.TopicRow):
            steps = topic_steps(id, row, work.get(TOPIC, id) or _gone(id))
        elif isinstance(row, contract.MeasureRow):
            steps = measure_steps(id, row, work.get(MEASURE, id) or _gone(id))
        elif isinstance(row, contract.VisitRow) and row.findings:
            known = {} if new else self.vault.read_many([id]).get(id, {})
            if redact(known.get("findings", "")) != redact(row.findings):
                if known.get("findings") and row.action == "add":
                    detail = f"编号 {row.number} 已登记的“发现的问题和建议”与此不同，如需更改请选“更正”"
                    raise wrong("visit.number_taken", "findings", detail, "conflict")
                self.vault.seal(work, id, "findings", {"findings": row.findings})
        for step in steps:
            column = APPROVALS.get(type(step))
            if column is not None:
                _approver(work, column)
            decided(work, MEASURE if isinstance(row, contract.MeasureRow) else TOPIC, id, step)
        if isinstance(row, contract.TopicRow):
            check_reached(row, work.get(TOPIC, id) or _gone(id))


def _approver(work: Work, column: str) -> None:
    """Refuse what only those may say who may approve."""
    if work.envelope.actor.role not in contract.APPROVERS:
        raise wrong("role.missing", column, "此项须由审批领导、主题教育办或工委报送", "forbidden")


def _named(told: Any) -> list[str]:
    """The units that a cell names: one, several, or those of a research group's members."""
    if told is None or isinstance(told, str):
        return [told] if told else []
    return [unit for each in told if (unit := each if isinstance(each, str) else each.unit)]


def _gone(id: str) -> Any:
    raise AssertionError(f"{id} was decided and is not there")
