"""The hotline service: all its wiring, and an entrypoint for each command and query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel

from services.kernel.bus.inbox import Taking
from services.kernel.journal.numbered import identified, numbered, numbered_ids, spelled
from services.kernel.journal.vault import mask_phone
from services.kernel.journal.work import Work
from services.kernel.message.errors import DomainError
from services.kernel.message.event import Envelope, Event
from services.kernel.message.free_text import free_texts, hidden
from services.kernel.message.redaction import mask_name
from services.kernel.resource import may_take
from services.kernel.rules.aggregate import Aggregate
from services.kernel.runtime.batch import subscribe
from services.kernel.runtime.held import Held, Holding
from services.kernel.runtime.history import Histories
from services.kernel.runtime.imports import Importer, Imports
from services.kernel.runtime.providers import Journalled, Relaying, Vaulted
from services.kernel.runtime.rpc import command, query
from services.kernel.runtime.scopes import Scoped
from services.organisation.contract import NAME as GATEWAY

from .. import contract, store
from ..domain import AGGREGATES, TICKET, check_desk, check_handler
from ..domain.ticket import in_order
from .deadlines import Deadlines

Answer = dict[str, Any]
M = TypeVar("M", bound=BaseModel)
SEES_CALLERS = ("agent", "duty_supervisor")


class Hotline(Deadlines, Imports, Held, Scoped, Histories):
    """The hotline 民声热线."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    permits: ClassVar = contract.PERMITS
    resources: ClassVar = contract.RESOURCES
    journal = Journalled(AGGREGATES, indexes=store.ensure_indexes, by=may_take(contract.RESOURCES))
    vault = Vaulted()
    importer = Importer()
    relay = Relaying(store.unmarked)
    holding = Holding()

    @subscribe("hotline.tree", [GATEWAY], keys=["tree.#"], ordered=True)
    def learn_tree(self, event: Event, taking: Taking) -> None:
        """A unit has moved, with all that lies below it: records follow."""
        self.journal.moves.note(event.aggregateversion, event.unit, event.data["path"], taking.session)

    @command(contract.RegisterTicket)
    def register_ticket(self, command: contract.RegisterTicket, envelope: Envelope) -> Answer:
        """Take a ticket down; the caller goes into the vault in the same transaction."""
        return self._write_down(command, envelope)

    @command(contract.ClassifyTicket)
    def classify_ticket(self, command: contract.ClassifyTicket, envelope: Envelope) -> Answer:
        """Settle kind and category; the deadline follows the kind."""

        def act(work: Work) -> Answer:
            ticket = work.get(TICKET, command.id)
            limits = {} if ticket is None else self.limits(ticket.received, command.kind)
            return self._decided(work, envelope, command.model_copy(update=limits))

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.DispatchTicket)
    def dispatch_ticket(self, command: contract.DispatchTicket, envelope: Envelope) -> Answer:
        """Give a ticket to the unit that is to handle it."""

        def act(work: Work) -> Answer:
            ticket = work.get(TICKET, command.id)
            if ticket is not None:
                check_handler(ticket.reported_unit, command.handler, envelope.paths.get(command.handler, ()))
            return self._decided(work, envelope, command)

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.SignTicket)
    def sign_ticket(self, command: contract.SignTicket, envelope: Envelope) -> Answer:
        """The unit takes the ticket."""
        return self._do(command, envelope)

    @command(contract.AnswerTicket)
    def answer_ticket(self, command: contract.AnswerTicket, envelope: Envelope) -> Answer:
        """Answer the caller."""
        return self._do(command, envelope)

    @command(contract.CallBackTicket)
    def call_back_ticket(self, command: contract.CallBackTicket, envelope: Envelope) -> Answer:
        """Write down what the caller said."""
        return self._do(command, envelope)

    @command(contract.CompleteTicket)
    def complete_ticket(self, command: contract.CompleteTicket, envelope: Envelope) -> Answer:
        """Close the ticket."""
        return self._do(command, envelope)

    @command(contract.CorrectTicket)
    def correct_ticket(self, command: contract.CorrectTicket, envelope: Envelope) -> Answer:
        """Say a ticket anew."""
        return self._write_down(command, envelope)

    @command(contract.VoidTicket)
    def void_ticket(self, command: contract.VoidTicket, envelope: Envelope) -> Answer:
        """Take a ticket back."""
        return self._do(command, envelope)

    @query(contract.GetTicket)
    def get_ticket(self, query: contract.GetTicket, envelope: Envelope) -> Answer:
        """One ticket; the caller masked, and not shown at all to a unit where they asked for confidentiality."""
        ticket = store.one(self.journal.database, query.id, envelope.actor.unit)
        fields = self.vault.read(query.id)
        hidden = ticket["confidential"] and envelope.actor.role not in SEES_CALLERS
        name, phone = fields.get("caller_name", ""), fields.get("caller_phone", "")
        ticket["caller"] = None if hidden else {"name": mask_name(name), "phone": mask_phone(phone)}
        return ticket

    @query(contract.GetCaller)
    def get_caller(self, query: contract.GetCaller, envelope: Envelope) -> Answer:
        """The caller and the raw text in clear, for who may; the look is written down first."""
        store.one(self.journal.database, query.id, envelope.actor.unit)
        opened: Answer = self.vault.open(query.id, actor=envelope.actor.user, reason=query.reason)
        return opened

    @query(contract.ListTickets)
    def list_tickets(self, query: contract.ListTickets, envelope: Envelope) -> Answer:
        """A page of tickets."""
        return store.listed(self.journal.database, query)

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A row is a ticket's whole life: registered, then every step that it tells, or corrected, or taken back."""
        if not isinstance(row, contract.TicketRow):
            raise TypeError(type(row).__name__)
        for column in self.sheets[kind].units:
            unit = getattr(row, column)
            if unit is not None and unit not in work.envelope.paths:
                detail = f"没有单位 {unit}，或不在您的权限范围内"
                raise DomainError("unit.unknown", detail, errors=[{"pointer": f"/{column}", "detail": detail}])
        id = numbered(work, TICKET, self.name, row.unit, row.number)
        ticket = work.get(TICKET, id)
        row = spelled(row, ticket)
        digest = row.digest()
        if ticket is not None and digest in ticket.rows:
            return
        row = self._without_caller(id, row, known=ticket is not None)
        if row.action != "add" and not row.reason:
            detail = "更正、作废须填写事由"
            raise DomainError("row.reason_missing", detail, errors=[{"pointer": "/reason", "detail": detail}])
        if row.action == "void":
            work.decide(TICKET, id, contract.VoidTicket(id=id, reason=row.reason, row=digest))
            return
        in_order(row.received, row.life(), work.now)
        self._kept_from(row.reported_unit, row, work.envelope.paths)
        content = row.model_dump(include=set(contract.TicketContent.model_fields) | set(contract.Caller.model_fields))
        if row.action == "correct":
            corrected = contract.CorrectTicket(**content, id=id, life=row.life(), reason=row.reason, row=digest)
            work.decide(TICKET, id, self._limited(corrected))
        else:
            registered = contract.RegisterTicket(**content, id=id, row=digest)
            work.decide(TICKET, id, self._limited(registered))
            for step in steps(id, row):
                work.decide(TICKET, id, step)
            work.decide(TICKET, id, contract.MarkOverdue(id=id))
        self._seal(work, id, contract.Caller(**row.model_dump(include=set(contract.Caller.model_fields))))

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """The row's ticket."""
        if isinstance(row, contract.TicketRow):
            yield from ((TICKET, id) for id in numbered_ids(self.name, kind, row.unit, row.number))

    def _write_down(self, command: contract.RegisterTicket | contract.CorrectTicket, envelope: Envelope) -> Answer:
        """What bears a caller: sealed and decided in one transaction, the deadline worked out."""
        self._kept_from(command.reported_unit, command, envelope.paths)

        def act(work: Work) -> Answer:
            new = isinstance(command, contract.RegisterTicket)
            asked = identified(work, TICKET, self.name, command) if new else command
            self._seal(work, asked.id, asked)
            return self._decided(work, envelope, self._limited(asked))

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    def _kept_from(self, reported: str | None, told: Any, paths: Mapping[str, Sequence[str]]) -> None:
        """Neither desk nor handler of a report lies in the unit that it is about."""
        life = getattr(told, "life", None)
        handler = life.handler if isinstance(life, contract.Life) else getattr(told, "handler", None)
        check_desk(reported, told.unit, paths.get(told.unit, ()))
        if handler is not None:
            check_handler(reported, handler, paths.get(handler, ()))

    def _do(self, command: Any, envelope: Envelope) -> Answer:
        answer: Answer = self.journal.execute(envelope, command, lambda work: self._decided(work, envelope, command))
        return answer

    def _decided(self, work: Work, envelope: Envelope, command: Any) -> Answer:
        spared = self._without_caller(command.id, command)
        ticket = work.decide(TICKET, command.id, spared, envelope.expected)
        work.within(TICKET, command.id)
        answer = {"id": command.id, "version": work.version(TICKET, command.id), "state": str(ticket.state)}
        less = [name for name in type(command).model_fields if getattr(spared, name) != getattr(command, name)]
        return {**answer, "redacted": less} if less else answer

    def _without_caller(self, id: str, told: M, *, known: bool = True) -> M:
        """What is told of a ticket, its caller's name and number hidden in what becomes part of an event."""
        if not any(free_texts(told)):
            return told
        callers = [*self.vault.read_many([id]).values()] if known else []
        if isinstance(told, contract.Caller | contract.TicketRow):
            callers.append({"caller_name": told.caller_name, "caller_phone": told.caller_phone})
        names, numbers = ([each.get(f"caller_{part}", "") for each in callers] for part in ("name", "phone"))
        return hidden(told, names, numbers)

    def _limited(self, command: Any) -> Any:
        return command.model_copy(update=self.limits(command.received, command.kind))

    def _seal(self, work: Work, id: str, caller: contract.Caller) -> None:
        self.vault.seal(work, id, "caller", caller.model_dump(include=set(contract.Caller.model_fields)))


def steps(id: str, row: contract.TicketRow) -> Iterable[Any]:
    """The commands that lead a ticket through the life that a row tells."""
    if row.dispatched or row.answered:
        yield contract.ClassifyTicket(id=id, kind=row.kind, category=row.category, at=row.received)
    if row.dispatched and row.handler:
        yield contract.DispatchTicket(id=id, handler=row.handler, at=row.dispatched)
    if row.signed:
        yield contract.SignTicket(id=id, at=row.signed)
    if row.answered and row.answer:
        yield contract.AnswerTicket(id=id, answer=row.answer, at=row.answered)
    if row.called_back and (outcome := row.outcome()):
        yield contract.CallBackTicket(id=id, outcome=outcome, at=row.called_back)
    if row.completed:
        yield contract.CompleteTicket(id=id, at=row.completed)
