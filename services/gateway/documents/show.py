"""How figures are shown: digits, rates, what is null and why, instants as a clock in China shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from services.kernel.clock import SHANGHAI

GROUPS = {"study": "理论学习", "hotline": "民声热线"}
REASONS = {"not_additive": "该期间不可累加", "no_denominator": "没有可计算的基数"}


def value(number: float | None, sort: str) -> str:
    """A figure's value as it is read: 1,234, 96.5%, or — where it is null."""
    if number is None:
        return "—"
    return f"{number * 100:.1f}%" if sort == "rate" else f"{number:,}"


def change(now: float | None, then: float | None, sort: str) -> str:
    """The difference to another period: +12, −3.5 个百分点, or nothing where one of the two is null."""
    if now is None or then is None:
        return ""
    if sort == "rate":
        points = (now - then) * 100
        return "持平" if abs(points) < 0.05 else f"{'+' if points > 0 else '−'}{abs(points):.1f} 个百分点"
    difference = now - then
    return "持平" if difference == 0 else f"{'+' if difference > 0 else '−'}{abs(difference):,}"


def instant(at: datetime | str | None) -> str:
    """An instant in Shanghai time, to the second."""
    if at is None:
        return "尚无"
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def day(value: date | str) -> str:
    """A day such as 2026年3月5日."""
    at = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{at.year}年{at.month}月{at.day}日"


def grouped(details: dict[str, Any]) -> dict[str, list[str]]:
    """Figures' ids by the service that they are about, in the catalogue's order."""
    found: dict[str, list[str]] = {}
    for id in details:
        found.setdefault(GROUPS.get(id.split(".")[0], id.split(".")[0]), []).append(id)
    return found
