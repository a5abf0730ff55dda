"""Every sheet is sent again with every column changed, to services in processes of their own.

What is changed is refused at the row that changes it, and nothing happens; beside 更正 it is applied: said once more
without it, it is what is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from pymongo import MongoClient

from services.cli.local.process import wait_until
from services.gateway.contract import PERMITS as GATEWAY
from services.gateway.contract import SHEETS_BY
from services.hotline.contract import PERMITS as HOTLINE
from services.kernel.message.event import Envelope, new_id
from services.kernel.message.import_rows import AcceptImport, AddImportRows, GetImport
from services.kernel.message.permits import Permits
from services.kernel.sheets.sheet import Sheet
from services.registry import SERVICES
from services.research.contract import PERMITS as RESEARCH
from services.study.contract import PERMITS as STUDY
from tests.component.asking import PERIOD, Documents, serving
from tests.component.edge import acting, calling
from tests.eventually import PATIENCE

Cells = dict[str, Any]
SHEETS: dict[str, tuple[str, Sheet]] = {
    kind: (service.source, sheet) for service in SERVICES for kind, sheet in service.contract.SHEETS.items()
}
UNITS = {
    "R": "committee",
    "R/Z": "central",
    "R/Z2": "central",
    "R/D1": "department",
    "R/D1/B1": "branch",
    "R/D1/B2": "branch",
    "R/D2": "department",
    "R/D3": "department",
}
PATHS = {path.split("/")[-1]: path.split("/") for path in UNITS}
PERMITS: dict[str, Permits] = {"gateway": GATEWAY, "hotline": HOTLINE, "research": RESEARCH, "study": STUDY}
HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("first password")

_IDENTITY = "names the record: with another value it is another record"
_CONTROL = "says what is to be done"
_COMPUTED = "follows from the others, which it must agree with"
_STAGE = "a row that is behind its record takes nothing back, one that is ahead leads it on"
_REACHED = "told of stages that take visits and measures: tests/unit/research/domain/test_histories.py"
_LEDGER = {"number": _IDENTITY, "unit": _IDENTITY, "action": _CONTROL, "reason": _CONTROL}


@dataclass(frozen=True)
class Again:
    """A row as it is sent first; by column the cells with which it is sent again; and the columns left out, with why.

    Each changed column has a record of its own: in texts of `row`, {n} is its place. `fixed` are columns that no sheet
    changes, not even as a correction.
    """

    kind: str
    row: Cells
    changed: dict[str, Cells]
    left: dict[str, str] = field(default_factory=lambda: _LEDGER)
    correct: Cells = field(default_factory=lambda: {"action": "更正", "reason": "填写有误"})
    fixed: frozenset[str] = frozenset()
    first: dict[str, Cells] = field(default_factory=dict)
    """What a column's record has in the beginning, where it is not as the others."""
    role: str = "office"

    def rows(self, *, anew: bool, correct: bool = False, fixed: bool = False) -> list[Cells]:
        """A row for each column: as first sent, or changed, with or without the mark of a correction (`fixed`: of
        those which no correction changes).
        """
        rows = []
        for place, column in enumerate(self.changed):
            if correct and (column in self.fixed) != fixed:
                continue
            row = {**self.row, **self.first.get(column, {}), **(self.changed[column] if anew else {})}
            row |= self.correct if correct else {}
            rows.append({key: _placed(value, place) for key, value in row.items()})
        return rows


def _placed(value: Any, place: int) -> Any:
    return value.replace("{n}", f"{place:03d}").replace("{y}", str(2030 + place)) if isinstance(value, str) else value


def ledger(kind: str, row: Cells, changed: dict[str, Cells], **more: Any) -> Again:
    """A ledger's rows: dated, titled and numbered."""
    whole = {"number": "N-{n}", "unit": "D1", "day": "2025-03-05", "title": "标题", **row}
    return Again(kind, whole, {"day": {"day": "2025-03-06"}, "title": {"title": "另一标题"}, **changed}, **more)


_TAGS: dict[str, Cells] = {"tags": {"tags": "建在链上"}}
_TOPIC: Cells = {
    "kind": "对策性",
    "leader": "党组书记",
    "group": "处长×2",
    "state": "谋题",
    "outline": "到三个单位座谈",
}
_SURVEYED: Cells = {"state": "破题", "approved": "2025-03-10"}
_MEASURE: Cells = {"topic": "KT-1", "owner": "D2", "due": "2025-06-30"}
_NOTED: Cells = {"state": "推进中", "noted": "2025-04-01", "done": "已起草", "next": "印发"}
_SETTLED: Cells = {**_NOTED, "state": "已销号", "settled": "2025-05-06"}
_LIFE: Cells = {
    "handler": "D2",
    "dispatched": "2025-03-05 10:00",
    "signed": "2025-03-05 11:00",
    "answered": "2025-03-06 10:00",
    "answer": "已答复",
    "called_back": "2025-03-07 10:00",
    "valid": "是",
    "satisfaction": "满意",
    "completed": "2025-03-08 10:00",
}
_SEALED = {"tickets": ("text", "caller_name", "caller_phone"), "visits": ("findings",)}
"""Columns whose content lies beside the journal."""
TABLE = (
    ledger(
        "sessions",
        {"unit": "B1", "way": "研学", "form": "主题党日", "due": 20, "illness": 2},
        {
            "way": {"way": "精学", "form": "提升工程"},
            "form": {"form": "研讨"},
            "due": {"due": 21},
            **{each: {each: 3} for each in ("duty", "illness", "personal", "absent", "transferred", "exempt")},
            "programme": {"programme": "TS-2"},
        },
        first={"programme": {"way": "精学", "form": "提升工程", "programme": "TS-1"}},
        left={**_LEDGER, "present": _COMPUTED},
    ),
    ledger("essays", {"session": "DS-1"}, {"session": {"session": "DS-2"}}),
    ledger(
        "lectures",
        {"mode": "集中讲", "speaker_post": "党组书记", "audience": 60},
        {"mode": {"mode": "分头讲"}, "speaker_post": {"speaker_post": "副厅长"}, "audience": {"audience": 61}},
    ),
    Again(
        "attendance",
        {"session": "DM-1", "unit": "B1", "member": "DY-900", "outcome": "病假"},
        {"outcome": {"outcome": "缺席"}},
        left={"session": _IDENTITY, "unit": _IDENTITY, "member": _IDENTITY, "reason": _CONTROL},
        correct={"reason": "填写有误"},
    ),
    Again(
        "receipts",
        {"unit": "B1", "number": "2025-03", "issuer": "D1", "plan": "JH-1", "day": "2025-03-05"},
        {"day": {"day": "2025-03-06"}},
        left={**_LEDGER, "issuer": _IDENTITY, "plan": _IDENTITY},
    ),
    ledger(
        "pairs",
        {"central": "Z", "provincial": "D1"},
        {
            "central": {"central": "Z2"},
            "provincial": {"provincial": "D2"},
            "last": {"last": "2025-12-31"},
            **_TAGS,
        },
        first={"provincial": {"unit": "Z"}},
        fixed=frozenset(("central", "provincial")),
    ),
    ledger(
        "activities",
        {"pair": "JD-1", "central_people": 3, "provincial_people": 4},
        {
            "pair": {"pair": "JD-2"},
            "pair_unit": {"pair_unit": "Z"},
            "session": {"session": "LX-2"},
            "central_people": {"central_people": 5},
            "provincial_people": {"provincial_people": 6},
            **_TAGS,
        },
        first={"session": {"session": "LX-1"}},
        fixed=frozenset(("pair", "pair_unit")),
    ),
    ledger(
        "entries",
        {"contest": "BS-1", "author": "7 号选手", "reference": "征文-7"},
        {"contest": {"contest": "BS-2"}, "author": {"author": "8 号选手"}, "reference": {"reference": "征文-8"}},
        fixed=frozenset(("contest",)),
    ),
    ledger("issues", {"copies": 60, "material": "ZL-1"}, {"copies": {"copies": 61}, "material": {"material": "ZL-2"}}),
    ledger(
        "topics",
        _TOPIC,
        {
            "kind": {"kind": "战略性"},
            "leader": {"leader": "副厅长"},
            "group": {"group": "处长×3"},
            "cooperating": {"cooperating": "D2"},
            **_TAGS,
            "outline": {"outline": "到四个单位座谈"},
            "approved": {"approved": "2025-03-11"},
            "report": {"report": "另一报告"},
            "reported": {"reported": "2025-04-02"},
            "summary": {"summary": "堵点在流程"},
        },
        first={
            "approved": _SURVEYED,
            **{
                column: {**_SURVEYED, "report": "调研报告", "reported": "2025-04-01", "summary": "堵点在标准"}
                for column in ("report", "reported", "summary")
            },
        },
        left={
            **_LEDGER,
            "state": _STAGE,
            **dict.fromkeys(
                ("revisited", "effective", "finding", "closed"),
                _REACHED,
            ),
        },
    ),
    ledger(
        "visits",
        {"topic": "KT-1", "leader": "副厅长", "people": 3, "place": "示例公司", "kind": "企业", "findings": "堵点"},
        {
            "topic": {"topic": "KT-2"},
            "leader": {"leader": "厅长"},
            "people": {"people": 4},
            "visited": {"visited": "D2", "place": "", "kind": "省直单位", "counts_as": "D2"},
            "place": {"place": "另一公司"},
            "kind": {"kind": "其他（村、社区等）"},
            "findings": {"findings": "堵点在流程"},
        },
    ),
    ledger(
        "measures",
        _MEASURE,
        {
            "topic": {"topic": "KT-2"},
            "owner": {"owner": "D3"},
            "cooperating": {"cooperating": "D3"},
            **_TAGS,
            "due": {"due": "2025-07-31"},
            "noted": {"noted": "2025-03-31"},
            "done": {"done": "已印发"},
            "next": {"next": "培训"},
            "problem": {"problem": "人手不足"},
            "support": {"support": "经费"},
            "settled": {"settled": "2025-05-07"},
            "became": {"became": "问题"},
        },
        first={
            **dict.fromkeys(("noted", "done", "next", "problem", "support"), _NOTED),
            "settled": _SETTLED,
            "became": {**_SETTLED, "became": "制度"},
        },
        left={**_LEDGER, "state": _STAGE},
        fixed=frozenset({"became"}),
    ),
    Again(
        "tickets",
        {
            "number": "N-{n}",
            "unit": "R",
            "channel": "电话",
            "kind": "咨询",
            "category": "社会保障",
            "title": "咨询备案",
            "received": "2025-03-05 09:00",
            **_LIFE,
        },
        {
            "channel": {"channel": "网络"},
            "kind": {"kind": "建议"},
            "category": {"category": "住房"},
            "title": {"title": "咨询办理"},
            "text": {"text": "原文"},
            "caller_name": {"caller_name": "王某某"},
            "caller_phone": {"caller_phone": "0311-1234"},
            "confidential": {"confidential": "是"},
            "reported_unit": {"reported_unit": "D3"},
            "received": {"received": "2025-03-05 09:30"},
            "handler": {"handler": "D3"},
            "dispatched": {"dispatched": "2025-03-05 10:30"},
            "signed": {"signed": "2025-03-05 11:30"},
            "answered": {"answered": "2025-03-06 10:30"},
            "answer": {"answer": "另一答复"},
            "called_back": {"called_back": "2025-03-07 10:30"},
            "valid": {"valid": "否", "excluded_reason": "恶意", "excluded_by": "值班长"},
            "responded": {"responded": "是"},
            "solved": {"solved": "是"},
            "satisfaction": {"satisfaction": "基本满意"},
            "excluded_reason": {"excluded_reason": "重复"},
            "excluded_by": {"excluded_by": "主任"},
            "completed": {"completed": "2025-03-08 10:30"},
        },
        first={
            column: {"valid": "否", "excluded_reason": "恶意", "excluded_by": "值班长"}
            for column in ("excluded_reason", "excluded_by")
        },
        role="duty_supervisor",
    ),
    Again(
        "units",
        {"id": "U{n}", "name": "示例单位", "kind": "省直单位", "parent": "D1", "active_from": "2025-01-01"},
        {
            "name": {"name": "另一单位"},
            "short_name": {"short_name": "简称"},
            "kind": {"kind": "事业单位"},
            "parent": {"parent": "D2"},
            "credit_code": {"credit_code": "1100"},
            "party_code": {"party_code": "2200"},
            "members": {"members": 3},
            "active_from": {"active_from": "2025-01-02"},
        },
        left={"id": _IDENTITY},
        fixed=frozenset(
            ("name", "short_name", "kind", "parent", "credit_code", "party_code", "members", "active_from")
        ),
        role="system_admin",
    ),
    Again(
        "users",
        {"id": "user-{n}", "name": "王五", "unit": "D1", "password": HASH},
        {"name": {"name": "赵六"}, "unit": {"unit": "D2"}},
        left={
            "id": _IDENTITY,
            "password": "given once: its holder has changed it since, and a salted hash compares with nothing",
            "role": "the security administrator's: each row gives or takes one",
            "action": _CONTROL,
        },
        fixed=frozenset(("name", "unit")),
        role="system_admin",
    ),
    Again(
        "members",
        {"id": "DY-{n}", "name": "王五", "unit": "B1", "since": "2025-02-01", "until": "2025-06-01"},
        {
            "name": {"name": "赵六"},
            "unit": {"unit": "B2"},
            "since": {"since": "2025-02-02"},
            "until": {"until": "2025-06-02"},
            "user": {"user": "wang-wu"},
        },
        left={"id": _IDENTITY, "action": _CONTROL, "reason": _CONTROL},
        role="system_admin",
    ),
    Again(
        "calendars",
        {
            "year": "{y}",
            "new_year": "{y}-01-01",
            "spring": "{y}-02-10至{y}-02-16",
            "qingming": "{y}-04-05",
            "labour": "{y}-05-01",
            "dragon_boat": "{y}-06-10",
            "mid_autumn": "{y}-09-15",
            "national": "{y}-10-01至{y}-10-07",
            "source": "通知",
        },
        {
            "new_year": {"new_year": "{y}-01-02"},
            "spring": {"spring": "{y}-02-11至{y}-02-16"},
            "qingming": {"qingming": "{y}-04-04"},
            "labour": {"labour": "{y}-05-02"},
            "dragon_boat": {"dragon_boat": "{y}-06-11"},
            "mid_autumn": {"mid_autumn": "{y}-09-16"},
            "national": {"national": "{y}-10-01至{y}-10-08"},
            "others": {"others": "抗战纪念：{y}-09-03"},
            "working": {"working": "2038-01-09"},
            "source": {"source": "另一通知"},
        },
        left={"year": _IDENTITY, "action": _CONTROL, "reason": _CONTROL},
        role="operations",
    ),
)


class Sending:
    """Sends sheets to running services."""

    def __init__(self, client: Any, databases: dict[str, Documents]) -> None:
        self._client, self.databases = client, databases

    def ask(self, service: str, method: str, body: Cells, role: str = "office", permits: Permits | None = None) -> Any:
        """A command by somebody who may give it everywhere."""
        known = permits or PERMITS[service]
        unit = "*" if service == "gateway" else "R"
        told: Cells = {
            "command_id": new_id(),
            "actor": acting(known, method, unit, role, "office"),
            "paths": {**PATHS, "*": ["*"]},
            "named": PATHS,
            "periods": [PERIOD],
            "deadline": datetime.now(UTC) + timedelta(seconds=PATIENCE),
        }
        envelope = Envelope.model_validate(told).model_dump(mode="json")
        return getattr(getattr(self._client, service), method)(envelope=envelope, body=body)

    def sheet(self, kind: str, rows: list[Cells], role: str = "office") -> Any:
        """What became of a sheet, once it was applied or refused."""
        service, import_id = SHEETS[kind][0], new_id()
        permits: Permits | None = None
        if service == "gateway":
            ways = GATEWAY[AddImportRows]
            fitting = [each for each in SHEETS_BY[kind] if role in ways[each]]
            action = [*fitting, *SHEETS_BY[kind]][0]
            role = role if fitting else min(ways[action])
            permits = {each: {action: ways[action]} for each in (AddImportRows, AcceptImport, GetImport)}
        numbered = [{"_row": number, **row} for number, row in enumerate(rows, start=2)]
        chunk = {"import_id": import_id, "kind": kind, "first": 0, "rows": numbered}
        self.ask(service, "add_import_rows", chunk, role, permits)
        asked = {"import_id": import_id, "kind": kind, "rows": len(rows)}
        state = self.ask(service, "accept_import", asked, role, permits)
        until = time.monotonic() + PATIENCE
        while state["state"] == "accepted" and time.monotonic() < until:
            time.sleep(0.05)
            state = self.ask(service, "get_import", {"import_id": import_id}, role, permits)
        return state

    def applied(self, kind: str, rows: list[Cells], role: str = "office") -> int:
        """Send rows that are in order; how many said nothing new."""
        state = self.sheet(kind, rows, role)
        told = [each["detail"] for each in (*state["errors"], *state["failures"])]
        assert (state["state"], told) == ("applied", [])
        return int(state["skipped"])

    def entries(self, kind: str) -> int:
        """How much the service has recorded."""
        return self.databases[SHEETS[kind][0]]["journal"].count_documents({})


@pytest.fixture(scope="module")
def send(
    module_vhost: str, mongo: str, mongo_client: MongoClient[Cells], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sending]:
    """All services side by side, with what the rows name."""
    with ExitStack() as running:
        databases = {}
        for service in (each.source for each in SERVICES):
            folder: Path = tmp_path_factory.mktemp(service)
            for name in ("admin", "security", "audit"):
                (folder / f"{name}.password").write_text(f"first-password-{name}")
            databases[service] = running.enter_context(serving(service, module_vhost, mongo, mongo_client, folder))
        sending = Sending(running.enter_context(calling(module_vhost)), databases)
        _organise(sending)
        _prepare(sending)
        yield sending


def _organise(send: Sending) -> None:
    """The tree, to its owner and to study's directory; somebody on a branch's list."""
    for path, kind in UNITS.items():
        *above, unit = path.split("/")
        body = {"id": unit, "name": unit, "kind": kind, "parent": above[-1] if above else None, "members": 9}
        send.ask("gateway", "add_unit", {**body, "active_from": "2024-01-01"}, "system_admin")
    found = send.databases["study"]["units"]
    assert wait_until(lambda: found.count_documents({}) == len(UNITS), PATIENCE)
    member = {"name": "王五", "unit": "B1", "since": "2024-02-01"}
    send.applied("members", [{**member, "id": f"DY-9{place:02d}"} for place in range(3)], "system_admin")
    assert wait_until(lambda: send.databases["study"]["members"].count_documents({}) == 3, PATIENCE)


def _prepare(send: Sending) -> None:
    """Records to which the rows refer."""
    content = {"unit": "D1", "day": "2025-01-06", "title": "标题"}
    for place in ("1", "2"):
        told = {**content, "id": f"p{place}", "number": f"TS-{place}", "last": "2025-12-31"}
        send.ask("study", "record_programme", told)
        contest = {"number": f"BS-{place}", "kind": "essay", "last": "2026-12-31", "criteria": [{"name": "立意"}]}
        judges = [{"user": "j", "units": []}]
        send.ask("study", "record_contest", {**content, "id": f"c{place}", "judges": judges, **contest})
        material = {"number": f"ZL-{place}", "manner": "complete", "medium": "offline", "items": [{"title": "读本"}]}
        send.ask("study", "record_material_set", {**content, "id": f"m{place}", **material})
        joint = {**content, "unit": "D1", "number": f"LX-{place}", "way": "精学", "form": "联学共建", "due": 9}
        send.applied(
            "sessions", [{**joint, "day": "2025-03-05"}, {**joint, "day": "2025-03-05", "number": "DS-" + place}]
        )
        send.applied("pairs", [{**content, "number": f"JD-{place}", "central": "Z", "provincial": "D1"}])
        topic = {**content, "number": f"KT-{place}", **_TOPIC, "state": "破题", "approved": "2025-01-07"}
        send.applied("topics", [topic])
    send.applied("pairs", [{**content, "unit": "Z", "number": "JD-1", "central": "Z", "provincial": "D1"}])
    named = {"unit": "B1", "day": "2025-03-05", "title": "点名", "way": "研学", "form": "主题党日"}
    send.applied("sessions", [{**named, "number": "DM-1"}])
    plan = {"id": "plan", "unit": "D1", "title": "计划", "first": "2025-01", "last": "2025-06", "number": "JH-1"}
    id = send.ask("study", "draft_plan", {**plan, "requirements": [{"kind": "theme_day"}]})["id"]
    send.ask("study", "issue_plan", {"id": id})
    notice = send.ask("study", "draft_notice", {"unit": "D1", "plan": id, "month": "2025-03"})["id"]
    send.ask("study", "issue_notice", {"id": notice, "day": "2025-03-01"})
    receipts = send.databases["study"]["receipts"]
    assert wait_until(lambda: receipts.count_documents({"unit": "B1"}) == 1, PATIENCE)


def test_every_column_of_every_sheet_is_tried() -> None:
    """Changed, or left out for a reason that is given."""
    assert {again.kind for again in TABLE} == {*SHEETS}
    for again in TABLE:
        columns = {column.key for column in SHEETS[again.kind][1].columns}
        assert {*again.changed, *again.left} >= columns, again.kind
        assert not {*again.changed} & {*again.left}, again.kind


@pytest.mark.parametrize("again", TABLE, ids=lambda again: again.kind)
def test_what_is_changed_is_refused_without_a_correction_and_applied_with_it(send: Sending, again: Again) -> None:
    """Row by row; and the rows as they were first sent, or as they were corrected, say nothing new."""
    send.applied(again.kind, again.rows(anew=False), again.role)
    before = send.entries(again.kind)
    assert send.applied(again.kind, again.rows(anew=False), again.role) == len(again.changed)
    refused = send.sheet(again.kind, again.rows(anew=True), again.role)
    wrong = {error["row"]: error for error in refused["errors"]}
    taken = [column for row, column in enumerate(again.changed, start=2) if row not in wrong]
    assert (refused["state"], taken) == ("refused", [])
    columns = {column.key for column in SHEETS[again.kind][1].columns}
    assert all(error["column"] in columns and error["detail"] for error in wrong.values()), wrong
    assert send.entries(again.kind) == before
    never = again.rows(anew=True, correct=True, fixed=True)
    if "reason" not in columns:
        return
    assert not never or send.sheet(again.kind, never, again.role)["wrong"] == len(never)
    corrected = again.rows(anew=True, correct=True)
    news = len(corrected) - send.applied(again.kind, corrected, again.role)
    assert news + len(_SEALED.get(again.kind, ())) == len(corrected)
    assert send.applied(again.kind, corrected, again.role) == len(corrected)
