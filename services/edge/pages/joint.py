"""Joint study, contests, programmes, self-study on pages: words, forms, steps. Adding a kind is an entry in each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from pydantic import BaseModel

from services.gateway.domain import Action
from services.study import contract

from ..gate import Gate, Principal
from ..http_api import joint, study
from ..http_api.reported import Operations
from .fields import Field, Fields, chosen, made, pieces, rows

NAMES = {
    "pair": "联学结对",
    "activity": "联学活动",
    "contest": "比赛",
    "entry": "参赛作品",
    "programme": "学习提升工程",
    "material_set": "学习资料",
    "issue": "资料配发",
}
OPERATIONS: dict[str, Operations] = {
    "pair": joint.PAIRS,
    "activity": joint.ACTIVITIES,
    "contest": joint.CONTESTS,
    "entry": joint.ENTRIES,
    "programme": joint.PROGRAMMES,
    "material_set": joint.MATERIALS,
    "issue": joint.ISSUES,
}
LISTINGS: dict[str, type[study.Listing]] = {
    "pair": joint.PairListing,
    "activity": joint.ActivityListing,
    "contest": joint.Offered,
    "entry": joint.EntryListing,
    "programme": joint.Offered,
    "material_set": joint.Offered,
    "issue": joint.IssueListing,
}
COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "pair": (("central", "中直单位"), ("provincial", "省直单位"), ("day", "结对日期")),
    "activity": (
        ("day", "日期"),
        ("unit", "牵头单位"),
        ("central_people", "中直参加"),
        ("provincial_people", "省直参加"),
    ),
    "contest": (("contest_kind", "类别"), ("unit", "举办单位"), ("last", "截止日期")),
    "entry": (("day", "日期"), ("unit", "参赛单位")),
    "programme": (("day", "开始日期"), ("last", "结束日期"), ("unit", "举办单位")),
    "material_set": (("manner", "学习方式"), ("unit", "配发单位"), ("day", "日期")),
    "issue": (("day", "日期"), ("unit", "单位"), ("copies", "册数")),
}
_STANDING = {state: contract.STATE_NAMES[state] for state in ("recorded", "returned", "void")}
STATES: dict[str, dict[str, str]] = {
    kind: contract.CONTEST_STATES if kind == "contest" else _STANDING for kind in NAMES
}
LINKS = ("pair", "contest", "material", "tag", "offered")
"""What lists may be narrowed by besides, where their listing knows it: in the address alone, never typed."""
FIELDS = (
    ("central", "中直单位"),
    ("provincial", "省直单位"),
    ("contest_kind", "比赛类别"),
    ("last", "截止或结束日期"),
    ("central_people", "中直单位参加人数"),
    ("provincial_people", "省直单位参加人数"),
    ("organiser", "举办单位"),
    ("author", "作者"),
    ("reference", "作品存放"),
    ("manner", "学习要求"),
    ("medium", "形式"),
    ("hours", "学时（按配发内容计）"),
    ("copies", "册数"),
    ("entries", "作品数"),
)
WORDS: dict[str, Mapping[str, str]] = {
    "contest_kind": {str(kind): name for kind, name in contract.CONTEST_KINDS.items()},
    "manner": {str(manner): name for manner, name in contract.MANNERS.items()},
    "medium": {str(medium): name for medium, name in contract.MEDIA.items()},
}
UNITS = ("central", "provincial", "organiser")


def narrowed(kind: str) -> tuple[tuple[str, ...], str]:
    """By what else a list may be narrowed, and where it is exported."""
    listing, sheets = LISTINGS[kind], {"pair": "pairs", "activity": "activities", "entry": "entries", "issue": "issues"}
    exported = f"study/exports/{sheets[kind]}" if kind in sheets else ""
    return tuple(name for name in LINKS if name in listing.model_fields), exported


def told_apart(kind: str, record: dict[str, Any]) -> None:
    """A contest's kind is none of a ticket's: it goes by a name of its own."""
    if kind == "contest":
        record["contest_kind"] = record.pop("kind")


def lines_of(kind: str, record: dict[str, Any]) -> list[tuple[str, str]]:
    """What a record tells beyond its plain fields."""
    lines = [("标签", "、".join(record["tags"]))] if record.get("tags") else []
    if kind == "pair":
        told = record["progress"]
        people = f"中直单位 {told['central_people']:,} 人次，省直单位 {told['provincial_people']:,} 人次"
        latest = f"，最近一次 {told['latest']}" if told["latest"] else ""
        lines.append(("联学进展", f"{told['activities']:,} 次活动，{people}{latest}"))
    if kind == "contest":
        dropped = f"去掉 {record['drop_highest']} 个最高分、{record['drop_lowest']} 个最低分"
        criteria = "、".join(f"{each['name']}（满分 {each['full']}）" for each in record["criteria"])
        judges = record["judges"]
        awards = "、".join(f"{each['name']} {each['quota']} 名" for each in record["awards"])
        lines += [
            ("评分项", criteria),
            ("评分办法", f"{dropped}；同分{contract.TIES[record['tie']]}；{contract.MISSING[record['missing']]}"),
            ("评委", f"{judges} 名" if isinstance(judges, int) else "、".join(judges)),
            ("奖项", awards or "不设奖"),
        ]
    if kind == "programme":
        lines.append(("参加单位", "、".join(record["units"]) or "全部下级单位"))
    if kind == "material_set":
        kinds = contract.ITEM_KINDS
        items = (f"{each['title']}（{kinds[each['kind']]}，{each['hours']:g} 学时）" for each in record["items"])
        lines.append(("组成", "；".join(items)))
    return lines


def links_of(kind: str, record: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a record's page leads on to: (address, text)."""
    id, state = quote(record["id"]), record["state"]
    judged = [(f"/contests/{id}/results", "评审结果")] if state in ("closed", "published") else []
    awarded = [(f"/contests/{id}/awards", "获奖结果")] if state == "published" else []
    held = [(f"/records/session/{quote(record['session'])}", "学习活动")] if record.get("session") else []
    told = urlencode({name: record.get(name, "") for name in ("unit", "title", "day")})
    joint = [(f"/records/activity/new?session={id}&{told}", "登记为联学活动")]
    entries = [(f"/records/entry?contest={id}", "参赛作品"), (f"/records/entry/new?contest={id}", "登记参赛作品")]
    links = {
        "pair": [(f"/records/activity?pair={id}", "联学活动"), (f"/records/activity/new?pair={id}", "登记联学活动")],
        "activity": [(f"/records/pair/{quote(record.get('pair', ''))}", "所属结对"), *held],
        "session": joint if record.get("form") == contract.Form.joint_study else [],
        "contest": [*entries, *judged, *awarded],
        "entry": [(f"/records/contest/{quote(record.get('contest', ''))}", "所属比赛")],
        "programme": [(f"/records/session?programme={id}", "该工程的学习活动")],
        "material_set": [(f"/records/issue?material={id}", "配发情况"), (f"/materials/{id}/progress", "我的学习进度")],
    }
    return links.get(kind, [])


_UNIT = Field("单位", required=True, given=True, most=32)
_NUMBER = Field("本单位编号", note="自编，可不填；同一编号只登记一次", most=40)
_TAGS = Field("举措、载体标签", note="可不填；多个用顿号分开", most=200)
_TITLE = Field("标题", required=True, most=120)
_DAY = Field("日期", "date", required=True)
_HAND = ("状态", "登记账号", "登记时间")


@dataclass(frozen=True)
class Form:
    """A form: its fields, what the platform knows by itself, and the body that its values are."""

    fields: Fields
    body: Callable[[Mapping[str, str]], BaseModel]
    by_platform: tuple[str, ...] = _HAND

    def record(self, kind: str) -> Callable[..., Awaitable[Any]]:
        """Takes the typed values down by the API's own handler."""

        async def recorded(values: dict[str, str], request: Request, reader: Principal, gate: Gate) -> Any:
            body = self.body({name: value for name, value in values.items() if name in self.fields})
            return await OPERATIONS[kind].record(body=body, request=request, caller=reader, gate=gate)

        return recorded


def _body(model: type[BaseModel], **read: Callable[[str], Any]) -> Callable[[Mapping[str, str]], BaseModel]:
    """Values as a body; `read` turns the text of some fields into what they stand for."""

    def body(values: Mapping[str, str]) -> BaseModel:
        return made(model, {name: read.get(name, str)(value) for name, value in values.items()})

    return body


_CRITERIA = rows(r"(?P<name>.+?)\s+(?P<full>\d{1,4})", "名称 满分", "criteria")
_AWARDS = rows(r"(?P<name>.+?)\s+(?P<quota>\d{1,3})", "名称 名额", "awards")
_ITEMS = rows(r"(?P<title>.+?)(?:\s+(?P<hours>\d{1,3}(?:\.5|\.0)?))?", "题名 学时", "items")
FORMS = {
    "pair": Form(
        {
            "unit": _UNIT,
            "central": Field("中直单位编码", required=True, note="见单位名册", most=32),
            "provincial": Field("省直单位编码", required=True, note="见单位名册", most=32),
            "title": Field("主题", required=True, most=120),
            "day": Field("结对日期", "date", required=True),
            "last": Field("结束日期", "date", note="不填为长期"),
            "tags": _TAGS,
            "number": _NUMBER,
        },
        _body(contract.PairContent, tags=pieces),
    ),
    "activity": Form(
        {
            "unit": Field("牵头单位", required=True, given=True, most=32),
            "pair": Field("结对", required=True, note="本单位的结对编号，或从结对页面进入自动填写", most=64),
            "session": Field("学习活动编号", note="已登记为联学共建活动的填其编号，人数从中带入", most=64),
            "title": _TITLE,
            "day": _DAY,
            "central_people": Field("中直单位参加人数", "number"),
            "provincial_people": Field("省直单位参加人数", "number"),
            "tags": _TAGS,
            "number": _NUMBER,
        },
        _body(contract.ActivityContent, tags=pieces),
        ("参加单位", *_HAND),
    ),
    "contest": Form(
        {
            "unit": Field("举办单位", required=True, given=True, most=32),
            "title": Field("主题", required=True, most=120),
            "kind": Field("类别", required=True, choices=chosen(contract.CONTEST_KINDS)),
            "day": Field("征集开始", "date", required=True),
            "last": Field("征集截止", "date", required=True),
            "judges": Field("评委账号", required=True, note="用顿号或空格分开；须为评委角色", most=600),
            "criteria": Field("评分项", "textarea", required=True, note="每行一项：名称 满分", most=600),
            "drop_highest": Field("去掉最高分个数", "number"),
            "drop_lowest": Field("去掉最低分个数", "number"),
            "tie": Field("同分时", choices=chosen(contract.TIES)),
            "missing": Field("缺评时", choices=chosen(contract.MISSING)),
            "awards": Field("奖项", "textarea", note="每行一项：名称 名额", most=400),
            "tags": _TAGS,
            "number": _NUMBER,
        },
        _body(joint.NewContest, judges=pieces, criteria=_CRITERIA, awards=_AWARDS, tags=pieces),
    ),
    "entry": Form(
        {
            "unit": Field("参赛单位", required=True, given=True, most=32),
            "contest": Field("比赛", required=True, note="举办单位的比赛编号，或从比赛页面进入自动填写", most=64),
            "title": Field("作品名称", required=True, most=120),
            "day": _DAY,
            "author": Field("作者", required=True, note="填职务或展示编号，不填姓名", most=40),
            "reference": Field("作品存放", required=True, note="存放处的编号或地址；平台不存作品", most=200),
            "number": _NUMBER,
        },
        _body(contract.EntryContent),
        ("举办单位", *_HAND),
    ),
    "programme": Form(
        {
            "unit": Field("举办单位", required=True, given=True, most=32),
            "title": Field("名称", required=True, most=120),
            "day": Field("开始日期", "date", required=True),
            "last": Field("结束日期", "date", required=True),
            "units": Field("参加单位编码", "textarea", note="用顿号或空格分开；不填为全部下级单位", most=2000),
            "number": _NUMBER,
        },
        _body(contract.ProgrammeContent, units=pieces),
    ),
    "material_set": Form(
        {
            "unit": Field("配发单位", required=True, given=True, most=32),
            "title": Field("名称", required=True, most=120),
            "day": _DAY,
            "manner": Field("学习要求", required=True, choices=chosen(contract.MANNERS)),
            "medium": Field("形式", required=True, choices=chosen(contract.MEDIA)),
            "items": Field("组成", "textarea", required=True, note="每行一项：题名 学时", most=4000),
            "number": _NUMBER,
        },
        _body(contract.MaterialSetContent, items=_ITEMS),
    ),
    "issue": Form(
        {
            "unit": _UNIT,
            "title": Field("资料名称", required=True, most=120),
            "day": _DAY,
            "copies": Field("册数", "number", required=True),
            "material": Field("资料编号", note="整套资料的编号，可不填", most=64),
            "number": _NUMBER,
        },
        _body(contract.IssueContent),
    ),
}
_STANDS = frozenset({"recorded", "returned", "scoring", "closed", "published"})
Taken = tuple[str, str, frozenset[str], Action, Callable[..., Awaitable[Any]], type[BaseModel] | None]


def steps_of(kind: str) -> tuple[Taken, ...]:
    """The steps of a kind: address, title, from which states, who, the handler, and its body (a reason, or none)."""
    operations = OPERATIONS[kind]
    life: tuple[Taken, ...] = ()
    if kind == "contest":
        life = (
            ("scorings", "开始评审", frozenset({"recorded"}), Action.write_study, joint.start_scoring, None),
            ("closings", "结束评审", frozenset({"scoring"}), Action.write_study, joint.close_scoring, None),
            ("publications", "公布获奖结果", frozenset({"closed"}), Action.write_study, joint.publish_awards, None),
        )
    returner = Action.write_study if kind == "entry" else Action.return_study
    recorded = frozenset({"recorded"})
    return (
        *life,
        ("returns", "退回", recorded, returner, operations.give_back, study.WithReason),
        ("voids", "作废", _STANDS, Action.write_study, operations.void, study.WithReason),
    )
