"""Descriptions of kinds hold together, and what they say is shown and typed as their commands take it."""

from __future__ import annotations

from typing import Any

import pytest

from services.cli.contracts import payloads
from services.edge.pages.described import fields_of, known_values, typed_content
from services.edge.pages.kinds import model_of
from services.edge.pages.special import KINDS
from services.edge.pages.told import cell_of, leads_of, lines_of, units_of
from services.edge.resources import RESOURCES, content_model, listing_of, step_model
from services.edge.resources.lookups import LOOKUPS
from services.kernel.message.errors import DomainError
from services.kernel.resource import EVENTS, Resource, units_by

EACH = pytest.mark.parametrize("resource", RESOURCES.values(), ids=lambda each: each.kind)


@EACH
def test_what_a_description_names_is_there(resource: Resource) -> None:
    """Columns, forms, filters, leads, states and lookups name what labels, commands and other kinds have."""
    assert set(resource.columns) <= set(resource.labels)
    listing = listing_of(resource).model_fields
    for filtered in (*resource.filters, *(name for waiting in resource.waiting for name in waiting.asked)):
        assert filtered in listing, filtered
    for waiting in resource.waiting:
        listing_of(resource).model_validate(waiting.asked)
    for step in resource.steps:
        assert step.states <= {str(state) for state in resource.states}, step.name
        model = step_model(resource, step)
        assert set(step.form) <= set(model.model_fields if model else ()), step.name
        assert set(step.form) <= set(resource.labels) | set(step.labels), step.name
        assert set(step.lookups) <= set(LOOKUPS)
    assert set(resource.lookups) <= set(LOOKUPS)
    for lead in resource.leads:
        target = RESOURCES[lead.kind]
        assert not lead.new or (target.add is not None and lead.by in target.add.form), lead.text
    for label in resource.labels.values():
        assert not label.record or label.record in RESOURCES
        assert not label.asked or label.asked in KINDS


@EACH
def test_each_event_of_a_kind_has_its_word(resource: Resource) -> None:
    """Or is left out of the history by an empty one."""
    told = {kind.type.split(".")[1] for owner, kind in payloads() if kind.type.split(".")[0] == resource.kind}
    if resource.history:
        assert told <= {**EVENTS, **resource.events}.keys()


@EACH
def test_each_field_of_a_form_has_its_input(resource: Resource) -> None:
    """Of the sort that its type asks for: required where the command has no default."""
    if resource.add is None or not resource.add.form:
        return
    model = model_of(resource)
    fields = fields_of(resource, resource.add.form, model)
    for name in resource.add.form:
        if not resource.labels[name].counted:
            assert fields[name].required == (model.model_fields[name].is_required() or resource.labels[name].must)


SESSION: dict[str, Any] = {
    "id": "s",
    "version": 3,
    "state": "returned",
    "unit": "B1",
    "day": "2026-03-05",
    "form": "theme_day",
    "way": "branch",
    "title": "主题党日",
    "due": 20,
    "present": 18,
    "number": None,
    "programme": None,
    "absences": [{"reason": "duty", "count": 1}, {"reason": "absent", "count": 1}],
}


def test_a_record_is_told_in_its_kinds_words() -> None:
    """Names of units, words of values, counts by reason; what is empty is left out."""
    lines = dict(lines_of(RESOURCES["session"], SESSION, {"B1": "第一党支部"}))
    assert lines == {
        "单位": "第一党支部（B1）",
        "活动形式": "主题党日",
        "学习方式": "研学",
        "日期": "2026-03-05",
        "应到人数": "20",
        "实到人数": "18",
        "未到情况": "公务 1 人、缺席 1 人",
        "版本": "3",
    }
    assert units_of(RESOURCES["session"], SESSION) == {"B1"}


def test_a_contests_kind_is_none_of_a_tickets() -> None:
    """A label belongs to its kind."""
    assert RESOURCES["contest"].labels["kind"].text == "比赛类别"
    assert RESOURCES["ticket"].labels["kind"].text == "诉求类型"
    assert cell_of(RESOURCES["contest"], "kind", {"kind": "speech"}, {}) != "speech"


def test_what_a_form_is_filled_with_is_what_it_sends() -> None:
    """A record said anew without a change says the same."""
    resource = RESOURCES["session"]
    assert resource.add is not None
    form = resource.add.form
    typed = typed_content(resource, form, content_model(resource), known_values(resource, form, SESSION))
    assert typed == {name: SESSION[name] if name != "due" else "20" for name in form if SESSION[name] is not None}
    assert resource.add.complete is not None
    assert resource.add.complete(typed)["way"] == "branch"


def test_lines_are_read_and_written() -> None:
    """What is typed one thing a line comes back as it was typed; a line that cannot be read is named."""
    resource, model = RESOURCES["contest"], content_model(RESOURCES["contest"])
    typed = {"criteria": "观点 60\n表达 40", "judges": "甲、乙 丙"}
    told = typed_content(resource, ("criteria", "judges"), model, typed)
    assert told == {
        "criteria": [{"name": "观点", "full": "60"}, {"name": "表达", "full": "40"}],
        "judges": ["甲", "乙", "丙"],
    }
    record = {"criteria": [{"name": "观点", "full": 60, "weight": None}, {"name": "表达", "full": 40, "weight": None}]}
    assert known_values(resource, ("criteria",), record) == {"criteria": "观点 60\n表达 40"}
    with pytest.raises(DomainError) as refusal:
        typed_content(resource, ("criteria",), model, {"criteria": "观点"})
    assert refusal.value.errors[0]["pointer"] == "/criteria"
    with pytest.raises(DomainError) as refusal:
        typed_content(RESOURCES["topic"], ("group",), content_model(RESOURCES["topic"]), {"group": "×"})
    assert refusal.value.errors == [{"pointer": "/group", "detail": "应为职务和人数，如：处长×2；副处长×1@D002"}]


def test_a_record_leads_to_what_belongs_to_it() -> None:
    """To the records that name it, to the record that it names, and to a new one."""
    topic = dict(leads_of(RESOURCES["topic"], {"id": "t 1", "state": "solving"}))
    assert topic["本课题的调研"] == "/records/visit?topic=t+1"
    assert topic["登记调研"] == "/records/visit/new?topic=t+1"
    assert dict(leads_of(RESOURCES["visit"], {"id": "v", "topic": "t1"}))["课题"] == "/records/topic/t1"
    joint = {**SESSION, "form": "joint_study"}
    assert "登记为联学活动" in dict(leads_of(RESOURCES["session"], joint))
    assert "登记为联学活动" not in dict(leads_of(RESOURCES["session"], SESSION))


@pytest.mark.parametrize(
    ("by", "units"),
    [
        (("unit",), ["A"]),
        (("life/handler|unit",), ["B"]),
        (("owner|unit",), ["A"]),
        (("cooperating", "unit"), ["C", "D", "A"]),
        (("owner",), []),
    ],
)
def test_units_that_may_take_a_step(by: tuple[str, ...], units: list[str]) -> None:
    """Any of several fields, or the first of two that is set; lists count one by one."""
    record = {"unit": "A", "owner": None, "life": {"handler": "B"}, "cooperating": ["C", "D"]}
    assert units_by(record, by) == units
