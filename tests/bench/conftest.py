"""The small province on the session's platform, as in the journeys; and a platform of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.local.platform import Platform
from services.cli.local.process import free_port


@pytest.fixture
def own_platform(tmp_path: Path, vhost: str, mongo: str, database: str) -> Iterator[Platform]:
    """A whole platform, empty, whose databases have the test's prefix."""
    environment = {
        "SHENGZHI_DATABASE_PREFIX": database,
        "SHENGZHI_HTTP_PORT": str(free_port()),
        "SHENGZHI_GRPC_PORT": str(free_port()),
    }
    with Platform(tmp_path, amqp_uri=vhost, mongo_uri=mongo, environment=environment) as running:
        yield running
