"""The months of a parcel that units submit and their superior takes over, by the public API."""

from __future__ import annotations

import hashlib
from typing import Any

from services.cli.client import Api
from services.gateway.domain.lacks import RULES


def submit(office: Api, told: dict[str, Any]) -> None:
    """Open what is over, then month by month excuse, confirm, accept from below, give back; done once, however often.

    Raises:
        Refused: a step was not taken.
    """
    remarks = [{"key": rule.key, "text": told["remark"]} for rule in RULES]
    office.post("/submissions/openings", {})
    for step in told["months"]:
        month, ids = step["month"], _ids(office, step["month"])

        def act(unit: str, verb: str, body: dict[str, Any], month: str = month, ids: dict[str, str] = ids) -> None:
            key = hashlib.sha256(f"{verb} {unit} {month}".encode()).hexdigest()
            office.post(f"/submissions/{ids[unit]}/{verb}", body, key)

        for excuse in step["excuse"]:
            act(excuse["unit"], "excuses", {"reason": excuse["reason"]})
        for unit in step["confirm"]:
            act(unit, "confirmations", {"remarks": remarks})
        if step["accept"]:
            for unit in step["confirm"]:
                act(unit, "acceptances", {})
            act(told["unit"], "confirmations", {"remarks": remarks})
            act(told["unit"], "acceptances", {})
        for given_back in step["return"]:
            act(given_back["unit"], "returns", {"reason": given_back["reason"]})


def _ids(office: Api, month: str) -> dict[str, str]:
    """The submissions of a month by unit."""
    found: dict[str, str] = {}
    page = 0
    while True:
        page += 1
        listed = office.get("/submissions", month=month, page=page, page_size=200)
        found |= {row["unit"]: row["id"] for row in listed["items"]}
        if len(listed["items"]) < 200:
            return found
