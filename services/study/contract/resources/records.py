"""Sessions, essays and lectures."""

from __future__ import annotations

from typing import Any

from services.kernel.resource import Adding, Label, Lead, Record, Resource, Step, Waiting
from services.organisation.contract import Action

from ..essay import CorrectEssay, GetEssay, ListEssays, RecordEssay, VoidEssay
from ..lecture import MODE_NAMES, CorrectLecture, GetLecture, ListLectures, RecordLecture, VoidLecture
from ..session import (
    FORM_NAMES,
    FORMS,
    REASON_NAMES,
    STATE_NAMES,
    WAYS,
    CorrectSession,
    DraftSession,
    Form,
    GetSession,
    HoldSession,
    ListSessions,
    ReturnSession,
    SessionState,
    SubmitSession,
    VoidSession,
    Way,
)
from ..words import NAME
from .shared import NUMBER, REASON, RETURN, WRITE

_WAY_OF = {form: way for way, forms in FORMS.items() for form in forms}
_LIVE = frozenset({"draft", "held", "submitted", "accepted", "returned"})
_ENTRY = {state: STATE_NAMES[state] for state in ("recorded", "void")}
_ABSENCES = {str(reason): name for reason, name in REASON_NAMES.items()} | {"excused": "请假"}


def _absences(told: Any) -> str:
    return "、".join(f"{_ABSENCES.get(each['reason'], '其他')} {each['count']} 人" for each in told) or "全部到齐"


def _with_way(content: dict[str, Any]) -> dict[str, Any]:
    """The way follows from the form; where the form is none, that is what is refused."""
    form = str(content.get("form", ""))
    return {**content, "way": _WAY_OF[Form(form)] if form in set(_WAY_OF) else Way.branch}


def _reading_class(told: Record) -> str:
    return str(told["title"])


_SESSION = Resource(
    service=NAME,
    kind="session",
    plural="sessions",
    title="学习活动",
    get=GetSession,
    list=ListSessions,
    read=Action.read_study,
    write=WRITE,
    states={str(state): STATE_NAMES[state] for state in SessionState},
    labels={
        "number": NUMBER,
        "unit": Label("单位"),
        "form": Label(
            "活动形式",
            "学习方式（领学、研学、精学、自学）随形式确定",
            words=FORM_NAMES,
            groups={WAYS[way]: forms for way, forms in FORMS.items()},
        ),
        "way": Label("学习方式", words=WAYS),
        "day": Label("日期"),
        "title": Label("标题"),
        "due": Label("应到人数", "不填则为党员名册当日在册人数；其余人员默认到齐，只填未到的"),
        "present": Label("实到人数"),
        "absences": Label("未到情况", words=REASON_NAMES, say=_absences, counted=("reason", "count")),
        "programme": Label("所属工程", record="programme", open_states=frozenset({"recorded"})),
        "reason": REASON,
    },
    columns=("day", "unit", "form", "due", "present"),
    filters=("way", "form", "programme"),
    add=Adding(
        HoldSession,
        form=("unit", "form", "day", "title", "due", "absences", "number"),
        variants={"held": HoldSession, "draft": DraftSession},
        by_platform=("学习方式", "实到人数", "状态", "登记账号", "登记时间"),
        button="只登记，暂不报送",
        complete=_with_way,
        then="submissions",
        then_button="登记并报送",
    ),
    steps=(
        Step(
            "submissions",
            "报送",
            SubmitSession,
            WRITE,
            frozenset({"draft", "held", "returned"}),
            lookups=("members",),
        ),
        Step("returns", "退回", ReturnSession, RETURN, frozenset({"submitted"}), form=("reason",), back=True),
        Step("corrections", "更正", CorrectSession, WRITE, _LIVE, whole=True),
        Step("voids", "作废", VoidSession, WRITE, _LIVE, form=("reason",), back=True),
    ),
    waiting=(
        Waiting("学习活动待报送", WRITE, {"state": "held"}),
        Waiting("学习活动被退回，待改正", WRITE, {"state": "returned"}),
    ),
    leads=(
        Lead(
            "登记为联学活动",
            "activity",
            "session",
            new=True,
            given=("unit", "title", "day"),
            only=("form", Form.joint_study),
        ),
    ),
    lookups=("members",),
)

_ESSAY = Resource(
    service=NAME,
    kind="essay",
    plural="essays",
    title="学习体会文章",
    get=GetEssay,
    list=ListEssays,
    read=Action.read_study,
    write=WRITE,
    states=_ENTRY,
    labels={
        "number": NUMBER,
        "unit": Label("单位"),
        "day": Label("日期"),
        "title": Label("标题", "不写作者姓名"),
        "session": Label("关联的读书班", "其本单位编号，可不填"),
        "reading_class": Label("关联读书班", say=_reading_class),
        "reason": REASON,
    },
    columns=("day", "unit"),
    add=Adding(RecordEssay, form=("unit", "title", "day", "session", "number")),
    steps=(
        Step("corrections", "更正", CorrectEssay, WRITE, frozenset({"recorded"}), whole=True),
        Step("voids", "作废", VoidEssay, WRITE, frozenset({"recorded"}), form=("reason",), back=True),
    ),
)

_LECTURE = Resource(
    service=NAME,
    kind="lecture",
    plural="lectures",
    title="专题党课",
    get=GetLecture,
    list=ListLectures,
    read=Action.read_study,
    write=WRITE,
    states=_ENTRY,
    labels={
        "number": NUMBER,
        "unit": Label("单位"),
        "day": Label("日期"),
        "title": Label("标题"),
        "mode": Label("讲授方式", words=MODE_NAMES),
        "speaker_post": Label("讲授人职务", "填职务，不填姓名"),
        "audience": Label("听课人数"),
        "reason": REASON,
    },
    columns=("day", "unit", "speaker_post"),
    add=Adding(RecordLecture, form=("unit", "title", "day", "mode", "speaker_post", "audience", "number")),
    steps=(
        Step("corrections", "更正", CorrectLecture, WRITE, frozenset({"recorded"}), whole=True),
        Step("voids", "作废", VoidLecture, WRITE, frozenset({"recorded"}), form=("reason",), back=True),
    ),
)

RESOURCES = (_SESSION, _ESSAY, _LECTURE)
