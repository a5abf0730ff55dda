"""Monthly submissions on pages: what a unit confirms, what its superior takes over, what changed since."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from services.gateway.domain import Action, may
from services.gateway.store import directory, locked, opened, submissions
from services.gateway.store.period import Span
from services.kernel.message.errors import DomainError
from services.kernel.message.event import new_id
from services.organisation.contract import SUBMISSION_STATES, SubmissionState
from services.organisation.contract.permissions import PERMISSIONS

from ..documents import show
from ..documents.view import Addresses
from ..gate import Gate, Principal
from ..http_api import submissions as api
from ..http_api.auth import Gated
from ..http_api.errors import STATUSES
from .fields import made
from .forms import typed, with_key
from .records import PAGE_SIZE
from .screens import Reader, Screen, home_of, screen

router = APIRouter(include_in_schema=False, route_class=Screen)
MOST_CORRECTIONS = 50
_WAITING = (
    ("月度上报待报", Action.confirm_submissions, "unit", SubmissionState.open),
    ("月度上报被退回，待重报", Action.confirm_submissions, "unit", SubmissionState.returned),
    ("下级月度上报待审", Action.review_submissions, "superior", SubmissionState.submitted),
)


async def waiting(gate: Gate, reader: Principal) -> list[dict[str, Any]]:
    """What waits for the reader: months of their own units to submit, months of those right below to take over."""
    found = []
    for text, action, field, state in _WAITING:
        units = {unit for role, unit in reader.roles if role in PERMISSIONS[action]}
        for unit in sorted(units):
            asked: dict[str, Any] = {field: unit, "state": str(state), "page_size": 1}
            page = await submissions.listed(gate.database, unit, **asked)
            if page["total"]:
                href = f"/submissions?unit={unit}&{field if field == 'superior' else 'own'}={unit}&state={state}"
                found.append({"text": text, "total": page["total"], "more": page["more_than"], "href": href})
    return found


@router.get("/submissions")
async def submissions_view(
    request: Request,
    reader: Reader,
    gate: Gated,
    unit: Annotated[str, Query(max_length=32)] = "",
    month: Annotated[str, Query(pattern=r"^(|20\d\d-\d\d)$")] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    superior: Annotated[str, Query(max_length=32)] = "",
    own: Annotated[str, Query(max_length=32)] = "",
    page: int = Query(1, ge=1, le=10_000),
) -> Response:
    """Units' months side by side: where each stands, to be opened."""
    below = unit or home_of(reader) or ""
    await gate.allow(reader, Action.read_submissions, below)
    chosen = state if state in list(SubmissionState) else ""
    filters = {"month": month or None, "state": chosen or None, "superior": superior or None, "unit": own or None}
    found = await submissions.listed(gate.database, below, **filters, page=page, page_size=PAGE_SIZE)
    asked = {"unit": below, "month": month, "state": chosen, "superior": superior, "own": own}
    sheet = {name: value for name, value in (("unit", below), ("month", month), ("state", chosen)) if value}
    return screen(
        request,
        "submissions.html",
        found=found,
        asked=asked,
        sheet=sheet,
        states=SUBMISSION_STATES.items(),
        pages=-(-found["total"] // PAGE_SIZE),
    )


@router.get("/submissions/{id}")
async def submission_view(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """A unit's month: figures that open to their records, remarks, confirmation; for its superior the next steps."""
    return await _page(id, request, reader, gate)


@router.post("/submissions/{id}")
async def act(id: str, request: Request, reader: Reader, gate: Gated) -> Response:
    """Confirm, take over, give back, excuse or take an excuse back."""
    values = await typed(request)
    keyed = with_key(request, values.get("key", ""))
    given: dict[str, Any] = {"id": id, "request": keyed, "caller": reader, "gate": gate}
    because = {"returns": api.return_submission, "excuses": api.excuse_submission}
    because["reinstatements"] = api.reinstate_submission
    step = values.get("step", "")
    try:
        if step == "confirmations":
            said = {name.removeprefix("remark-"): text for name, text in values.items() if name.startswith("remark-")}
            remarks = [{"key": key, "text": text} for key, text in said.items()]
            await api.confirm_submission(body=made(api.Confirmation, {"remarks": remarks}), **given)
        elif step == "acceptances":
            await api.accept_submission(**given)
        elif step in because:
            await because[step](body=made(api.Because, {"reason": values.get("reason", "")}), **given)
        else:
            raise DomainError("request.invalid", "没有这一步")
    except DomainError as refusal:
        if refusal.kind not in ("invalid", "conflict"):
            raise
        return await _page(id, request, reader, gate, refusal, values)
    return RedirectResponse(f"/submissions/{id}", 303)


async def _page(
    id: str,
    request: Request,
    reader: Principal,
    gate: Gate,
    refusal: DomainError | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    found = await api.get_submission(id=id, caller=reader, gate=gate)
    path = (await directory.unit(gate.database, found["unit"]))["path"]
    of_superior = (await directory.unit(gate.database, found["superior"] or found["unit"]))["path"]
    lines = await _figures(gate, reader, found)
    corrected = None
    if (await locked.lock_states(gate.database, path, Span.of_month(found["month"])))[found["month"]]:
        corrected = await locked.corrections(
            gate.database, found["unit"], found["month"], 1, MOST_CORRECTIONS, roles=reader.roles
        )
    open_ = found["state"] in (SubmissionState.open, SubmissionState.returned)
    return screen(
        request,
        "submission.html",
        200 if refusal is None else STATUSES[refusal.kind][0],
        found=found,
        state=SUBMISSION_STATES[SubmissionState(found["state"])],
        states={str(key): text for key, text in SUBMISSION_STATES.items()},
        lines=lines,
        remarks={remark["key"]: remark["text"] for remark in found["remarks"]},
        corrected=corrected,
        may_confirm=open_ and may(reader.roles, Action.confirm_submissions, path) is not None,
        may_review=may(reader.roles, Action.review_submissions, of_superior) is not None,
        open=open_,
        refusal=refusal,
        values=values or {},
        key=new_id(),
    )


async def _figures(gate: Gate, reader: Principal, found: dict[str, Any]) -> list[dict[str, Any]]:
    """The month's figures: as they are, and where they are confirmed or locked as they stood then."""
    addresses = Addresses(found["period"], "", opens=opened.figures(reader.roles))
    then = found["figures"]
    if found["state"] == SubmissionState.accepted:
        kept = await locked.locked_report(gate.database, found["unit"], Span.of_month(found["month"]), children=False)
        then = kept["figures"]
    return [
        {
            "id": id,
            "name": detail["name"],
            "measure": detail["unit_of_measure"],
            "value": show.value(detail["value"], detail["sort"]),
            "then": show.value(then[id], detail["sort"]) if id in then else None,
            "differs": id in then and then[id] != detail["value"],
            "href": None if detail["value"] is None else addresses.records(id, found["unit"]),
        }
        for id, detail in found["details"].items()
    ]
