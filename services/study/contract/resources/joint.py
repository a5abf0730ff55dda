"""Joint study and contests: pairs, activities, contests, entries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from services.kernel.resource import Adding, Label, Lead, Record, Resource, Step, Waiting
from services.organisation.contract import Action

from ..contest import (
    CONTEST_KINDS,
    CONTEST_STATES,
    MISSING,
    TIES,
    CloseScoring,
    CorrectContest,
    CorrectEntry,
    GetContest,
    GetEntry,
    ListContests,
    ListEntries,
    PublishAwards,
    RecordContest,
    RecordEntry,
    ReturnContest,
    ReturnEntry,
    StartScoring,
    VoidContest,
    VoidEntry,
)
from ..pair import (
    CorrectActivity,
    CorrectPair,
    GetActivity,
    GetPair,
    ListActivities,
    ListPairs,
    RecordActivity,
    RecordPair,
    ReturnActivity,
    ReturnPair,
    VoidActivity,
    VoidPair,
)
from ..words import NAME
from .shared import NUMBER, REASON, RECORDED, STANDING, TAGS, WRITE, lines_of, pieces, reported, returned, rows


def _progress(pair: Record) -> Iterator[tuple[str, str]]:
    told = pair["progress"]
    people = f"中直单位 {told['central_people']:,} 人次，省直单位 {told['provincial_people']:,} 人次"
    latest = f"，最近一次 {told['latest']}" if told["latest"] else ""
    yield "联学进展", f"{told['activities']:,} 次活动，{people}{latest}"


_PAIR = Resource(
    service=NAME,
    kind="pair",
    plural="pairs",
    title="联学结对",
    get=GetPair,
    list=ListPairs,
    read=Action.read_study,
    write=WRITE,
    states=STANDING,
    labels={
        "number": NUMBER,
        "unit": Label("单位"),
        "central": Label("中直单位"),
        "provincial": Label("省直单位"),
        "title": Label("主题"),
        "day": Label("结对日期"),
        "last": Label("结束日期", "不填为长期"),
        "tags": TAGS,
        "reason": REASON,
    },
    columns=("central", "provincial", "day"),
    filters=("tag",),
    add=Adding(RecordPair, form=("unit", "central", "provincial", "title", "day", "last", "tags", "number")),
    steps=reported(CorrectPair, ReturnPair, VoidPair),
    waiting=(returned("联学结对"),),
    leads=(
        Lead("联学活动", "activity", "pair"),
        Lead("登记联学活动", "activity", "pair", new=True),
    ),
    lookups=("tags",),
    export="pairs",
    told=_progress,
)

_ACTIVITY = Resource(
    service=NAME,
    kind="activity",
    plural="activities",
    title="联学活动",
    get=GetActivity,
    list=ListActivities,
    read=Action.read_study,
    write=WRITE,
    states=STANDING,
    labels={
        "number": NUMBER,
        "unit": Label("牵头单位"),
        "central": Label("中直单位"),
        "provincial": Label("省直单位"),
        "pair": Label("结对", record="pair", open_states=RECORDED),
        "session": Label("学习活动", "已登记为联学共建活动的填其编号，人数从中带入", record="session"),
        "title": Label("标题"),
        "day": Label("日期"),
        "central_people": Label("中直单位参加人数"),
        "provincial_people": Label("省直单位参加人数"),
        "tags": TAGS,
        "reason": REASON,
    },
    columns=("day", "unit", "central_people", "provincial_people"),
    filters=("pair", "tag"),
    add=Adding(
        RecordActivity,
        form=("unit", "pair", "session", "title", "day", "central_people", "provincial_people", "tags", "number"),
        by_platform=("参加单位", "状态", "登记账号", "登记时间"),
    ),
    steps=reported(CorrectActivity, ReturnActivity, VoidActivity),
    waiting=(returned("联学活动"),),
    lookups=("tags",),
    export="activities",
    known=frozenset({"row", "central", "provincial"}),
)


def _contest(contest: Record) -> Iterator[tuple[str, str]]:
    dropped = f"去掉 {contest['drop_highest']} 个最高分、{contest['drop_lowest']} 个最低分"
    yield "评分办法", f"{dropped}；同分{TIES[contest['tie']]}；{MISSING[contest['missing']]}"
    judges = contest["judges"]
    yield "评委", f"{judges} 名" if isinstance(judges, int) else "、".join(judges)
    yield "奖项", "、".join(f"{each['name']} {each['quota']} 名" for each in contest["awards"]) or "不设奖"


def _criteria(value: list[Record]) -> str:
    return "、".join(f"{each['name']}（满分 {each['full']}）" for each in value)


_SCORED = frozenset({"recorded", "returned", "scoring", "closed", "published"})
_CONTEST = Resource(
    service=NAME,
    kind="contest",
    plural="contests",
    title="比赛",
    get=GetContest,
    list=ListContests,
    read=Action.read_study,
    write=WRITE,
    states=CONTEST_STATES,
    labels={
        "number": NUMBER,
        "unit": Label("举办单位"),
        "title": Label("主题"),
        "kind": Label("比赛类别", words=CONTEST_KINDS),
        "day": Label("征集开始"),
        "last": Label("征集截止"),
        "judges": Label("评委账号", "用顿号或空格分开；须为评委角色", read=pieces, say=lambda told: ""),
        "criteria": Label(
            "评分项",
            "每行一项：名称 满分",
            large=True,
            read=rows(r"(?P<name>.+?)\s+(?P<full>\d{1,4})", "名称 满分", "criteria"),
            write=lines_of("name", "full"),
            say=_criteria,
        ),
        "drop_highest": Label("去掉最高分个数"),
        "drop_lowest": Label("去掉最低分个数"),
        "tie": Label("同分时", words=TIES),
        "missing": Label("缺评时", words=MISSING),
        "awards": Label(
            "奖项",
            "每行一项：名称 名额",
            large=True,
            read=rows(r"(?P<name>.+?)\s+(?P<quota>\d{1,3})", "名称 名额", "awards"),
            write=lines_of("name", "quota"),
            say=lambda told: "",
        ),
        "entries": Label("作品数"),
        "tags": TAGS,
        "reason": REASON,
    },
    columns=("kind", "unit", "last"),
    filters=("offered",),
    add=Adding(
        RecordContest,
        form=(
            *("unit", "title", "kind", "day", "last", "judges", "criteria", "drop_highest", "drop_lowest"),
            *("tie", "missing", "awards", "tags", "number"),
        ),
    ),
    steps=(
        Step("scorings", "开始评审", StartScoring, WRITE, RECORDED),
        Step("closings", "结束评审", CloseScoring, WRITE, frozenset({"scoring"})),
        Step("publications", "公布获奖结果", PublishAwards, WRITE, frozenset({"closed"})),
        *reported(CorrectContest, ReturnContest, VoidContest, _SCORED),
    ),
    waiting=(
        returned("比赛"),
        Waiting("比赛评审中，待结束", WRITE, {"state": "scoring"}),
        Waiting("比赛结果待公布", WRITE, {"state": "closed"}),
    ),
    leads=(Lead("参赛作品", "entry", "contest"), Lead("登记参赛作品", "entry", "contest", new=True)),
    lookups=("tags", "judges"),
    sent={
        "judges": (
            list[Annotated[str, Field(max_length=40)]],
            Field(min_length=1, max_length=15, description="评委账号"),
        )
    },
    told=_contest,
)

_ENTRY = Resource(
    service=NAME,
    kind="entry",
    plural="entries",
    title="参赛作品",
    get=GetEntry,
    list=ListEntries,
    read=Action.read_study,
    write=WRITE,
    states=STANDING,
    labels={
        "number": NUMBER,
        "unit": Label("参赛单位"),
        "contest": Label("比赛", record="contest", open_states=RECORDED),
        "organiser": Label("举办单位", unit=True),
        "title": Label("作品名称"),
        "day": Label("日期"),
        "author": Label("作者", "填职务或展示编号，不填姓名"),
        "reference": Label("作品存放", "存放处的编号或地址；平台不存作品"),
        "reason": REASON,
    },
    columns=("day", "unit"),
    filters=("contest",),
    add=Adding(
        RecordEntry,
        form=("unit", "contest", "title", "day", "author", "reference", "number"),
        by_platform=("举办单位", "状态", "登记账号", "登记时间"),
    ),
    steps=reported(CorrectEntry, ReturnEntry, VoidEntry, returner="organiser"),
    waiting=(returned("参赛作品"),),
    export="entries",
    history=False,
    known=frozenset({"row", "organiser"}),
)

RESOURCES = (_PAIR, _ACTIVITY, _CONTEST, _ENTRY)
