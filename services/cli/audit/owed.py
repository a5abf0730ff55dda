"""What units owe by plans and notices, and what their records have done of it: recounted at one instant."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.database import Database

from services.kernel.journal.store import Document
from services.kernel.journal.work import without_bookkeeping
from services.kernel.rules.aggregate import Aggregate
from services.study.domain import LECTURE, NOTICE, PLAN, RECEIPT, SESSION, receipt_id
from services.study.domain.account import Account, counts_of
from services.study.domain.duty import stands
from services.study.store.accounts import read_account

from .findings import Findings


def compare_owed(study: Database[Document], found: Findings) -> None:
    """Accounts are what sessions and lectures count; duties are how units with such accounts stand."""
    with study.client.start_session(snapshot=True) as session:
        practised: dict[str, Account] = defaultdict(Counter)
        for aggregate in (SESSION, LECTURE):
            for state in _states(study, aggregate, session).values():
                practised[state.unit].update(counts_of(state))
        _compare_accounts(study, session, practised, found)
        _compare_duties(study, session, practised, found)


def _compare_accounts(
    study: Database[Document], session: ClientSession, practised: dict[str, Account], found: Findings
) -> None:
    kept: dict[str, Account] = defaultdict(Counter)
    for account in study["accounts"].find(session=session):
        kept[account["unit"]].update(read_account(account))
    for unit in kept.keys() | practised.keys():
        found.compared["accounts"] += 1
        if kept[unit] != practised[unit]:
            found.differs(f"study 单位 {unit} 的活动次数登记与其记录不一致")


def _compare_duties(
    study: Database[Document], session: ClientSession, practised: dict[str, Account], found: Findings
) -> None:
    plans, receipts = (_states(study, aggregate, session) for aggregate in (PLAN, RECEIPT))
    notices = _states(study, NOTICE, session)
    moving = study["distributions"].distinct("source", {"state": "open"}, session=session)
    for duty in study["duties"].find({"source": {"$nin": moving}}, session=session):  # those are still being told
        found.compared["duties"] += 1
        unit, source = duty["unit"], duty["source"]
        expected: dict[str, Any] | None = None
        if source in plans:
            expected = stands(plans[source].windows(), practised[unit])
        elif source in notices and (receipt := receipts.get(receipt_id(source, unit))) is not None:
            expected = receipt.stands()
        if expected is None or {name: duty[name] for name in expected} != _kept(expected):
            found.differs(f"study 单位 {unit} 对 {source} 的应办情况与其记录不一致")


def _states(study: Database[Document], aggregate: Aggregate[Any], session: ClientSession) -> dict[str, Any]:
    return {
        document["_id"]: aggregate.state.model_validate(without_bookkeeping(document))
        for document in study[aggregate.collection].find(session=session)
    }


def _kept(told: dict[str, Any]) -> dict[str, Any]:
    """As the store keeps it: days are texts."""
    return {**told, "missing": told["missing"] and told["missing"].isoformat()}
