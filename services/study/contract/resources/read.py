"""Programmes, sets of materials, and copies of them."""

from __future__ import annotations

from services.kernel.resource import Adding, Label, Lead, Record, Resource
from services.organisation.contract import Action

from ..material import (
    ITEM_KINDS,
    MANNERS,
    MEDIA,
    CorrectIssue,
    CorrectMaterialSet,
    GetIssue,
    GetMaterialSet,
    ListIssues,
    ListMaterialSets,
    RecordIssue,
    RecordMaterialSet,
    ReturnIssue,
    ReturnMaterialSet,
    VoidIssue,
    VoidMaterialSet,
)
from ..programme import (
    CorrectProgramme,
    GetProgramme,
    ListProgrammes,
    RecordProgramme,
    ReturnProgramme,
    VoidProgramme,
)
from ..words import NAME
from .shared import NUMBER, REASON, RECORDED, STANDING, WRITE, lines_of, pieces, reported, returned, rows


def _units(told: list[str]) -> str:
    return "、".join(told) or "全部下级单位"


def _items(told: list[Record]) -> str:
    return "；".join(f"{each['title']}（{ITEM_KINDS[each['kind']]}，{each['hours']:g} 学时）" for each in told)


_PROGRAMME = Resource(
    service=NAME,
    kind="programme",
    plural="programmes",
    title="学习提升工程",
    get=GetProgramme,
    list=ListProgrammes,
    read=Action.read_study,
    write=WRITE,
    states=STANDING,
    labels={
        "number": NUMBER,
        "unit": Label("举办单位"),
        "title": Label("名称"),
        "day": Label("开始日期"),
        "last": Label("结束日期"),
        "units": Label("参加单位", "可选多个；不填为全部下级单位", read=pieces, say=_units),
        "reason": REASON,
    },
    columns=("day", "last", "unit"),
    filters=("offered",),
    add=Adding(RecordProgramme, form=("unit", "title", "day", "last", "units", "number")),
    steps=reported(CorrectProgramme, ReturnProgramme, VoidProgramme),
    waiting=(returned("学习提升工程"),),
    leads=(Lead("该工程的学习活动", "session", "programme"),),
)

_MATERIAL_SET = Resource(
    service=NAME,
    kind="material_set",
    plural="materials",
    collection="material_sets",
    title="学习资料",
    get=GetMaterialSet,
    list=ListMaterialSets,
    read=Action.read_materials,
    write=WRITE,
    states=STANDING,
    labels={
        "number": NUMBER,
        "unit": Label("配发单位"),
        "title": Label("名称"),
        "day": Label("日期"),
        "manner": Label("学习要求", words=MANNERS),
        "medium": Label("形式", words=MEDIA),
        "hours": Label("学时（按配发内容计）"),
        "items": Label(
            "组成",
            "每行一项：题名 学时",
            large=True,
            read=rows(r"(?P<title>.+?)(?:\s+(?P<hours>\d{1,3}(?:\.5|\.0)?))?", "题名 学时", "items"),
            write=lines_of("title", "hours"),
            say=_items,
        ),
        "reason": REASON,
    },
    columns=("manner", "unit", "day"),
    filters=("offered",),
    add=Adding(RecordMaterialSet, form=("unit", "title", "day", "manner", "medium", "items", "number")),
    steps=reported(CorrectMaterialSet, ReturnMaterialSet, VoidMaterialSet),
    waiting=(returned("学习资料"),),
    leads=(Lead("配发情况", "issue", "material"), Lead("登记配发", "issue", "material", new=True)),
)

_ISSUE = Resource(
    service=NAME,
    kind="issue",
    plural="issues",
    title="资料配发",
    get=GetIssue,
    list=ListIssues,
    read=Action.read_study,
    write=WRITE,
    states=STANDING,
    labels={
        "number": NUMBER,
        "unit": Label("单位"),
        "title": Label("资料名称"),
        "day": Label("日期"),
        "copies": Label("册数"),
        "material": Label("学习资料", "整套资料的，可不填", record="material_set", open_states=RECORDED),
        "reason": REASON,
    },
    columns=("day", "unit", "copies"),
    filters=("material",),
    add=Adding(RecordIssue, form=("unit", "title", "day", "copies", "material", "number")),
    steps=reported(CorrectIssue, ReturnIssue, VoidIssue),
    waiting=(returned("资料配发"),),
    export="issues",
)

RESOURCES = (_PROGRAMME, _MATERIAL_SET, _ISSUE)
