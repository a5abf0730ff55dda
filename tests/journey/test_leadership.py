"""Leadership study: its four forms, essays that come of a reading class, lectures to all or by each leader."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.journey.province import Province
from tests.journey.test_rest import code, difference, made


@pytest.mark.row("S2")
def test_leaders_study_write_and_lecture(province: Province) -> None:
    """Each form counts for its way; an essay opens to its class and to no other session; each lecture counts one."""
    finance = province.as_user("finance")
    before = province.settled(datetime.now(UTC))
    ids: dict[str, str] = {}
    for form in ("first_agenda", "theory_group", "reading_class", "on_site"):
        session = {"unit": "D001", "day": "2026-04-10", "way": "leadership", "form": form, "title": form, "due": 8}
        ids[form] = made(finance.post("/study/sessions", json=session))["id"]
        made(finance.post(f"/study/sessions/{ids[form]}/submissions"))
    essay = {"unit": "D001", "day": "2026-04-20", "title": "学习体会"}
    linked = made(finance.post("/study/essays", json={**essay, "session": ids["reading_class"]}))["id"]
    assert finance.get(f"/study/essays/{linked}").json()["reading_class"]["id"] == ids["reading_class"]
    other = finance.post("/study/essays", json={**essay, "session": ids["on_site"]})
    assert code(other) == (422, "essay.session_not_reading_class")
    lecture = {"unit": "D001", "day": "2026-04-21", "title": "专题党课", "speaker_post": "党组书记", "audience": 60}
    lectures = [made(finance.post("/study/lectures", json={**lecture, "mode": mode}))["id"] for mode in ("all", "each")]
    counted = difference(before, province.settled(datetime.now(UTC)))
    assert (counted["study.sessions.leadership"], counted["study.essays"], counted["study.lectures"]) == (4, 1, 2)
    taken_back = (
        [f"sessions/{id}" for id in ids.values()] + [f"lectures/{id}" for id in lectures] + [f"essays/{linked}"]
    )
    for record in taken_back:
        made(finance.post(f"/study/{record}/voids", json={"reason": "演练"}))
    assert difference(before, province.settled(datetime.now(UTC))) == {}
