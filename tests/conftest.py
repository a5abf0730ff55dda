"""A real broker and a real store, started once, when a test asks for them; nothing outlives the session."""

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
from pymongo import MongoClient

from services.cli.local.broker import Broker
from services.cli.local.platform import Platform
from services.cli.local.process import free_port
from services.cli.local.store import Store
from tests.eventually import PATIENCE
from tests.journey.province import CLOSES, OPENS, PASSWORD, UNITS, USERS, Administrators, Province

SignIn = Callable[..., httpx.Client]

# A busy machine is no failure: time limits guard against hanging, and speed is measured by `make bench`.
hypothesis.settings.register_profile("shengzhi", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("shengzhi")

VHOSTS = tuple(f"test-{number}" for number in range(24))  # made at the start: later each takes seconds


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this session's broker, store and platform keep their files."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def broker_node(run_folder: Path) -> Iterator[Broker]:
    """The private RabbitMQ node itself, for tests that stop it or ask it something."""
    with Broker(run_folder, VHOSTS) as node:
        yield node


@pytest.fixture(scope="session")
def broker(broker_node: Broker) -> str:
    """AMQP address of a real RabbitMQ."""
    return broker_node.uri


@pytest.fixture(scope="session")
def fresh_vhosts(broker_node: Broker) -> Iterator[str]:
    """Addresses of vhosts nobody has used: those made at the start, then new ones."""

    def addresses() -> Iterator[str]:
        for vhost in VHOSTS:
            yield broker_node.uri_of(vhost)
        for number in itertools.count(len(VHOSTS)):
            broker_node.control("add_vhost", f"test-{number}")
            broker_node.control("set_permissions", "-p", f"test-{number}", "shengzhi", ".*", ".*", ".*")
            yield broker_node.uri_of(f"test-{number}")

    return addresses()


@pytest.fixture
def vhost(fresh_vhosts: Iterator[str]) -> str:
    """AMQP address of an empty vhost of the test's own."""
    return next(fresh_vhosts)


@pytest.fixture(scope="module")
def module_vhost(fresh_vhosts: Iterator[str]) -> str:
    """AMQP address of an empty vhost of the module's own."""
    return next(fresh_vhosts)


@pytest.fixture(scope="session")
def store_node(run_folder: Path) -> Iterator[Store]:
    """The private MongoDB replica set itself."""
    with Store(run_folder) as node:
        yield node


@pytest.fixture(scope="session")
def mongo(store_node: Store) -> str:
    """Address of a real one-member MongoDB replica set."""
    return store_node.uri


@pytest.fixture(scope="session")
def mongo_client(mongo: str) -> Iterator[MongoClient[dict[str, Any]]]:
    """A client for tests that look into the store."""
    with MongoClient[dict[str, Any]](mongo, tz_aware=True) as client:
        yield client


@pytest.fixture
def database(mongo_client: MongoClient[dict[str, Any]]) -> Iterator[str]:
    """A database name (or prefix of names) of the test's own; what was made under it is dropped."""
    name = f"t{uuid.uuid4().hex[:12]}"
    yield name
    for made in mongo_client.list_database_names():
        if made.startswith(name):
            mongo_client.drop_database(made)


@pytest.fixture(scope="session")
def platform(run_folder: Path, fresh_vhosts: Iterator[str], mongo: str) -> Iterator[Platform]:
    """The whole platform on the session's broker and store, with keys and databases of its own."""
    environment = {
        "SHENGZHI_DATABASE_PREFIX": "platform",
        "SHENGZHI_HTTP_PORT": str(free_port()),
        "SHENGZHI_GRPC_PORT": str(free_port()),
        "SHENGZHI_REQUEST_RATE": "10000",  # one user of a test is many people
        "SHENGZHI_SIGN_IN_RATE": "10000",
    }
    given = Platform(run_folder / "platform", amqp_uri=next(fresh_vhosts), mongo_uri=mongo, environment=environment)
    with given as running:
        yield running


@pytest.fixture(scope="session")
def sign_in(platform: Platform) -> Iterator[SignIn]:
    """Signs a user in at the API and gives a client that bears the token."""
    with ExitStack() as leaving:

        def signed_in(name: str, password: str, new_password: str | None = None) -> httpx.Client:
            client = leaving.enter_context(httpx.Client(base_url=f"{platform.url}/api/v1", timeout=PATIENCE))
            new = {} if new_password is None else {"new_password": new_password}
            answer = client.post("/tokens", json={"name": name, "password": password, **new})
            answer.raise_for_status()
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            return client

        yield signed_in


@pytest.fixture(scope="session")
def administrator(platform: Platform, sign_in: SignIn) -> httpx.Client:
    """The first system administrator, whose password the launcher made: makes units, and accounts without roles."""
    return sign_in("admin", (platform.secrets / "admin.password").read_text(), PASSWORD)


@pytest.fixture(scope="session")
def security_administrator(platform: Platform, sign_in: SignIn) -> httpx.Client:
    """The first security administrator, who gives roles."""
    return sign_in("security", (platform.secrets / "security.password").read_text(), PASSWORD)


@pytest.fixture(scope="session")
def province(
    platform: Platform,
    administrator: httpx.Client,
    security_administrator: httpx.Client,
    sign_in: SignIn,
    mongo_client: MongoClient[dict[str, Any]],
) -> Province:
    """A small province, made through the public API alone."""
    signed_in = cache(lambda name: sign_in(name, PASSWORD))
    for unit in UNITS:
        made = administrator.post("/units", json={**unit, "active_from": "2026-01-01"})
        assert made.status_code == 201, made.text
    made_province = Province(platform, signed_in, mongo_client, Administrators(administrator, security_administrator))
    for name, held in USERS.items():
        made_province.enrol(name, held)
    campaign = {"id": "C2026", "name": "主题教育", "opens": OPENS, "closes": CLOSES}
    made = signed_in("office").post("/campaigns", json=campaign)
    assert made.status_code == 201, made.text
    return made_province
