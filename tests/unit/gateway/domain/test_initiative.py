"""Lists of initiatives: versions, and tags that stay unique among all lists."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.gateway.domain.initiative import Initiatives, PlaceInitiatives, decide, evolve, standing
from services.kernel.message.errors import DomainError
from services.organisation.contract import LISTS, Item, SetInitiatives
from tests.unit.gateway.owners import NOW

OTHERS = {"vehicles": ["建在链上", "先锋杯"]}


def asked(*items: Any, list_id: str = "focuses", title: str = "五个聚焦") -> PlaceInitiatives:
    told = [item if isinstance(item, Item) else Item(id=item, name=f"聚焦{item}") for item in items]
    return PlaceInitiatives(
        asked=SetInitiatives(id=list_id, title=title, items=told, reason="省委部署"), unit="P", others=OTHERS
    )


def after(*commands: PlaceInitiatives) -> Initiatives:
    state: Initiatives | None = None
    for command in commands:
        for event in decide(state, command, NOW):
            state = evolve(state, event)
    assert state is not None
    return state


def test_what_a_later_version_leaves_out_stays_known() -> None:
    """It is in force no more, but old records that bear it can still be named; it may come back."""
    state = after(asked("J1", "J2"), asked("J2", "J3"))
    in_force, retired = standing("focuses", state)
    assert ([item.id for item in in_force], [item.id for item in retired]) == (["J2", "J3"], ["J1"])
    in_force, retired = standing("focuses", after(asked("J1"), asked("J2"), asked("J1")))
    assert ([item.id for item in in_force], [item.id for item in retired]) == (["J1"], ["J2"])


def test_the_same_list_again_is_no_news() -> None:
    """Neither of one that was set, nor of one that stands as it was delivered."""
    assert decide(after(asked("J1")), asked("J1"), NOW) == []
    title, items = LISTS["vehicles"]
    delivered = asked(*items, list_id="vehicles", title=title)
    assert decide(None, delivered.model_copy(update={"others": {}}), NOW) == []


def test_delivered_items_that_are_left_out_stay_known() -> None:
    """The first version of a delivered list retires what it does not take over."""
    _, retired = standing("vehicles", after(asked("新载体", list_id="vehicles", title="载体")))
    assert [item.id for item in retired] == [item.id for item in LISTS["vehicles"][1]]


def test_an_unset_list_of_no_known_name_has_nothing() -> None:
    """It comes to be when it is set."""
    assert standing("others", None) == ([], [])


@pytest.mark.parametrize(
    ("items", "code", "pointer"),
    [
        (("J1", "J1"), "initiative.item_repeated", "/items/1/id"),
        (("J1", "先锋杯"), "initiative.item_taken", "/items/1/id"),
        ((Item(id="J1", name="聚焦", under=["没有"]),), "initiative.under_unknown", "/items/0/under"),
    ],
)
def test_an_item_has_one_place(items: tuple[Any, ...], code: str, pointer: str) -> None:
    """A tag means one thing among all lists, and comes out of something that is there."""
    with pytest.raises(DomainError) as refused:
        decide(None, asked(*items), NOW)
    assert (refused.value.code, refused.value.errors[0]["pointer"]) == (code, pointer)


def test_all_spellings_of_a_code_are_one_item() -> None:
    """A new item's code is kept as keys are compared; one that is known keeps the spelling that it has."""
    state = after(asked("ＪＪ－１\u200b", "JJ-2"))
    assert [item.id for item in standing("focuses", state)[0]] == ["JJ-1", "JJ-2"]
    old = Item(id="载体（一）", name="丙")
    kept = state.model_copy(update={"versions": [state.versions[0].model_copy(update={"items": [old]})]})
    for typed in ("载体（一）", "载体(一)"):
        assert decide(kept, asked(Item(id=typed, name="丙")), NOW) == []
    with pytest.raises(DomainError, match="item_repeated"):
        decide(None, asked("JJ-1", "ＪＪ-1"), NOW)


def test_a_code_that_may_be_another_is_refused() -> None:
    """As every key is."""
    with pytest.raises(ValidationError, match=r"U\+202E"):
        asked("JJ\u202e-1")
