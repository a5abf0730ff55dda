"""Why a field is refused, in Chinese: what pydantic finds, for every edge."""

from __future__ import annotations

from typing import Any

REASONS = {
    "missing": "不能为空",
    "json_invalid": "不是有效的 JSON",
    "extra_forbidden": "没有这个字段",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "string_type": "应为文字",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "too_short": "项数太少",
    "too_long": "项数太多",
    "date_from_datetime_parsing": "应为日期（如 2026-03-05）",
    "date_parsing": "应为日期（如 2026-03-05）",
    "datetime_from_date_parsing": "应为时间（如 2026-03-05T09:00:00+08:00）",
    "datetime_parsing": "应为时间（如 2026-03-05T09:00:00+08:00）",
    "greater_than_equal": "太小",
    "greater_than": "太小",
    "less_than_equal": "太大",
    "enum": "不在可选范围内",
    "literal_error": "不在可选范围内",
    "string_pattern_mismatch": "格式不对",
}


def reason_of(error: Any) -> str:
    """Why pydantic refuses a value, in Chinese where a rule of ours or this table says it."""
    if error["type"] == "multiple_of":
        return f"应为 {error['ctx']['multiple_of']:g} 的倍数"
    return REASONS.get(error["type"]) or str(error["msg"]).removeprefix("Value error, ")
