"""What names somebody is in clear in no store, event, log, export or page, wherever and however it was written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.journey.planted import NAME, NUMBERS, Observer, betrayed, cells, number, texts
from tests.journey.province import ROOT, Province
from tests.journey.test_rest import key, made

OF = "D001"
DAY = "2026-03-17"


def said() -> str:
    """A text with the next spelling in it."""
    return f"来人反映{number()}，请处理"


@pytest.fixture
def observer(province: Province) -> Iterator[Observer]:
    """A queue of the test's own on every service's exchange."""
    listening = Observer(province.platform)
    yield listening
    listening.close()


def ticket(province: Province) -> str:
    """A ticket's life with numbers and its caller's name in all that is written of it; its id."""
    agent, supervisor = province.as_user("agent"), province.as_user("supervisor")
    content = {
        "unit": ROOT,
        "channel": "phone",
        "kind": "help",
        "category": f"供水{number()}",
        "title": f"{NAME}反映{number()}",
        "received": f"{DAY}T09:00:00+08:00",
        "caller_name": NAME,
        "caller_phone": "13870015577",
        "text": f"{NAME}说：{'；'.join(NUMBERS)}",
    }
    registered = made(agent.post("/hotline/tickets", json=content))
    assert registered["redacted"] == ["category", "title"]
    address = f"/hotline/tickets/{registered['id']}"
    made(agent.post(f"{address}/classifications", json={"kind": "help", "category": said()}))
    made(agent.post(f"{address}/dispatches", json={"handler": "D002"}))
    handler = province.as_user("water-handler")
    assert "redacted" not in made(handler.post(f"{address}/signatures"))
    answered = made(handler.post(f"{address}/answers", json={"answer": f"已告知欧阳 样某，{said()}"}))
    assert answered["redacted"] == ["answer"]
    excluded = {"valid": False, "excluded_reason": said(), "excluded_by": f"值班长{number()}"}
    made(agent.post(f"{address}/callbacks", json=excluded))
    life = {"handler": "D002", "answered": f"{DAY}T10:00:00+08:00", "answer": f"{NAME}：{said()}"}
    corrected = {**content, "life": life, "reason": f"{NAME}{said()}"}
    made(supervisor.post(f"{address}/corrections", json=corrected))
    made(supervisor.post(f"{address}/voids", json={"reason": f"{NAME}{said()}"}))
    return str(registered["id"])


def studied(province: Province) -> dict[str, str]:
    """Records of study with numbers in them, corrected and taken back or left; kind → id."""
    finance, office, ids = province.as_user("finance"), province.as_user("office"), {}
    own = {"unit": OF, "day": DAY}
    bodies: dict[str, dict[str, Any]] = {
        "sessions": {"way": "leadership", "form": "first_agenda", "title": said(), "due": 5},
        "essays": {"title": said()},
        "lectures": {"title": said(), "mode": "all", "speaker_post": f"书记{number()}", "audience": 9},
        "issues": {"title": said(), "copies": 3},
    }
    for kind, body in bodies.items():
        content = {**own, **body}
        ids[kind] = made(finance.post(f"/study/{kind}", json=content))["id"]
        if kind == "sessions":
            made(finance.post(f"/study/{kind}/{ids[kind]}/submissions"))
            made(office.post(f"/study/{kind}/{ids[kind]}/returns", json={"reason": said()}))
        made(finance.post(f"/study/{kind}/{ids[kind]}/corrections", json={**content, "reason": said()}))
    contest = {
        "unit": OF,
        "day": DAY,
        "last": "2026-03-31",
        "title": said(),
        "kind": "essay",
        "criteria": [{"name": f"内容{number()}", "full": 100}],
        "awards": [{"name": f"奖{number()}", "quota": 1}],
    }
    judges = {"judges": ["nobody-at-all"]}
    assert not betrayed(office.post("/study/contests", json={**contest, **judges}).text)
    return ids


def researched(province: Province) -> dict[str, str]:
    """A topic, a visit and a measure with numbers in what is said of them; kind → id."""
    finance, leader = province.as_user("finance"), province.as_user("finance-leader")
    own = {"unit": OF, "day": DAY}
    topic = {
        **own,
        "title": said(),
        "kind": "solution",
        "leader": f"厅长{number()}",
        "group": [{"post": f"处长{number()}"}],
    }
    ids = {"topics": made(finance.post("/research/topics", json=topic))["id"]}
    address = f"/research/topics/{ids['topics']}"
    made(finance.post(f"{address}/outlines", json={"outline": "\n".join(said() for _ in NUMBERS)}))
    made(leader.post(f"{address}/approvals", json={"day": DAY}))
    place = {"place": f"某企业{number()}", "kind": "enterprise"}
    visit = {**own, **place, "title": said(), "topic": ids["topics"], "leader": f"处长{number()}", "findings": said()}
    ids["visits"] = made(finance.post("/research/visits", json=visit))["id"]
    measure = {**own, "title": said(), "topic": ids["topics"], "owner": OF, "due": "2026-06-30"}
    ids["measures"] = made(finance.post("/research/measures", json=measure))["id"]
    progress = {name: said() for name in ("done", "next", "problem", "support")}
    made(finance.post(f"/research/measures/{ids['measures']}/progress", json=progress))
    return ids


def stored(province: Province) -> list[str]:
    """Collections in which something that was planted can be read."""
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    return [
        f"{name}.{collection}"
        for name in province.databases.list_database_names()
        if name.startswith(f"{prefix}_")
        for collection in province.databases[name].list_collection_names()
        for document in province.databases[name][collection].find()
        if any(betrayed(text) for text in texts(document))
    ]


def shown(client: httpx.Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    if address.endswith((".xlsx", "/workbook")) or "/workbook?" in address:
        return "\n".join(cells(answer.content))
    return answer.text


@pytest.mark.row("L2", "L3", "L4")
def test_what_was_planted_is_nowhere_in_clear(province: Province, observer: Observer) -> None:
    """In every spelling and every kind of record: stores, events, logs, refusals, lists, sheets, pages."""
    taken_back = ticket(province)
    study, research = studied(province), researched(province)
    province.settled(datetime.now(UTC))
    assert stored(province) == []
    told = list(observer.bodies())
    assert len(told) >= 25
    assert [body for body in told if betrayed(body)] == []
    logs = (province.platform.folder / "logs").glob("*.log")
    assert [
        log.name for log in logs if any(betrayed(line) for line in log.read_text(errors="replace").splitlines())
    ] == []
    finance, office, agent = (province.as_user(name) for name in ("finance", "office", "agent"))
    span = "from=2026-03-17&to=2026-03-17"
    site = province.platform.url
    for address in (
        *(f"/study/{kind}/{id}" for kind, id in study.items()),
        *(f"/research/{kind}/{id}" for kind, id in research.items()),
        *(f"/study/{kind}?unit={OF}&page_size=200" for kind in study),
        *(f"/research/{kind}?unit={OF}&page_size=200" for kind in research),
        *(f"/research/exports/{kind}.xlsx?unit={OF}" for kind in research),
        *(f"/figures/study.{kind}/records?unit={OF}&{span}" for kind in ("essays", "lectures", "copies")),
        f"/figures/study.essays/records/workbook?unit={OF}&{span}",
        f"/figures/research.measures/records/workbook?unit={OF}&{span}",
        f"{site}/records/session/{study['sessions']}",
        f"{site}/records/topic/{research['topics']}",
        f"{site}/records/measure/{research['measures']}",
        f"{site}/figures/study.essays/records?unit={OF}&{span}",
    ):
        assert not betrayed(shown(finance, address)), address
    assert not betrayed(agent.get(f"/hotline/tickets/{taken_back}").text)
    assert not betrayed(shown(office, f"/hotline/tickets?unit={ROOT}&page_size=200"))
    clear = agent.get(f"/hotline/tickets/{taken_back}/caller", params={"reason": f"核对{number()}"}).json()
    assert (clear["caller_name"], clear["caller_phone"]) == (NAME, "13870015577")
    assert stored(province) == []
    for kind, id in study.items():
        made(finance.post(f"/study/{kind}/{id}/voids", json={"reason": said()}))
    for kind in ("measures", "visits", "topics"):
        made(finance.post(f"/research/{kind}/{research[kind]}/voids", json={"reason": said()}))
    assert stored(province) == []


@pytest.mark.row("L4")
def test_what_was_kept_before_is_masked_where_it_is_shown(province: Province) -> None:
    """A title that an earlier version stored as it was typed stays so in the store, and is shown to nobody."""
    finance = province.as_user("finance")
    essay = made(finance.post("/study/essays", json={"unit": OF, "day": DAY, "title": "学习体会"}, headers=key()))["id"]
    province.settled(datetime.now(UTC))
    prefix = province.platform.environment["SHENGZHI_DATABASE_PREFIX"]
    raw = {"$set": {"title": f"来人反映{NUMBERS[3]}"}}
    study, gateway = province.databases[f"{prefix}_study"], province.databases[f"{prefix}_gateway"]
    assert study["essays"].update_one({"_id": essay}, raw).modified_count == 1
    assert gateway["facts"].update_many({"record": essay}, raw).modified_count == 1
    span = f"unit={OF}&from={DAY}&to={DAY}"
    for address in (
        f"/study/essays/{essay}",
        f"/study/essays?unit={OF}&page_size=200",
        f"/figures/study.essays/records?{span}",
        f"/figures/study.essays/records/workbook?{span}",
        f"{province.platform.url}/records/essay/{essay}",
        f"{province.platform.url}/figures/study.essays/records?{span}",
    ):
        told = shown(finance, address)
        assert "来人反映〔号码〕" in told, address
        assert not betrayed(told), address
    kept = study["essays"].find_one({"_id": essay})
    assert kept is not None
    assert kept["title"] == f"来人反映{NUMBERS[3]}"
    made(finance.post(f"/study/essays/{essay}/voids", json={"reason": "演练"}))
    gateway["facts"].update_many({"record": essay, "title": {"$ne": None}}, {"$set": {"title": "学习体会"}})
    study["essays"].update_one({"_id": essay}, {"$set": {"title": "学习体会"}})
