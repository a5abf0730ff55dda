"""No account can be brought to hold roles that exclude each other, whoever gives and in whatever order."""

from __future__ import annotations

from contextlib import suppress
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain import USER, Action, User
from services.gateway.domain.separation import ADMINISTRATORS, SEPARATED, separated
from services.gateway.domain.user import ByUser, Install
from services.kernel.message.errors import DomainError
from services.kernel.message.event import EVERYWHERE, Payload
from services.organisation.contract import AddUser, Held, Role, SetRoles
from services.organisation.contract.permissions import PERMISSIONS
from tests.unit.gateway.owners import NOW

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"
PEOPLE = ("admin", "security", "audit", "zhang", "li", "wang")
UNITS = ("P", "D1", EVERYWHERE)
FIRST = dict(zip(PEOPLE, ADMINISTRATORS, strict=False))

held = st.builds(Held, role=st.sampled_from(Role), unit=st.sampled_from(UNITS))
person = st.sampled_from(PEOPLE)
commands = st.one_of(
    st.builds(SetRoles, id=person, roles=st.lists(held, max_size=3)),
    st.builds(
        AddUser,
        id=person,
        name=st.just("样例"),
        unit=st.just("P"),
        password=st.just(HASH),
        roles=st.lists(held, max_size=2),
    ),
)


def _first() -> dict[str, User]:
    made = {name: Install(held=Held(role=role, unit=EVERYWHERE)) for name, role in FIRST.items()}
    return {name: USER.evolve(None, next(iter(USER.decide(None, asked, NOW)))) for name, asked in made.items()}


@given(st.lists(st.tuples(person, commands), max_size=40))
def test_no_sequence_of_commands_brings_together_what_separates(steps: list[tuple[str, AddUser | SetRoles]]) -> None:
    """Anybody asks for anything under each role that they hold: nobody combines, and nobody gives to themselves."""
    users = _first()
    for by, asked in steps:
        giver = users.get(by)
        for role in {each.role for each in giver.roles} if giver else ():
            with suppress(DomainError):
                for event in USER.decide(users.get(asked.id), ByUser(asked=asked, user=by, role=role), NOW):
                    users[asked.id] = USER.evolve(users.get(asked.id), event)
        if asked.id == by:
            assert users.get(by) == giver
    combined = {
        name: pair
        for name, user in users.items()
        for pair in combinations({each.role for each in user.roles}, 2)
        if frozenset(pair) in SEPARATED
    }
    assert not combined


@given(st.lists(held, min_size=1, max_size=6), st.lists(held, max_size=6))
def test_what_was_combined_before_may_shrink_and_never_grows(had: list[Held], asked: list[Held]) -> None:
    """An account of an earlier version keeps working; roles are taken from it, none is added while it combines."""
    state = User(unit="P", roles=had)
    command = ByUser(asked=SetRoles(id="zhang", roles=asked), user="guard", role=Role.security_admin)
    told: list[Payload] = []
    with suppress(DomainError):
        told = list(USER.decide(state, command, NOW))
    if told:
        assert not separated(each.role for each in asked) or set(asked) <= set(had)


@pytest.mark.parametrize(("one", "other"), [*product(ADMINISTRATORS, Role)])
def test_each_administrator_excludes_all_others(one: Role, other: Role) -> None:
    """The one pair that may be held together runs the platform and enters no record."""
    together = one is other or {one, other} == {Role.system_admin, Role.operations}
    assert (frozenset({one, other}) in SEPARATED) is not together
    assert bool(separated([other, one])) is not together


def test_roles_that_units_work_with_go_together() -> None:
    """Somebody may be a judge and a handler, a secretary and a member."""
    ours = [role for role in Role if role not in ADMINISTRATORS]
    assert separated(iter(ours)) == []
    assert separated(iter([*ours, Role.audit_admin])) == [
        *((role, Role.audit_admin) for role in ours if role != Role.operations),
        (Role.audit_admin, Role.operations),
    ]


def test_who_may_hold_two_roles_may_not_make_accounts_and_give_roles() -> None:
    """By the table of permissions: no pair that may be held together does what the three do apart."""
    apart = (Action.manage_users, Action.grant_roles, Action.read_access_log)
    for one, other in product(Role, Role):
        if frozenset({one, other}) not in SEPARATED:
            assert len([action for action in apart if {one, other} & PERMISSIONS[action]]) <= 1
