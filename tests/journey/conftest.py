"""The small province on the session's platform."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from services.cli.local.platform import Platform
from tests.journey.province import CLOSES, OPENS, PASSWORD, UNITS, USERS, Province


@pytest.fixture(scope="session")
def province(
    platform: Platform,
    administrator: httpx.Client,
    sign_in: Callable[[str, str], httpx.Client],
    mongo_client: MongoClient[dict[str, Any]],
) -> Province:
    """Made through the public API alone; what is there already stays."""
    signed_in = cache(lambda name: sign_in(name, PASSWORD))
    for unit in UNITS:
        made = administrator.post("/units", json={**unit, "active_from": "2026-01-01"})
        assert made.status_code == 201, made.text
    for name, (role, unit_id) in USERS.items():
        held = [{"role": role, "unit": unit_id}]
        made = administrator.post("/users", json={"id": name, "name": "样例", "roles": held, "password": PASSWORD})
        assert made.status_code == 201, made.text
    campaign = {"id": "C2026", "name": "主题教育", "opens": OPENS, "closes": CLOSES}
    made = signed_in("office").post("/campaigns", json=campaign)
    assert made.status_code == 201, made.text
    return Province(platform, signed_in, mongo_client)
