"""A kind of record as everybody outside its service meets it: described once, beside its contract. Pure data.

REST, pages, lists, forms, the home page and the description of the API are drawn from it; none of them knows a kind by
name. What a kind has that no description can say (attendance by name, judging) stays a page of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .message.event import Command

Words = Mapping[Any, str]
Record = Mapping[str, Any]


EVENTS = {
    "recorded": "登记",
    "drafted": "起草",
    "held": "登记",
    "registered": "登记",
    "framed": "立题",
    "drawn": "生成",
    "sent": "送达",
    "submitted": "报送",
    "accepted": "采纳",
    "corrected": "更正",
    "returned": "退回",
    "voided": "作废",
    "issued": "下发",
    "revised": "修订",
    "withdrawn": "撤回",
    "acknowledged": "签收",
    "ticked": "勾选",
    "classified": "分类",
    "dispatched": "派单",
    "signed": "签收",
    "answered": "答复",
    "called_back": "回访",
    "completed": "办结",
    "overdue": "超期",
    "overdue_lifted": "解除超期",
    "deadline_set": "确定时限",
    "outline_submitted": "报送调研方案",
    "outline_approved": "批准调研方案",
    "advanced": "进入下一阶段",
    "report_filed": "报送调研报告",
    "revisited": "督查回访",
    "closed": "关闭",
    "progress_noted": "填报进展",
    "settled": "销号",
    "became_regulation": "转为制度",
    "became_problem": "转为问题",
    "scoring_started": "开始评审",
    "scoring_closed": "结束评审",
    "awards_published": "公布获奖结果",
    "counted": "",
    "evidence_counted": "",
}
"""What events are called in a record's history, by their last name; nothing for what follows from other records."""


@dataclass(frozen=True)
class Label:
    """A field as people read it and type it.

    `words` says what its values are called, `groups` the same by headings; `record` is the kind of record that it
    names, of which those in `open_states` can be chosen; `unit` that it names a unit where the command does not say so.
    `read` turns a line of text into the value, `write` the value into such a line, and `say` into what a page shows.
    A value of several counts is typed as one number for each of `words` where `counted` is set (name of the word, name
    of the count).
    """

    text: str
    hint: str = ""
    words: Words = field(default_factory=dict)
    groups: Mapping[str, Words] = field(default_factory=dict)
    record: str = ""
    open_states: frozenset[str] = frozenset()
    unit: bool = False
    must: bool = False
    """That it is asked for although the command has a default."""
    large: bool = False
    read: Callable[[str], Any] | None = None
    write: Callable[[Any], str] | None = None
    say: Callable[[Any], str] | None = None
    counted: tuple[str, str] | None = None
    asked: str = ""
    """The edge's own lookup of what can be chosen, where it is neither words nor records."""


@dataclass(frozen=True, eq=False)
class Step:
    """What may be done with a record: the last part of its address, by which action, from which states, by whom.

    `by` names the record's fields that hold the units which may take it: any of them, `a|b` is the first that is set.
    `over` names the command's fields whose units the caller must reach as well. `form` is what has to be typed, the
    command's own fields; `whole` says that the content is said anew, in the form of a new record. `options` gives what
    fields can be chosen from on this record: a step with nothing to choose from is not offered. `prefilled` are fields
    that start with what the record says. `back` marks what takes something back: it is confirmed first.
    """

    name: str
    title: str
    command: type[Command]
    action: str
    states: frozenset[str]
    by: tuple[str, ...] = ("unit",)
    over: tuple[str, ...] = ()
    form: tuple[str, ...] = ()
    whole: bool = False
    options: Callable[[Record], Mapping[str, Words]] | None = None
    prefilled: tuple[str, ...] = ()
    labels: Mapping[str, Label] = field(default_factory=dict)
    """Of its fields that are called otherwise than the record's."""
    flat: str = ""
    """The command's one field whose own fields are what is sent."""
    back: bool = False
    lookups: tuple[str, ...] = ()
    """What the edge looks up before; a step that says the content anew has the resource's."""
    summary: str = ""
    """The operation's name in the API's description, where it is not the title."""


@dataclass(frozen=True, eq=False)
class Adding:
    """How a record is made: by `command`, or by one of `variants` as the body's `state` says, the first being usual.

    `form` are the fields in which a person types one on a page, none where it comes otherwise; `complete` adds to what
    was typed what follows from it; `then` is a step that may be taken at once.
    """

    command: type[Command]
    form: tuple[str, ...] = ()
    button: str = "登记"
    variants: Mapping[str, type[Command]] = field(default_factory=dict)
    by_platform: tuple[str, ...] = ("状态", "登记账号", "登记时间")
    complete: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    then: str = ""
    then_button: str = ""
    summary: str = ""


@dataclass(frozen=True)
class Waiting:
    """Records that wait for whoever may do the action: what it is called, and the filter of the list."""

    text: str
    action: str
    asked: Mapping[str, str]


@dataclass(frozen=True)
class Lead:
    """Where a record's page leads on to: the records of `kind` whose filter or field `by` is this one, or a new one."""

    text: str
    kind: str
    by: str
    new: bool = False
    given: tuple[str, ...] = ()
    only: tuple[str, Any] | None = None
    """A field and the value that it must have for the lead to be there."""


@dataclass(frozen=True, eq=False)
class Resource:
    """A kind of record. `kind` is its name, `plural` its address below the service's, `title` what it is called.

    `labels` are the fields that a page shows, in their order, and those that its forms ask; `columns` those of a list;
    `filters` what a list can be narrowed by beside state and text. `lookups` names what the edge looks up for its
    content before it is sent (see services/edge/resources/lookups.py). `told` gives lines of the record's page beyond
    its fields. `known` are fields of its commands that the platform fills in, and nobody sends.
    """

    service: str
    kind: str
    plural: str
    title: str
    get: type[Command]
    list: type[Command]
    read: str
    write: str
    states: Words
    labels: Mapping[str, Label]
    columns: tuple[str, ...]
    filters: tuple[str, ...] = ()
    add: Adding | None = None
    steps: tuple[Step, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    leads: tuple[Lead, ...] = ()
    lookups: tuple[str, ...] = ()
    export: str = ""
    known: frozenset[str] = frozenset({"row"})
    knows_units: bool = False
    """Whether the edge refuses a unit that the tree does not have; not where the service's rules say more of it."""
    sent: Mapping[str, Any] = field(default_factory=dict)
    """Fields that are sent as something else than the command bears, for a lookup makes that of it: name → type."""
    told: Callable[[Record], Iterable[tuple[str, str]]] | None = None
    collection: str = ""
    """What its ids are made of, where that is not the plural."""
    history: bool = True
    """Whether the steps of its life are shown: not where who did them, or what they changed, is not for its readers."""
    events: Words = field(default_factory=dict)
    """What its events are called where `EVENTS` says otherwise, by their last name."""
    routed: bool = True
    """Whether REST is drawn from this too; not where who may do what is no matter of units alone."""
    returns: Mapping[str, Any] = field(default_factory=dict)
    """What a write answers beside id, version and state: name → type."""

    @property
    def commands(self) -> Mapping[type[Command], Step]:
        """The step that each command is."""
        return {step.command: step for step in self.steps}


def may_take(resources: Sequence[Resource]) -> dict[type[Command], tuple[str, ...]]:
    """By which units' roles each change may be made: command → fields of the record, as `Step.by` says."""
    return {step.command: step.by for resource in resources if resource.routed for step in resource.steps}


def units_by(record: Record, by: Iterable[str]) -> list[str]:
    """The units which these fields of a record name: `life/handler|unit` is the first of the two that is set."""
    found: list[str] = []
    for alternatives in by:
        for path in alternatives.split("|"):
            value: Any = record
            for part in path.split("/"):
                value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
            if value:
                found += [value] if isinstance(value, str) else list(value)
                break
    return list(dict.fromkeys(found))
