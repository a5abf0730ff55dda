"""`make faults`: clients work while fault after fault strikes; afterwards everything is drained and checked."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from services.cli.local.platform import Platform
from services.cli.local.process import free_port

from .check import Checker
from .injected import Faults
from .ledger import Client, Ledger, wait_for

PREFIX = "faults"
PASSWORD = "sample-password"  # of an account that lives as long as the campaign


def campaign(folder: Path, seed: int, rounds: int, *, clients: int = 6, pause: tuple[float, float] = (2.0, 6.0)) -> str:
    """Strike every fault `rounds` times; the last line of the answer says what was survived.

    Raises:
        AssertionError: something was lost, doubled or left over; says what.
    """
    print(f"seed {seed}", flush=True)
    chosen = random.Random(seed)
    environment = {
        "SHENGZHI_DATABASE_PREFIX": PREFIX,
        "SHENGZHI_HTTP_PORT": str(free_port()),
        "SHENGZHI_GRPC_PORT": str(free_port()),
        "SHENGZHI_TALLY_SECONDS": "15",
    }
    with Platform(folder, members=3, environment=environment) as platform:
        token = _prepare(platform)
        faults = Faults(platform, PREFIX, seed)
        stop, ledger = threading.Event(), Ledger()
        workers = [Client(f"c{n}", platform.url, token, ledger, seed + n, stop) for n in range(clients)]
        for worker in workers:
            worker.start()
        survived = 0
        for _ in range(rounds):
            for name, strike in faults.all().items():
                time.sleep(chosen.uniform(*pause))
                print(f"{time.strftime('%H:%M:%S')} {name} ({len(ledger.asked)} asked)", flush=True)
                strike()
                survived += 1
        time.sleep(5)
        stop.set()
        for worker in workers:
            worker.join(120)
        return _judge(platform, ledger, faults, survived)


def _prepare(platform: Platform) -> str:
    """Three units, a campaign, an account; give its token."""
    with httpx.Client(base_url=f"{platform.url}/api/v1", timeout=30) as http:

        def token(name: str, password: str) -> str:
            answer = http.post("/tokens", json={"name": name, "password": password}).raise_for_status()
            return str(answer.json()["token"])

        def post(path: str, body: dict[str, Any]) -> None:
            http.post(path, json=body).raise_for_status()

        http.headers["Authorization"] = f"Bearer {token('admin', (platform.secrets / 'admin.password').read_text())}"
        active = {"active_from": "2026-01-01"}
        post("/units", {"id": "P000", "name": "工委", "kind": "committee", **active})
        for number in range(3):
            unit = {"id": f"D{number:03d}", "name": f"样例单位{number}", "kind": "department", "parent": "P000"}
            post("/units", {**unit, **active})
        roles = [{"role": "office", "unit": "P000"}]
        post("/users", {"id": "office", "name": "样例", "password": PASSWORD, "roles": roles})
        http.headers["Authorization"] = f"Bearer {token('office', PASSWORD)}"
        post("/campaigns", {"id": "C2026", "name": "演练", "opens": "2026-02-01", "closes": "2026-10-31"})
        return token("office", PASSWORD)


def _judge(platform: Platform, ledger: Ledger, faults: Faults, survived: int) -> str:
    keys = [(platform.secrets / name).read_bytes() for name in ("chain.key", "master.key")]
    with MongoClient[dict[str, Any]](platform.mongo_uri, tz_aware=True) as client:
        checker = Checker(client, PREFIX, *keys)
        wait_for(checker.drained, 180, "draining the journals and queues")
        findings = checker.findings(ledger, faults.planted)
    command = [sys.executable, "-m", "services.cli", "audit", "--folder", str(platform.folder)]
    audit = subprocess.run(
        command, env={**os.environ, **platform.settings}, capture_output=True, text=True, check=False
    )
    print(audit.stdout, flush=True)
    if audit.returncode != 0:
        findings.append(f"audit: {audit.stdout[-500:]} {audit.stderr[-500:]}")
    acknowledged = sum(entry.submitted for entry in ledger.asked)
    print(
        f"{len(ledger.asked)} asked, {acknowledged} acknowledged, longest wait {ledger.longest_seconds:.1f} s",
        flush=True,
    )
    lost = sum(finding.startswith("lost") for finding in findings)
    doubled = sum(finding.startswith("doubled") for finding in findings)
    if findings:
        raise AssertionError("\n".join([f"faults: {lost} lost, {doubled} doubled", *findings[:30]]))
    return f"faults: {survived} survived, 0 lost, 0 doubled"
