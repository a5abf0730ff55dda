"""The rules of a user."""

import pytest

from services.gateway.domain import USER, User
from services.gateway.domain.user import Asked, ByUser, Install
from services.kernel.message.errors import DomainError
from services.kernel.message.event import EVERYWHERE, Payload, body_of
from services.organisation.contract import (
    AddUser,
    ChangePassword,
    DisableUser,
    EnableUser,
    Held,
    ResetPassword,
    Role,
    SetIdentity,
    SetRoles,
)
from tests.unit.gateway.owners import NOW

HANDLER, SECRETARY = Held(role=Role.handler, unit="D1"), Held(role=Role.secretary, unit="B2")
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"
ASKED = AddUser(id="zhang", name="张三", unit="D1", password=HASH)
NEW_PASSWORD = ResetPassword(id="zhang", password=HASH)
SYSTEM, SECURITY = ("root", Role.system_admin), ("guard", Role.security_admin)


def decided(state: User | None, asked: Asked, by: tuple[str, Role] = SYSTEM) -> list[Payload]:
    return list(USER.decide(state, ByUser(asked=asked, user=by[0], role=by[1]), NOW))


def added() -> User:
    return USER.evolve(None, decided(None, ASKED)[0])


def refusal(state: User | None, asked: Asked, by: tuple[str, Role] = SYSTEM) -> tuple[str, list[str]]:
    """The code, and the fields that it points at."""
    with pytest.raises(DomainError) as refused:
        decided(state, asked, by)
    return refused.value.code, [error["pointer"] for error in refused.value.errors]


def test_neither_name_nor_password_is_in_an_event() -> None:
    """What may be forgotten lies beside the journal, never in it."""
    told = [*decided(None, ASKED), *decided(added(), NEW_PASSWORD)]
    assert len(told) == 2
    for payload in told:
        assert "张三" not in str(body_of(payload))
        assert "argon2" not in str(body_of(payload))
    assert added().model_dump().keys() == {"unit", "roles", "disabled"}


def test_a_user_is_added_once_and_without_roles() -> None:
    """The same account again is no news, one of another unit under the same name is refused, and so are roles."""
    assert (added().unit, added().roles) == ("D1", [])
    assert decided(added(), ASKED) == []
    assert refusal(added(), ASKED.model_copy(update={"unit": "D2"})) == ("user.id_taken", ["/id"])
    with_roles = ASKED.model_copy(update={"roles": [HANDLER]})
    assert refusal(None, with_roles) == ("role.not_with_account", ["/roles"])


def test_roles_are_replaced() -> None:
    """The change tells what was and what is; every unit for which a role is held has a part in the user."""
    asked = SetRoles(id="zhang", roles=[HANDLER, SECRETARY])
    (told,) = decided(added(), asked, SECURITY)
    changed = USER.evolve(added(), told)
    assert changed.roles == [HANDLER, SECRETARY]
    assert set(USER.parts(changed)) == {"D1", "B2"}
    assert decided(changed, asked, SECURITY) == []


@pytest.mark.parametrize("role", [role for role in Role if role != Role.security_admin])
def test_only_a_security_administrator_gives_roles(role: Role) -> None:
    """Whatever the edge let through."""
    assert refusal(added(), SetRoles(id="zhang", roles=[HANDLER]), ("root", role))[0] == "role.missing"


@pytest.mark.parametrize("role", [role for role in Role if role != Role.system_admin])
@pytest.mark.parametrize(
    "asked",
    [
        ASKED,
        NEW_PASSWORD,
        SetIdentity(id="zhang", digest=None),
        DisableUser(id="zhang", reason="调离"),
        EnableUser(id="zhang"),
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_only_a_system_administrator_keeps_accounts(asked: Asked, role: Role) -> None:
    """Whatever the edge let through."""
    assert refusal(added(), asked, ("guard", role))[0] == "role.missing"


def test_nobody_gives_roles_to_themselves() -> None:
    """Nor takes them away."""
    assert refusal(added(), SetRoles(id="zhang", roles=[HANDLER]), ("zhang", Role.security_admin))[0] == "role.own"
    assert refusal(added(), SetRoles(id="zhang", roles=[]), ("zhang", Role.security_admin))[0] == "role.own"


def test_a_role_is_held_for_a_unit_unless_it_runs_the_platform() -> None:
    """The first administrators stand above all units; no record's role does."""
    guard = Held(role=Role.security_admin, unit=EVERYWHERE)
    assert USER.evolve(None, USER.decide(None, Install(held=guard), NOW)[0]).roles == [guard]  # type: ignore[index]
    everywhere = Held(role=Role.office, unit=EVERYWHERE)
    assert refusal(added(), SetRoles(id="zhang", roles=[everywhere]), SECURITY) == ("role.needs_unit", ["/roles"])


@pytest.mark.parametrize("asked", [SetRoles(id="li", roles=[]), ResetPassword(id="li", password=HASH)])
def test_nobody_changes_who_is_not_there(asked: SetRoles | ResetPassword) -> None:
    """An unknown account is said to be unknown."""
    by = SECURITY if isinstance(asked, SetRoles) else SYSTEM
    assert refusal(None, asked, by)[0] == "user.not_found"


def holding(*roles: Role) -> User:
    return User(unit="D1", roles=[Held(role=role, unit="D1") for role in roles])


@pytest.mark.parametrize("role", [Role.security_admin, Role.audit_admin])
@pytest.mark.parametrize("asked", [NEW_PASSWORD, SetIdentity(id="zhang", digest="0" * 64)], ids=["password", "oidc"])
def test_a_system_administrator_cannot_come_to_sign_in_as_who_checks_them(asked: Asked, role: Role) -> None:
    """Neither by a password that they give nor by an identity that they name."""
    assert refusal(holding(role), asked)[0] == "user.administrator"
    assert decided(holding(Role.system_admin, Role.operations), asked) is not None
    assert decided(holding(Role.office), asked) is not None


def test_a_password_is_changed_by_whose_it_is() -> None:
    """Under any role; one that somebody else gave is to be changed at the next sign-in."""
    asked = ChangePassword(id="zhang", password=HASH)
    assert refusal(added(), asked)[0] == "password.not_own"
    (own,), (given,) = decided(added(), asked, ("zhang", Role.member)), decided(added(), NEW_PASSWORD)
    assert (body_of(own), body_of(given)) == ({"once": False}, {"once": True})


def test_an_account_is_disabled_and_enabled() -> None:
    """What is so already is no news; roles stay and can be changed meanwhile; nobody disables themselves."""
    off, on = DisableUser(id="zhang", reason="调离"), EnableUser(id="zhang")
    assert decided(added(), on) == []
    disabled = USER.evolve(holding(Role.office), decided(holding(Role.office), off)[0])
    assert (disabled.disabled, disabled.roles) == (True, holding(Role.office).roles)
    assert decided(disabled, off) == []
    changed = USER.evolve(disabled, decided(disabled, SetRoles(id="zhang", roles=[HANDLER]), SECURITY)[0])
    assert (changed.disabled, changed.roles) == (True, [HANDLER])
    assert not USER.evolve(changed, decided(changed, on)[0]).disabled
    assert refusal(holding(Role.system_admin), off, ("zhang", Role.system_admin))[0] == "user.own"
