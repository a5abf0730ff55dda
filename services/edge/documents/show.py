"""How figures are shown: digits, rates, what is null and why, instants as a clock in China shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from services.gateway.projection import METRICS, RATES
from services.kernel.message.clock import SHANGHAI
from services.registry import SERVICES

PLATFORM = "省直机关主题教育工作平台"
BANNER = "本平台为非涉密系统，严禁处理、存储国家秘密"
GROUPS = {service.figures: service.title for service in SERVICES}
REASONS = {
    "not_additive": "去重计数，只按整月、整季、整年或活动期统计",
    "no_denominator": "没有可计算的基数",
    "capped": "有人员或单位刚调出、离开，尚未从覆盖数中减去，暂按 100% 计",
}
SORTS = {"flow": "期间累计", "level": "期末数", "distinct": "去重计数", "rate": "比率"}
GRAINS = {"month": "月", "quarter": "季", "year": "年", "campaign": "活动期"}
NONE = "—"
_WINDOWS = {"month": "整月", "quarter": "整季", "year": "整年", "campaign": "活动期"}
_MOST_DIGITS = 4
_FOLD = 10
"""Growth from so many times on is told as a multiple: nobody reads +104,500.0%."""


def value(number: float | None, sort: str) -> str:
    """A figure's value as it is read: 1,234, 96.5%, or — where it is null."""
    if number is None:
        return NONE
    return f"{_percent(number)}%" if sort == "rate" else f"{number:,}"


def digits(share: float) -> int:
    """Decimal places of a percentage: one, and more where one would make it nothing or the whole, which it is not."""
    for places in range(1, _MOST_DIGITS):
        if share in (0, 1) or float(f"{abs(share) * 100:.{places}f}") not in (0, 100):
            return places
    return _MOST_DIGITS


def _percent(share: float) -> str:
    return f"{share * 100:,.{digits(share)}f}"


def reason(code: str | None, figure: str) -> str:
    """Why a figure is null or is not what its formula gives; one that is counted by windows names its own."""
    if code != "not_additive":
        return REASONS.get(code or "", "")
    counted = [figure] if figure in METRICS else RATES[figure].of
    grains = [grain for id in counted if id in METRICS for grain in METRICS[id].grains]
    return f"去重计数，只按{'、'.join(_WINDOWS[grain] for grain in dict.fromkeys(grains))}统计"


def change(now: float | None, then: float | None, sort: str) -> str:
    """The difference to another period: +12, −3.5 个百分点, or nothing where one of the two is null."""
    if now is None or then is None:
        return ""
    if now == then:
        return "持平"
    if sort == "rate":
        return f"{_sign(now - then)}{_percent(abs(now - then))} 个百分点"
    return f"{_sign(now - then)}{abs(now - then):,}"


def share(now: float | None, then: float | None, sort: str) -> str:
    """The difference as a share of the other period: +3.4%, or 为 36 倍 where it became tenfold or more.

    Nothing for a rate, and where there was nothing (or less) before.
    """
    if now is None or not then or then < 0 or sort == "rate" or now == then:
        return ""
    if then > 0 and now >= _FOLD * then:
        return f"为 {now / then:,.0f} 倍"
    return f"{_sign(now - then)}{_percent(abs((now - then) / then))}%"


def _sign(number: float) -> str:
    return "+" if number > 0 else "−"


_TONES = (
    ("secondary", r"作废|撤回|撤销|离开|关闭|免报|停用|结束"),
    ("red", r"退回|逾期|超期|落后|拒绝|锁定"),
    ("yellow", r"待|未|草稿|申请"),
    ("green", r"^已(?!开展)|办结|有效|正常|在册|允许"),
)


def tone(state: str) -> str:
    """The colour of a state's badge, by the word that it bears in any case: what failed, what waits, what is done."""
    return next((colour for colour, words in _TONES if re.search(words, state)), "blue")


def title(record: Mapping[str, Any]) -> str:
    """What a record behind a figure is called, or that the reader may not see it."""
    return "（您无权查看此记录）" if record["record"] is None else record["title"] or "（无标题）"


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


def span(period: dict[str, Any]) -> str:
    """A period such as 2026年2月1日至10月31日."""
    first, last = day(period["from"]), day(period["to"])
    return f"{first}至{last.removeprefix(first[:5])}" if first != last else first


def grouped(ids: Iterable[str]) -> dict[str, list[str]]:
    """Figures' ids by the service that they are about, in the catalogue's order."""
    found: dict[str, list[str]] = {}
    for id in ids:
        found.setdefault(GROUPS.get(id.split(".", maxsplit=1)[0], "其他"), []).append(id)
    return found


def recorded(compared: dict[str, Any] | None) -> bool:
    """Whether anything at all was recorded in a period to compare with: growth from nothing says nothing."""
    return compared is not None and any(compared["figures"].values())
