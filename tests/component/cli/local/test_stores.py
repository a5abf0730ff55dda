"""The private broker and store."""

from pathlib import Path

import pytest
from pymongo import MongoClient

from services.cli.local.broker import Broker
from services.cli.local.process import LaunchError, start_ticks
from services.cli.local.store import Store, forget_databases


def test_the_broker_speaks_amqp_and_has_the_vhosts(broker_node: Broker) -> None:
    """A started broker answers and knows every vhost it was told to make."""
    assert broker_node.answers()
    assert "test-23" in broker_node.control("list_vhosts").split()


def test_transactions_work_on_the_store(mongo: str, database: str) -> None:
    """The one-member replica set takes a transaction with majority write concern."""
    with MongoClient[dict[str, object]](mongo) as client, client.start_session() as session:
        session.with_transaction(lambda s: client[database].records.insert_one({"a": 1}, session=s))
        assert client[database].records.count_documents({}) == 1


@pytest.mark.parametrize("members", [1, 3])
def test_a_store_keeps_its_data_when_its_ports_were_taken(tmp_path: Path, members: int) -> None:
    """Stopping and starting on other ports keeps what was written; stopping leaves no process."""
    with Store(tmp_path, members) as store, MongoClient[dict[str, object]](store.uri) as client:
        client.kept.records.insert_one({"a": 1})
        pids = [process.pid for process in store.processes]
    assert [start_ticks(pid) for pid in pids if pid] == [None] * members
    (tmp_path / "store" / "ports.json").unlink()
    with Store(tmp_path, members) as again, MongoClient[dict[str, object]](again.uri) as client:
        assert client.kept.records.count_documents({}) == 1


def test_only_a_demonstration_is_forgotten_in_a_store_that_was_given(
    mongo: str, mongo_client: MongoClient[dict[str, object]], database: str
) -> None:
    """Databases under a demonstration's prefix are dropped, all others stay, another prefix is refused."""
    for name in (f"{database}_demo_study", f"{database}_study"):
        mongo_client[name].records.insert_one({"a": 1})
    forget_databases(mongo, f"{database}_demo")
    left = mongo_client.list_database_names()
    assert f"{database}_study" in left
    assert f"{database}_demo_study" not in left
    with pytest.raises(LaunchError, match="_demo"):
        forget_databases(mongo, database)


def test_a_broker_started_again_keeps_its_password_and_leaves_nothing_running(tmp_path: Path) -> None:
    """Stopping ends the node and its name server; starting again uses the same address."""
    with Broker(tmp_path) as first:
        uri = first.uri
        pids = [process.pid for process in first.processes]
    assert [start_ticks(pid) for pid in pids if pid] == [None, None]
    with Broker(tmp_path) as second:
        assert second.uri == uri
