"""The gateway's worker: its own records, and the projection of everybody's events into figures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

import pymongo
from argon2 import PasswordHasher
from nameko.extensions import DependencyProvider
from pydantic import BaseModel
from pymongo.database import Database

from services.kernel.aggregate import Aggregate
from services.kernel.batch import batch
from services.kernel.clock import business_day, utc_now
from services.kernel.errors import DomainError
from services.kernel.event import Actor, Envelope, Event
from services.kernel.held import Held, Holding
from services.kernel.imports import Importer
from services.kernel.inbox import Taking
from services.kernel.lists import page
from services.kernel.providers import Journalled, Relaying, Vaulted
from services.kernel.rpc import command, query
from services.kernel.scopes import Scoped
from services.kernel.settings import settings
from services.kernel.store import Document
from services.kernel.vault import Vault
from services.kernel.work import Work

from .. import contract
from ..domain import AGGREGATES, CAMPAIGN, UNIT, USER
from ..domain.campaign import PlaceCampaign
from ..domain.permissions import EVERYWHERE
from ..store import access, directory, facts, issues, moves, tree
from ..store import members as lists
from ..store import submissions as owed
from ..store.generation import QUEUE, ledger
from .initiatives import Lists
from .members import Members, unknown_unit
from .reports import Reports
from .submissions import Periods, Submissions
from .units import Units, place_unit, touch_tree

Answer = dict[str, Any]


class FirstAdministrator(DependencyProvider):
    """Lets somebody in where nobody can sign in yet: `admin`, with the password that the installation generated."""

    def start(self) -> None:
        """Make the account, if there is a password for it and no user."""
        given = settings()
        if not (given.secrets / "admin.password").exists():
            return
        found = self.container.extensions
        journal = next(extension.journal for extension in found if isinstance(extension, Journalled))
        vault = Vault(journal.database, given.secret("master.key"))
        vault.ensure_indexes()
        first_administrator(journal, vault, PasswordHasher().hash(given.secret("admin.password").decode()))

    def get_dependency(self, worker_ctx: Any) -> None:
        """Nothing: it has done its work."""


def _indexes(database: Database[Document]) -> None:
    facts.ensure_indexes(database)
    access.ensure_indexes(database)
    lists.ensure_indexes(database)
    owed.ensure_indexes(database)
    moves.ensure_indexes(database)
    tree.ensure_indexes(database)
    issues.ensure_indexes(database)


class Gateway(Units, Members, Lists, Submissions, Reports, Held, Scoped):
    """Organisation, users, campaigns, submissions, issued reports; figures."""

    name = contract.NAME
    sheets: ClassVar = contract.SHEETS
    journal = Journalled(AGGREGATES, indexes=_indexes)
    vault = Vaulted()
    importer = Importer()
    relay = Relaying()
    holding = Holding()
    first = FirstAdministrator()
    projection = facts.Projection()
    periods = Periods()

    @batch(QUEUE, contract.SOURCES, single_active=True, ledger=ledger, wait=0.1)
    def project(self, events: list[Event], taking: Taking) -> int:
        """Facts and roll-ups; of what counts nothing, the gateway's own events too, the fact that it arrived."""
        return self.projection.apply(events, taking)

    @command(contract.OpenCampaign)
    def open_campaign(self, command: contract.OpenCampaign, envelope: Envelope) -> Answer:
        """Open a campaign."""

        def act(work: Work) -> Answer:
            known = {
                row["_id"]: (date.fromisoformat(row["opens"]), date.fromisoformat(row["closes"]))
                for row in self.journal.database["campaigns"].find({"_id": {"$ne": command.id}}, session=work.session)
            }
            touch_tree(work)
            unit = envelope.actor.unit
            work.decide(CAMPAIGN, command.id, PlaceCampaign(campaign=command, unit=unit, known=known))
            return {"id": command.id, "version": work.version(CAMPAIGN, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.AddUser)
    def add_user(self, command: contract.AddUser, envelope: Envelope) -> Answer:
        """Let somebody sign in."""

        def act(work: Work) -> Answer:
            self._add_user(work, command)
            return {"id": command.id, "version": work.version(USER, command.id)}

        answer: Answer = self.journal.execute(envelope, _without_secret(command), act)
        return answer

    @command(contract.SetRoles)
    def set_roles(self, command: contract.SetRoles, envelope: Envelope) -> Answer:
        """Say anew which roles somebody holds."""

        def act(work: Work) -> Answer:
            work.decide(USER, command.id, command, envelope.expected)
            work.write(directory.ACCESS, directory.raised())
            return {"id": command.id, "version": work.version(USER, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @command(contract.SetPassword)
    def set_password(self, command: contract.SetPassword, envelope: Envelope) -> Answer:
        """Replace somebody's password; every session of theirs ends."""

        def act(work: Work) -> Answer:
            work.decide(USER, command.id, command, envelope.expected)
            _credential(work, command.id, command.password)
            work.write("sessions", pymongo.DeleteMany({"user": command.id}))
            work.write(directory.ACCESS, directory.raised())
            return {"id": command.id, "version": work.version(USER, command.id)}

        answer: Answer = self.journal.execute(envelope, _without_secret(command), act)
        return answer

    @command(contract.SetIdentity)
    def set_identity(self, command: contract.SetIdentity, envelope: Envelope) -> Answer:
        """Say who somebody is to the OIDC provider; one identity is one user's."""

        def act(work: Work) -> Answer:
            if work.get(USER, command.id) is None:
                raise DomainError("user.not_found", "没有这个用户", "not_found")
            taken = {"_id": command.digest, "user": {"$ne": command.id}}
            if command.digest and self.journal.database["identities"].find_one(taken, session=work.session):
                raise DomainError("user.identity_taken", "该身份已对应另一个账号", "conflict")
            work.write("identities", pymongo.DeleteMany({"user": command.id}))
            if command.digest:
                work.write("identities", pymongo.InsertOne({"_id": command.digest, "user": command.id}))
            return {"id": command.id, "version": work.version(USER, command.id)}

        answer: Answer = self.journal.execute(envelope, command, act)
        return answer

    @query(contract.ListUsers)
    def list_users(self, query: contract.ListUsers, envelope: Envelope) -> Answer:
        """A page of users with a role in a unit's subtree, with their names."""
        users = self.journal.database["users"]
        found = page(users, {"scope": query.unit}, sort="_id", page=query.page, page_size=query.page_size)
        for user in found["items"]:
            user["name"] = self.vault.read(_person(user["id"])).get("name", "")
        return found

    def apply_row(self, work: Work, kind: str, row: BaseModel) -> None:
        """A unit below one that is there already, a user, or a member."""
        if isinstance(row, contract.UnitRow):
            place_unit(work, contract.AddUnit(**row.model_dump()))
        elif isinstance(row, contract.UserRow):
            if row.unit not in work.envelope.paths:
                raise unknown_unit(row.unit)
            held = [contract.Held(role=row.role, unit=row.unit)]
            added = contract.AddUser(id=row.id, name=row.name, roles=held, password=row.password)
            self._add_user(work, added)
        else:
            super().apply_row(work, kind, row)

    def row_ids(self, kind: str, row: BaseModel) -> Iterable[tuple[Aggregate[Any], str]]:
        """A unit and its parent, a user, or a member."""
        if isinstance(row, contract.UnitRow):
            yield UNIT, row.id
            if row.parent:
                yield UNIT, row.parent
        elif isinstance(row, contract.UserRow):
            yield USER, row.id
        else:
            yield from super().row_ids(kind, row)

    def _add_user(self, work: Work, command: contract.AddUser) -> None:
        before = work.version(USER, command.id)
        work.decide(USER, command.id, command)
        if work.version(USER, command.id) > before:
            _credential(work, command.id, command.password)
            self.vault.seal(work, _person(command.id), "user", {"name": command.name})


def _credential(work: Work, user: str, password: str) -> None:
    row = {"_id": user, "password": password, "changed": work.now}
    work.write("credentials", pymongo.ReplaceOne({"_id": user}, row, upsert=True))


def _person(user: str) -> str:
    return f"user:{user}"


def _without_secret(command: Any) -> Any:
    """What the command's row compares: a salted hash differs each time for the same password."""
    return command.model_copy(update={"password": "-" * 8})


def first_administrator(journal: Any, vault: Any, password: str) -> bool:
    """Make the account `admin`, system administrator everywhere, where nobody can sign in yet; say whether it was."""
    database: Database[Document] = journal.database
    if database["users"].find_one() is not None:
        return False
    envelope = Envelope(
        command_id="first-administrator",
        actor=Actor(user="platform", role="platform", unit=EVERYWHERE),
        paths={EVERYWHERE: [EVERYWHERE]},
        deadline=utc_now() + timedelta(seconds=30),
    )
    held = [contract.Held(role=contract.Role.system_admin, unit=EVERYWHERE)]
    asked = contract.AddUser(id="admin", name="首任系统管理员", roles=held, password=password)

    def act(work: Work) -> Answer:
        work.decide(USER, asked.id, asked)
        _credential(work, asked.id, password)
        vault.seal(work, _person(asked.id), "user", {"name": asked.name})
        return {"id": asked.id, "day": business_day(work.now).isoformat()}

    journal.execute(envelope, _without_secret(asked), act)
    return True
