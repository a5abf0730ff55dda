"""What a service may be asked for, by which action: nothing without an entry, and every entry is of something there."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

from services.cli import WORKERS
from services.gateway.contract import ACCOUNT, OWN_PASSWORD
from services.kernel.message.event import method_name
from services.kernel.runtime.rpc import _Entrypoint
from services.organisation.contract import PERMISSIONS

NOBODY = {("hotline", "export_rows")}
"""What comes with taking sheets, where no sheet is given."""


def service_class(name: str) -> Any:
    """The nameko class of a service."""
    return getattr(importlib.import_module(f"services.{name}.service"), name.capitalize())


def methods(name: str) -> set[str]:
    """What can be asked of a service over the bus."""
    found = inspect.getmembers(service_class(name), inspect.isfunction)
    return {
        method
        for method, function in found
        if any(isinstance(each, _Entrypoint) for each in getattr(function, "nameko_entrypoints", ()))
    }


@pytest.mark.parametrize("name", WORKERS)
def test_all_that_can_be_asked_has_its_actions(name: str) -> None:
    """A command or query without an entry is refused to everybody: add it to services/<name>/contract/permits.py."""
    permits = service_class(name).permits
    assert methods(name) - {method_name(command) for command in permits} == {m for s, m in NOBODY if s == name}
    assert {method_name(command) for command in permits} <= methods(name)


@pytest.mark.parametrize("name", WORKERS)
def test_an_entry_names_the_roles_of_the_table(name: str) -> None:
    """Roles come from the one table of permissions, and no role of it is called as a service's own timers are."""
    for ways in service_class(name).permits.values():
        for action, roles in ways.items():
            if action == OWN_PASSWORD:  # what an account does by itself, before any role of its
                assert roles == {ACCOUNT}
                continue
            assert roles == {str(role) for role in PERMISSIONS[action]}
            assert "platform" not in roles
