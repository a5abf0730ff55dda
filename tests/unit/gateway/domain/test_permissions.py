"""The table of permissions."""

from itertools import combinations

import pytest

from services.edge.pages.words import ACTIONS
from services.gateway.domain import PERMISSIONS, Action, may, may_open, opens
from services.gateway.projection import METRICS
from services.organisation.contract import ROLES, UNIT_KINDS, Role, UnitKind
from services.organisation.contract.permissions import BLIND, OPENS, SCOPES, Scope
from tests.unit.gateway.domain.permissions_page import PAGE, page

PATH = ["P", "D1", "B1"]
ADMINISTRATORS = (Role.system_admin, Role.security_admin, Role.audit_admin)
READS = {action for action in Action if action.value.startswith("read_")}


def test_every_action_has_its_line_and_everything_a_chinese_name() -> None:
    """The table names every action once; roles and kinds of units are shown in Chinese."""
    assert PERMISSIONS.keys() == set(Action)
    assert ROLES.keys() == set(Role)
    assert UNIT_KINDS.keys() == set(UnitKind)


def test_the_page_of_the_docs_is_the_table() -> None:
    """docs/permissions.md is made of the table; `python -m tests.unit.gateway.domain.permissions_page` writes it."""
    assert PAGE.read_text() == page()


def test_every_action_and_scope_is_called_something_on_the_page() -> None:
    """In Chinese, for the page that shows the table."""
    assert ACTIONS.keys() == set(Action)
    assert SCOPES.keys() == set(Scope)


@pytest.mark.parametrize(("one", "other"), [*combinations(ADMINISTRATORS, 2)])
def test_no_administrator_can_do_the_work_of_another(one: Role, other: Role) -> None:
    """系统、安全、审计三员分立: no action that changes anything is open to two of them."""
    assert not [action for action, roles in PERMISSIONS.items() if {one, other} <= roles and action not in READS]


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_administrators_enter_no_records(role: Role) -> None:
    """Who runs the platform writes neither study nor tickets, and sees no caller."""
    done = {action for action, roles in PERMISSIONS.items() if role in roles}
    assert not {action for action in done if "study" in action and action not in READS}
    assert not {action for action in done if "ticket" in action and action not in READS}
    assert Action.read_callers not in done


def test_a_role_reaches_its_unit_and_what_lies_below_it() -> None:
    """Held for a department it holds for its branches, not for the root and not for the neighbour."""
    held = [(Role.unit_admin, "D1")]
    assert may(held, Action.write_study, PATH) == (Role.unit_admin, "D1")
    assert may(held, Action.write_study, ["P", "D1"]) is not None
    assert may(held, Action.write_study, ["P"]) is None
    assert may(held, Action.write_study, ["P", "D2", "B9"]) is None


def test_the_role_that_allows_it_is_the_one_that_acts() -> None:
    """Of several roles the one that may do it, for the unit that reaches; none where none may."""
    held = [(Role.member, "P"), (Role.agent, "D2"), (Role.agent, "D1")]
    assert may(held, Action.register_tickets, PATH) == (Role.agent, "D1")
    assert may(held, Action.return_study, PATH) is None
    assert may([], Action.read_figures, PATH) is None


def test_every_figure_says_who_opens_its_records() -> None:
    """A figure opens to units, or to one kind of record, of which the table says by which action it is seen."""
    for metric in METRICS.values():
        assert metric.opens_to_units or (len(metric.kinds) == 1 and metric.kinds <= OPENS.keys()), metric.id
    assert {OPENS[kind] for metric in METRICS.values() for kind in metric.kinds} <= READS


@pytest.mark.parametrize("kind", sorted(OPENS))
@pytest.mark.parametrize("role", list(Role))
def test_a_record_opens_to_whom_its_action_is_allowed(kind: str, role: Role) -> None:
    """On the unit's path alone, from a hidden unit down to nobody, and to no judge where judges are blind."""
    allowed = role in PERMISSIONS[OPENS[kind]]
    assert opens([(role, "D9")], [kind]) == allowed
    assert opens([(role, "D9")], [])
    assert may_open([(role, "D1")], kind, PATH) == allowed
    assert not may_open([(role, "D2")], kind, PATH)
    assert may_open([(role, "P")], kind, PATH, ["D1"]) == allowed
    assert not may_open([(role, "D1")], kind, PATH, ["D1"])
    assert may_open([(role, "D1"), (Role.judge, "P")], kind, PATH) == (
        kind not in BLIND and (allowed or Role.judge in PERMISSIONS[OPENS[kind]])
    )
    assert not may_open([(role, "P")], "study.coverage", PATH)
