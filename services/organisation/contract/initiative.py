"""Initiatives 举措、载体: versioned lists by whose items records may be tagged."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FreeText, Reason
from services.kernel.message.keys import key_of
from services.kernel.sheets.cells import Reference

from .words import EXAMPLE_UNIT, Name

ListId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Item(BaseModel):
    """An item of a list: the tag that records bear, its name, and the items of other lists that it came out of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Reference
    name: Name
    under: list[Reference] = Field(default_factory=list, max_length=20, description="由其他清单的哪些条目深化而来")


def _with_key(item: Item) -> Item:
    """An item whose code can be a key; in which spelling it is kept the list's history says."""
    key_of(item.id)
    return item


LISTS: dict[str, tuple[str, tuple[Item, ...]]] = {
    "measures": ("十个方面举措", ()),
    "breakthroughs": ("十大新突破", ()),
    "focuses": ("五个聚焦", ()),
    "vehicles": (
        "载体",
        (
            Item(id="党员带头", name="我是党员我带头、我的岗位我负责"),
            Item(id="建在链上", name="党组织建在产业链上"),
            Item(id="先锋杯", name="先锋杯"),
            Item(id="劳模工匠", name="劳模工匠创新分享会"),
            Item(id="对口帮扶", name="对口帮扶市县"),
        ),
    ),
}
"""The lists that there are before anybody has set one, in their order: what the province resolves is set in it."""


class SetInitiatives(Command):
    """Say a list anew, with the reason: its next version. What is left out may be put on no new record."""

    id: ListId
    title: Name
    items: list[Annotated[Item, AfterValidator(_with_key)]] = Field(max_length=60)
    reason: Reason


class InitiativesSet(Payload):
    """A list of initiatives was said anew."""

    type: ClassVar[str] = "initiative.set.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **EXAMPLE_UNIT,
            "title": "五个聚焦",
            "items": [{"id": "JJ-1", "name": "聚焦产业发展", "under": ["建在链上"]}],
            "reason": "省委部署",
        }
    ]
    title: FreeText
    items: list[Item]
    reason: FreeText
