"""The rules of a user."""

import pytest

from services.gateway.contract import AddUser, Held, Role, SetPassword, SetRoles
from services.gateway.domain import USER, User
from services.kernel.errors import DomainError
from services.kernel.event import body_of
from tests.unit.gateway.owners import NOW

HANDLER, SECRETARY = Held(role=Role.handler, unit="D1"), Held(role=Role.secretary, unit="B2")
HASH = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"
ASKED = AddUser(id="zhang", name="张三", roles=[HANDLER], password=HASH)


def added() -> User:
    return USER.evolve(None, next(iter(USER.decide(None, ASKED, NOW))))


def test_neither_name_nor_password_is_in_an_event() -> None:
    """What may be forgotten lies beside the journal, never in it."""
    told = [*USER.decide(None, ASKED, NOW), *USER.decide(added(), SetPassword(id="zhang", password=HASH), NOW)]
    assert len(told) == 2
    for payload in told:
        assert "张三" not in str(body_of(payload))
        assert "argon2" not in str(body_of(payload))
    assert added().model_dump().keys() == {"unit", "roles"}


def test_a_user_is_added_once() -> None:
    """The same roles again are no news, other roles under the same name are refused."""
    assert USER.decide(added(), ASKED, NOW) == []
    with pytest.raises(DomainError) as refused:
        USER.decide(added(), ASKED.model_copy(update={"roles": [SECRETARY]}), NOW)
    assert refused.value.code == "user.id_taken"


def test_roles_are_said_anew() -> None:
    """The change tells what was and what is; every unit for which a role is held has a part in the user."""
    (told,) = USER.decide(added(), SetRoles(id="zhang", roles=[HANDLER, SECRETARY]), NOW)
    changed = USER.evolve(added(), told)
    assert changed.roles == [HANDLER, SECRETARY]
    assert set(USER.parts(changed)) == {"D1", "B2"}
    assert USER.decide(changed, SetRoles(id="zhang", roles=[HANDLER, SECRETARY]), NOW) == []


@pytest.mark.parametrize("command", [SetRoles(id="li", roles=[]), SetPassword(id="li", password=HASH)])
def test_nobody_changes_who_is_not_there(command: SetRoles | SetPassword) -> None:
    """An unknown account is said to be unknown."""
    with pytest.raises(DomainError) as refused:
        USER.decide(None, command, NOW)
    assert (refused.value.code, refused.value.kind) == ("user.not_found", "not_found")
