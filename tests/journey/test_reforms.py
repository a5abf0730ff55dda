"""A reform of the organs, as those meet it whom it concerns: names, superiors, mergers, each with its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.journey.province import ROOT, AsUser, Province, founded
from tests.journey.test_rest import SESSION, code, key, made

OLD, NEW, BUREAU, BRANCH, OTHER = "D070", "D071", "D072", "D072-B01", "D073"
UNITS = (
    (OLD, "示例省旧厅", "department", ROOT),
    (NEW, "示例省新厅", "department", ROOT),
    (BUREAU, "示例省某局", "institution", OLD),
    (BRANCH, "示例省某局党支部", "branch", BUREAU),
    (OTHER, "示例省另一局", "institution", OLD),
)
USERS = {
    "old-admin": ("unit_admin", OLD),
    "new-admin": ("unit_admin", NEW),
    "bureau-admin": ("unit_admin", BUREAU),
    "units-of-all": ("system_admin", ROOT),
    "units-of-old": ("system_admin", OLD),
}
DAY, BASIS = "2026-06-01", "示例编〔2026〕12号"
MAY, JUNE = {"from": "2026-05-01", "to": "2026-05-31"}, {"from": "2026-06-01", "to": "2026-06-30"}
SESSIONS = "study.sessions.branch"


@pytest.fixture(scope="module")
def as_user(province: Province, administrator: httpx.Client, sign_in: Callable[[str, str], httpx.Client]) -> AsUser:
    """Two departments, one with two bureaus below it, and who keeps them."""
    return founded(province, administrator, sign_in, UNITS, USERS)


def reported(client: httpx.Client, day: str) -> str:
    """A session of the bureau's branch, reported."""
    session: str = made(client.post("/study/sessions", json={**SESSION, "unit": BRANCH, "day": day}, headers=key()))[
        "id"
    ]
    made(client.post(f"/study/sessions/{session}/submissions", headers=key()))
    return session


def figures(province: Province, unit: str, span: dict[str, str]) -> Any:
    return province.report(unit, **span)["figures"][SESSIONS]


@pytest.mark.row("O1", "O2")
def test_a_bureau_moves_with_all_that_is_below_it(province: Province, as_user: AsUser) -> None:
    """Figures of past days stay, later ones are the new superior's; who sees and does what follows at once."""
    bureau, old, new, units = (as_user(name) for name in ("bureau-admin", "old-admin", "new-admin", "units-of-all"))
    before = reported(bureau, "2026-05-11")
    after = reported(bureau, "2026-06-11")
    province.settled(datetime.now(UTC))
    asked = {"parent": NEW, "day": DAY, "basis": BASIS}
    assert code(as_user("units-of-old").post(f"/units/{BUREAU}/moves", json=asked)) == (403, "unit.out_of_scope")
    assert code(old.post(f"/units/{BUREAU}/moves", json=asked)) == (403, "role.missing")
    assert code(units.post(f"/units/{OLD}/moves", json={**asked, "parent": BRANCH})) == (409, "unit.cycle")
    early = {**asked, "day": "2025-12-31"}
    assert code(units.post(f"/units/{BUREAU}/moves", json=early)) == (422, "unit.before_its_beginning")
    assert old.get(f"/study/sessions/{before}").status_code == 200
    moving = key()
    first = made(units.post(f"/units/{BUREAU}/moves", json=asked, headers=moving))
    assert made(units.post(f"/units/{BUREAU}/moves", json=asked, headers=moving)) == first
    assert old.get(f"/study/sessions/{before}").status_code in (403, 404)
    assert old.get("/study/sessions", params={"unit": BRANCH}).status_code == 403
    assert new.get(f"/study/sessions/{before}").status_code == 200
    seen = new.get("/study/sessions", params={"unit": NEW, "page_size": 200}).json()["items"]
    assert {row["id"] for row in seen} == {before, after}
    assert [figures(province, unit, MAY) for unit in (OLD, NEW, BUREAU)] == [1, 0, 1]
    assert [figures(province, unit, JUNE) for unit in (OLD, NEW, BUREAU)] == [0, 1, 1]
    late = reported(bureau, "2026-05-12")
    province.settled(datetime.now(UTC))
    assert [figures(province, unit, MAY) for unit in (OLD, NEW)] == [2, 0]
    behind = province.as_user("office").get(f"/figures/{SESSIONS}/records", params={"unit": OLD, **MAY}).json()
    assert ({row["record"] for row in behind["items"]}, behind["sum"]) == ({before, late}, 2)
    june = province.report(NEW, **JUNE, compare="before")
    assert [child["unit"] for child in june["children"]] == [BUREAU]
    assert [change["told"] for change in june["before"]["tree_changes"]] == [
        "示例省某局 由 示例省旧厅 划转至 示例省新厅"
    ]
    assert [child["unit"] for child in province.report(OLD, **MAY)["children"]] == [BUREAU, OTHER]


@pytest.mark.row("O2")
def test_units_are_renamed_merged_split_and_abolished(province: Province, as_user: AsUser) -> None:
    """Each with its day and its basis; what is left keeps a unit from being abolished; the list says what became."""
    units, day = as_user("units-of-all"), {"day": "2026-07-01", "basis": BASIS}
    made(units.post(f"/units/{NEW}/renamings", json={"name": "示例省新新厅", **day}))
    july = {"from": "2026-07-01", "to": "2026-07-31"}
    assert [province.report(NEW, **span)["unit_name"] for span in (JUNE, july)] == ["示例省新厅", "示例省新新厅"]
    part = {"id": "D074", "name": "示例省分出局", "children": [BRANCH]}
    made(units.post(f"/units/{BUREAU}/splits", json={"into": [part], **day}))
    assert units.get(f"/units/{BRANCH}").json()["path"] == [ROOT, NEW, "D074", BRANCH]
    assert code(units.post("/units/D074/abolition", json=day)) == (409, "unit.not_empty")
    made(units.post(f"/units/{OTHER}/abolition", json=day))
    gone = units.post(
        "/units", json={"id": "D075", "name": "样例", "kind": "branch", "parent": OTHER, "active_from": DAY}
    )
    assert code(gone) == (409, "unit.abolished")
    made(units.post(f"/units/{NEW}/mergers", json={"units": ["D074"], "day": "2026-08-01", "basis": BASIS}))
    merged = units.get("/units/D074").json()
    assert (merged["until"], merged["into"], merged["path"]) == ("2026-08-01", NEW, [ROOT, NEW, "D074"])
    assert units.get(f"/units/{BRANCH}").json()["path"] == [ROOT, NEW, BRANCH]
    told = units.get(f"/units/{NEW}/reforms").json()
    assert [row["kind"] for row in told["items"]] == ["merged", "renamed", "split", "moved"]


@pytest.mark.row("O2", "G7")
def test_a_reform_is_written_down_on_a_page(as_user: AsUser) -> None:
    """What has become of a unit is listed for everybody; who may change it has a form, and is told what is wrong."""
    units, old = as_user("units-of-all"), as_user("old-admin")
    for client, forms in ((units, 5), (old, 0)):
        page = _page(client, f"/reforms/{OLD}")
        assert page.status_code == 200
        assert page.text.count('<form class="stack"') == forms
        assert "划转至 示例省新厅" in page.text
    wrong = _page(units, f"/reforms/{OLD}/renamings", {"name": "示例省旧厅二", "day": "2025-01-01", "basis": BASIS})
    assert wrong.status_code == 422
    assert "早于单位成立日期" in wrong.text
    right = _page(units, f"/reforms/{OLD}/renamings", {"name": "示例省旧厅二", "day": "2026-08-01", "basis": BASIS})
    assert right.status_code == 303
    assert "示例省旧厅 更名为 示例省旧厅二" in _page(units, f"/reforms/{OLD}").text


def _page(client: httpx.Client, address: str, form: dict[str, str] | None = None) -> httpx.Response:
    """A page of the platform, which lies beside the API."""
    url = client.base_url.join(address)
    return client.get(url) if form is None else client.post(url, data=form)
