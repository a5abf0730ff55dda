"""What a service is wired with, as class attributes at the top of its service.py."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pymongo
import structlog
from eventlet import Timeout, sleep
from greenlet import GreenletExit
from nameko.extensions import DependencyProvider
from pymongo.database import Database
from pymongo.errors import PyMongoError

from ..bus.broker import Publisher
from ..bus.relay import Behind, Relay, on_time
from ..bus.resend import Resender
from ..journal.journal import Follow, Journal
from ..journal.store import Document, ensure_collections, open_database
from ..journal.upgrade import upgrade
from ..journal.vault import Vault
from ..message.clock import utc_now
from ..message.event import Command
from ..rules.aggregate import Aggregate
from ..settings import settings, signing_keys

log = structlog.stdlib.get_logger(__name__)

_AGAIN_SECONDS = 5
Indexes = Callable[[Database[Document]], None]


class Journalled(DependencyProvider):
    """Gives the service its `Journal`, on its own database, with its indexes made."""

    def __init__(
        self,
        aggregates: Sequence[Aggregate[Any]] = (),
        indexes: Indexes = lambda database: None,
        follow: Follow = lambda work: None,
        by: Mapping[type[Command], tuple[str, ...]] | None = None,
    ) -> None:
        self.by = by or {}
        self.aggregates = aggregates
        self.indexes = indexes
        self.follow = follow
        self.clock = utc_now

    def setup(self) -> None:
        """Open the database and make what is missing in it; collections first, for transactions make none."""
        given, service = settings(), self.container.service_name
        self.client: pymongo.MongoClient[Document] = pymongo.MongoClient(
            given.mongo_uri, appname=f"shengzhi-{service}", serverSelectionTimeoutMS=10_000, maxPoolSize=64
        )
        self.database = open_database(self.client, given.database(service))
        self.journal = Journal(
            self.database,
            service=service,
            site=given.site,
            chain_key=given.secret("chain.key"),
            clock=self.clock,
            transaction_seconds=given.transaction_seconds,
            digest=given.suite.digest,
        )
        self.journal.aggregates, self.journal.follow, self.journal.by = self.aggregates, self.follow, self.by
        self.journal.ensure_indexes()
        ensure_collections(self.database, (aggregate.collection for aggregate in self.aggregates))
        self.indexes(self.database)

    def start(self) -> None:
        """Bring up to date what an earlier version has saved, beside everything else."""
        self._upgrading = self.container.spawn_managed_thread(self._upgrade, identifier="upgrade")

    def _upgrade(self) -> None:
        while True:
            try:
                upgrade(self.journal, self.aggregates)
            except PyMongoError as error:
                log.warning("upgrade.trying_again", error=repr(error))
                sleep(_AGAIN_SECONDS)
            else:
                return

    def stop(self) -> None:
        """What is not done yet is done after the next start."""
        self._upgrading.kill()

    def get_dependency(self, worker_ctx: Any) -> Journal:
        """The one journal of this process."""
        return self.journal


class Vaulted(DependencyProvider):
    """Gives the service its `Vault`."""

    def start(self) -> None:
        """Open it on the journal's database."""
        self.vault = Vault(_journalled(self).database, settings().secret("master.key"))
        self.vault.ensure_indexes()

    def get_dependency(self, worker_ctx: Any) -> Vault:
        """The one vault of this process."""
        return self.vault


class Relaying(DependencyProvider):
    """Publishes the service's journal from inside its process, and sends again what subscribers ask for.

    `behind` says for a service that marks by the clock how far it has come.
    """

    def __init__(self, behind: Behind = on_time) -> None:
        self.behind = behind

    def start(self) -> None:
        """Begin; a commit wakes it."""
        given, journal = settings(), _journalled(self).journal

        def publisher(name: str) -> Publisher:
            name = f"shengzhi-{name}-{journal.service}"
            return Publisher(
                given.amqp_uri, journal.service, keys=signing_keys(), name=name, confirm_seconds=given.confirm_seconds
            )

        self.relay = Relay(
            journal,
            publisher("relay"),
            batch=given.relay_batch,
            poll_seconds=given.relay_poll_seconds,
            watermark_seconds=given.watermark_seconds,
            transaction_seconds=given.transaction_seconds,
            lease_seconds=given.lease_seconds,
            tally_seconds=given.tally_seconds,
            behind=self.behind,
        )
        self.resender = Resender(journal, publisher("resend"), batch=given.relay_batch)
        journal.committed = self.relay.wake
        spawn = self.container.spawn_managed_thread
        self._threads = [
            spawn(self.relay.run, identifier="relay"),
            spawn(self.resender.run, identifier="resender"),
        ]

    def stop(self) -> None:
        """Finish the batch in hand."""
        self.relay.stop()
        self.resender.stop()
        for thread in self._threads:
            finish(thread)

    def get_dependency(self, worker_ctx: Any) -> None:
        """Nothing: the service never talks to it."""


def finish(thread: Any) -> None:
    """Wait for a container's thread that was told to stop; after 20 s the container kills it."""
    with contextlib.suppress(GreenletExit), Timeout(20, False):
        thread.wait()


def _journalled(provider: DependencyProvider) -> Journalled:
    found: Journalled = next(
        extension for extension in provider.container.extensions if isinstance(extension, Journalled)
    )
    return found
