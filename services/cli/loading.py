"""Loading a parcel through the public API: each sheet by somebody who may, then a wait by watermark and a check."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Self

from services.cli.accounts import Accounts
from services.cli.client import Api, Imported, Refused, RowRefused
from services.cli.parcel import Parcel, Part
from services.cli.submitting import submit
from services.organisation.contract import Role
from services.registry import SHEET_TITLES

AT_ONCE = 3
"""Uploads side by side to one service: while one is applied the next is sent and decided."""
BEGINNING = datetime.min.replace(tzinfo=UTC)

Mistakes = dict[str, set[tuple[int, str, str]]]


@dataclass
class Loaded:
    """What has come of a load so far. `recorded_until` is when the last row was recorded."""

    rows: int = 0
    skipped: int = 0
    recorded_until: datetime = BEGINNING
    refused: dict[str, list[RowRefused]] = field(default_factory=dict)

    def add(self, imported: Imported) -> None:
        """Count a sheet in."""
        self.rows += imported.rows
        self.skipped += imported.skipped
        if imported.recorded_until:
            self.recorded_until = max(self.recorded_until, imported.recorded_until)

    def unexpected(self, expected: Mistakes) -> Mistakes:
        """Where the refusals of the untidy sheets are not the expected ones: kind → what is in one of the two alone."""
        said = {kind: {(row.row, row.column, row.code) for row in rows} for kind, rows in self.refused.items()}
        found = {kind: said.get(kind, set()) ^ expected.get(kind, set()) for kind in {*expected, *said}}
        return {kind: rows for kind, rows in found.items() if rows}


class Loading:
    """A parcel on its way into the platform. Use it as a context: it signs in whom it needs, and leaves with them.

    `applied` is told of rows as the platform records them.
    """

    def __init__(
        self,
        url: str,
        parcel: Parcel,
        accounts: Accounts,
        applied: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self._url = url
        self._parcel = parcel
        self._accounts = accounts
        self._applied = applied
        self._leaving = ExitStack()
        self._areas: dict[str, Api] = {}
        self.loaded = Loaded()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._leaving.close()

    def send(self) -> None:
        """Units, users, campaign, members, excuses, plans, notices; what is done first, the ledgers, what is done last;
        months submitted and taken over, reports issued, what is corrected after that, and what becomes of units.

        Raises:
            Refused: a sheet was not taken; those before it were.
        """
        self._send_accounts()
        if self._parcel.campaign:
            self.office.post("/campaigns", self._parcel.campaign)
        for part in self._parcel.members:
            self._send(self.office, part)
        for excuse in self._parcel.excuses:
            self.office.post("/study/excuses", excuse, _key_of(excuse))
        self._do(self._parcel.opening)
        if self._parcel.plans:
            self._send_plans(self._parcel.plans)
        for batch in self._parcel.batches:
            self._send_batch(batch)
        self._do(self._parcel.closing)
        self._send_settled()

    def _send_accounts(self) -> None:
        """Units and accounts by the system administrator, the accounts' roles by the security administrator."""
        with (
            self._accounts.signed_in(self._url, self._accounts.system()) as admin,
            self._accounts.signed_in(self._url, self._accounts.security()) as guard,
        ):
            for part in self._parcel.units:
                self._send(admin, part)
            for part in self._parcel.users:
                made, held = self._accounts.with_passwords(part.file.read_bytes(), SHEET_TITLES)
                self._send(admin, part, made)
                self._check(part, guard.upload("roles", part.kind, part.file.name, held))

    def _send_settled(self) -> None:
        """What comes once the months are over."""
        if self._parcel.submissions:
            self.wait()
            submit(self.office, self._parcel.submissions)
            self.loaded.recorded_until = max(self.loaded.recorded_until, datetime.now(UTC))
        if self._parcel.issues:
            self.wait()
            self._do(self._parcel.issues)
        if self._parcel.late:
            self._send_batch(self._parcel.late)
        self._do(self._parcel.reforms)

    def send_untidy(self) -> None:
        """Sheets that must be refused, and what was said of them; one that is taken all the same has nothing said."""
        for part in self._parcel.untidy:
            try:
                self.loaded.add(self._by(part).upload(part.area, part.kind, part.file.name, part.file.read_bytes()))
                self.loaded.refused[part.kind] = []
            except Refused as refusal:
                self.loaded.refused[part.kind] = refusal.rows

    def wait(self, limit: float = 300) -> datetime:
        """Until the figures hold all that was sent, told by the watermark and not guessed; gives the report's `as_of`.

        Raises:
            Refused: that has not come about within the limit.
        """
        unit, until = self._accounts.acting(Role.office).unit, time.monotonic() + limit
        while True:
            told = self.office.get(f"/reports/{unit}", children="false")["as_of"]
            if told and (as_of := datetime.fromisoformat(told)) >= self.loaded.recorded_until:
                return as_of
            if time.monotonic() > until:
                raise Refused("figures.behind", f"{limit:.0f} 秒内数据未全部进入统计，统计截至 {told}")
            time.sleep(0.5)

    def differences(self) -> dict[str, tuple[object, object]]:
        """Figures that are not what the parcel says they must be: id → (expected, found)."""
        if self._parcel.figures is None:
            return {}
        told, period = self._parcel.figures, self._parcel.figures["period"]
        report = self.office.report(told["unit"], date.fromisoformat(period["from"]), date.fromisoformat(period["to"]))
        return differing(told["figures"], report["figures"])

    @property
    def office(self) -> Api:
        """The campaign office, signed in."""
        return self._signed_in("study", Role.office)

    def _by(self, part: Part) -> Api:
        return self._signed_in("hotline", Role.duty_supervisor) if part.area == "hotline" else self.office

    def _do(self, posts: Iterable[dict[str, Any]]) -> None:
        """Each by its account, under a key that its content makes: done once, however often it is loaded."""
        for number, post in enumerate(posts):
            account = self._accounts.named(post["by"])
            if account.id not in self._areas:
                entered = self._accounts.signed_in(self._url, account)
                self._areas[account.id] = self._leaving.enter_context(entered)
            self._areas[account.id].post(post["path"], post["body"], _key_of([number, post]))
            self.loaded.recorded_until = max(self.loaded.recorded_until, datetime.now(UTC))

    def _signed_in(self, area: str, role: Role) -> Api:
        if area not in self._areas:
            account = self._accounts.acting(role)
            entered = self._accounts.signed_in(self._url, account)
            self._areas[area] = self._leaving.enter_context(entered)
        return self._areas[area]

    def _send_plans(self, told: dict[str, Any], limit: float = 300) -> None:
        """A plan and the notices made of it, until they have come to every unit that they are for."""
        plan = self.office.post("/study/plans", told["plan"])["id"]
        self.office.post(f"/study/plans/{plan}/issues", {})
        sent = [f"/study/plans/{plan}"]
        for notice in told["notices"]:
            asked = {"unit": told["plan"]["unit"], "plan": plan, "month": notice["month"]}
            id = self.office.post("/study/notices", asked)["id"]
            self.office.post(f"/study/notices/{id}/issues", {"day": notice["day"]})
            sent.append(f"/study/notices/{id}")
        until = time.monotonic() + limit
        for address in sent:
            while (job := self.office.get(address)["distribution"])["state"] != "done":
                if time.monotonic() > until:
                    raise Refused("notices.behind", f"{limit:.0f} 秒内通知单未全部送达各支部")
                time.sleep(0.2)
            self.loaded.recorded_until = max(self.loaded.recorded_until, datetime.fromisoformat(job["until"]))

    def _send_batch(self, batch: list[Part]) -> None:
        """A batch, to all services at once, to each of them a few workbooks side by side, sheet after sheet of each."""
        queues: dict[str, dict[Path, list[Part]]] = {}
        for part in batch:
            self._by(part)  # signs in before the threads begin
            queues.setdefault(part.area, {}).setdefault(part.file, []).append(part)
        lanes = [
            [part for parts in list(files.values())[lane::AT_ONCE] for part in parts]
            for files in queues.values()
            for lane in range(AT_ONCE)
        ]
        with ThreadPoolExecutor(len(lanes)) as pool:
            for future in [pool.submit(self._send_lane, lane) for lane in lanes]:
                future.result()

    def _send_lane(self, parts: Iterable[Part]) -> None:
        for part in parts:
            self._send(self._by(part), part)

    def _send(self, api: Api, part: Part, data: bytes | None = None) -> None:
        sent = part.file.read_bytes() if data is None else data
        try:
            imported = api.upload(part.area, part.kind, part.file.name, sent, self._applied)
        except Refused as refusal:
            raise Refused(refusal.code, f"{part.file.name}：{refusal.detail}", refusal.rows) from refusal
        self._check(part, imported)
        self.loaded.add(imported)

    def _check(self, part: Part, imported: Imported) -> None:
        if imported.failures:
            detail = f"{part.file.name}：{len(imported.failures)} 行未能入账"
            raise Refused("import.rows_failed", detail, imported.failures)


def differing(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Figures that are not as expected, by id; rates may differ where a computer rounds."""
    return {id: (value, found.get(id)) for id, value in expected.items() if not _same(value, found.get(id))}


def _same(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) < 1e-9
    return one == other


def _key_of(told: Any) -> str:
    """A key that the content makes: the same content is done once, however often it is loaded."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
