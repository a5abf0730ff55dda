"""The monthly organisation-life notice 组织生活通知单, and each branch's receipt of it 回执."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.kernel.message.event import Command, Payload
from services.kernel.message.free_text import FREE, FreeText, Note
from services.kernel.message.instants import Day
from services.kernel.message.lives import UnitField, UnitFields
from services.organisation.contract import UnitKind

from .duty import Due, DutyKind, Edition, Material, Month
from .plan import EXAMPLE_DUE
from .words import Paged, Placed, Reason, Title

NOTICE_STATES = {"draft": "草稿", "issued": "已下发", "withdrawn": "已撤回"}
RECEIPT_STATES = {
    "sent": "待签收",
    "acknowledged": "已签收",
    "outdated": "有新版，待重新签收",
    "withdrawn": "已撤回",
}
ItemKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,40}$")]


class Item(BaseModel):
    """Something that a notice asks for: `number` records of a kind since a month, by `due`; without a kind, by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: ItemKey
    title: Title
    text: Annotated[str, StringConstraints(max_length=500), FREE] = ""
    kind: DutyKind | None = Field(default=None, description="不填为没有对应记录的事项，由支部手工勾选")
    number: int = Field(default=1, ge=1, le=100)
    since: Month | None = Field(default=None, description="从哪个月的记录算起，不填为通知单当月")
    due: Day | None = Field(default=None, description="不填为当月最后一天")


Items = Annotated[list[Item], Field(min_length=1, max_length=40)]


class DraftNotice(Command):
    """Make the notice of a month out of a plan: its items are those that fall due in the month.

    The same month of the same plan is one notice of a unit.
    """

    unit_fields: ClassVar[UnitFields] = (UnitField("unit", "下发单位", day="month", last="month", rule="within"),)

    unit: str
    plan: str = Field(max_length=64)
    month: Month
    title: Title | None = Field(default=None, description="不填由平台按月份和计划命名")


class ReviseNotice(Command):
    """Say a notice anew; once it is issued that makes a new edition, which has to be acknowledged again."""

    id: str
    title: Title | None = None
    items: Items
    note: Note = ""
    reason: Reason = "修改草稿"


class IssueNotice(Command):
    """Send it to its audience; `day` where it was sent before it came onto the platform."""

    id: str
    day: Day | None = None


class WithdrawNotice(Command):
    """It is void: nobody owes its items."""

    id: str
    reason: Reason


class GetNotice(Command):
    """One notice."""

    id: str


class ListNotices(Paged):
    """Notices of a unit, of those below it, and those that are addressed to it."""

    states = frozenset(NOTICE_STATES)


class Asked(BaseModel):
    """An item of a notice as a receipt keeps it: its last day, and whether no record ticks it."""

    model_config = ConfigDict(frozen=True)

    key: str
    due: Day
    by_hand: bool = False


class SendReceipt(Command):
    """What a notice's edition asks of a unit; follows from the notice, never sent. `recorded` are ticked by records."""

    unit: str
    notice: str
    title: FreeText
    month: str
    day: Day
    edition: int
    asked: list[Asked]
    recorded: list[str]


class CountReceipt(Command):
    """Which items records tick now; follows from the records, never sent."""

    recorded: list[str]


class VoidReceipt(Command):
    """The notice was withdrawn; follows from that, never sent."""


class AcknowledgeReceipt(Command):
    """The unit has read that edition of the notice."""

    id: str
    edition: int = Field(ge=1)
    day: Day | None = Field(default=None, description="签收日期，不填为当日")
    reason: Reason | None = Field(default=None, description="更正事由：已签收的，以此更正签收日期")


class TickReceipt(Command):
    """Tick an item for which there is no kind of record, saying what was done; or take the tick back."""

    id: str
    item: ItemKey
    note: Reason
    done: bool = True


class GetReceipt(Command):
    """One unit's receipt of a notice, item by item with the records that tick it."""

    id: str


class ListReceipts(Paged):
    """Receipts of a unit and those below it."""

    states = frozenset(RECEIPT_STATES)


class NoticeFields(Payload):
    """The content of a notice as an event tells it."""

    title: FreeText
    plan: str
    month: str
    units: list[str]
    kinds: list[UnitKind]
    items: list[Item]
    materials: list[Material]
    note: FreeText = ""


_UNIT: dict[str, Any] = {"unit": "D001", "day": "2026-03-02"}
_ITEM: dict[str, Any] = {"key": "theme_day.month", "title": "开展主题党日", "kind": "theme_day", "due": "2026-03-31"}
_NOTICE: dict[str, Any] = {
    **_UNIT,
    "title": "2026年3月组织生活通知单",
    "plan": "0197a9b0-0000-7000-8000-000000000001",
    "month": "2026-03",
    "units": ["D001"],
    "kinds": ["branch"],
    "items": [_ITEM],
    "materials": [],
}
_RECEIPT: dict[str, Any] = {
    "unit": "D001-B01",
    "day": "2026-03-02",
    "notice": "0197a9b0-0000-7000-8000-000000000002",
    "title": "2026年3月组织生活通知单",
}


class NoticeDrafted(NoticeFields):
    """A notice was made out of a plan."""

    type: ClassVar[str] = "notice.drafted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [_NOTICE]


class NoticeRevised(NoticeFields):
    """A notice was said anew; `edition` tells of a change after issue, and is None before."""

    type: ClassVar[str] = "notice.revised.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_NOTICE,
            "edition": {"edition": 2, "day": "2026-03-10", "reason": "增加事项", "changes": ["新增：观看专题片"]},
        }
    ]
    edition: Edition | None


class NoticeIssued(Payload):
    """A notice goes to its audience; it counts one, in its own month."""

    type: ClassVar[str] = "notice.issued.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_UNIT, "title": _NOTICE["title"], "edition": {"edition": 1, "day": "2026-03-02"}, "now": _UNIT}
    ]
    title: FreeText
    edition: Edition
    now: Placed


class NoticeWithdrawn(Payload):
    """A notice is void; it counts no more, where it did."""

    type: ClassVar[str] = "notice.withdrawn.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_UNIT, "title": _NOTICE["title"], "reason": "重复下发", "was": _UNIT}
    ]
    title: FreeText
    reason: FreeText
    was: Placed | None


class ReceiptFields(Payload):
    """Which notice a receipt is of."""

    notice: str
    title: FreeText


class ReceiptSent(ReceiptFields):
    """An edition of a notice has come to a unit: what is due from it, and what its records have done already."""

    type: ClassVar[str] = "receipt.sent.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_RECEIPT,
            "month": "2026-03",
            "edition": 1,
            "asked": [{"key": "theme_day.month", "due": "2026-03-31"}],
            "recorded": [],
            "was": None,
            "now": {**EXAMPLE_DUE, "due": 1, "done": 0},
        }
    ]
    month: str
    edition: int
    asked: list[Asked]
    recorded: list[str]
    was: Due | None
    now: Due


class ReceiptCounted(ReceiptFields):
    """Records came or went: `recorded` are the items that they tick now."""

    type: ClassVar[str] = "receipt.counted.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {**_RECEIPT, "recorded": ["theme_day.month"], "was": {**EXAMPLE_DUE, "done": 0}, "now": EXAMPLE_DUE}
    ]
    recorded: list[str]
    was: Due
    now: Due


class ReceiptTicked(ReceiptFields):
    """An item was ticked by hand, or the tick was taken back."""

    type: ClassVar[str] = "receipt.ticked.v1"
    examples: ClassVar[list[dict[str, Any]]] = [
        {
            **_RECEIPT,
            "item": "film",
            "note": "3月20日集中观看",
            "done": True,
            "was": {**EXAMPLE_DUE, "done": 0},
            "now": EXAMPLE_DUE,
        }
    ]
    item: str
    note: FreeText
    done: bool
    was: Due
    now: Due


class ReceiptAcknowledged(ReceiptFields):
    """The unit has read an edition."""

    type: ClassVar[str] = "receipt.acknowledged.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_RECEIPT, "edition": 1, "on": "2026-03-03"}]
    edition: int
    on: date
    reason: FreeText | None = None


class ReceiptVoided(ReceiptFields):
    """The notice was withdrawn: nothing is due from the unit."""

    type: ClassVar[str] = "receipt.voided.v1"
    examples: ClassVar[list[dict[str, Any]]] = [{**_RECEIPT, "was": EXAMPLE_DUE}]
    was: Due
