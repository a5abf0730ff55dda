"""Number formats: what a number's format says it is."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Sort = Literal["plain", "date", "time", "duration", "percent", "shown"]

BUILT_IN = {
    0: "General",
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    14: "yyyy-mm-dd",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: "yyyy-mm-dd h:mm",
    **dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33, 34, 35, 55, 56), "h:mm:ss"),
    37: "#,##0_);(#,##0)",
    38: "#,##0_);[Red](#,##0)",
    39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)",
    41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
}
"""The formats that a file names by number alone (ECMA-376 part 1, 18.8.30; 27 to 58 as in Chinese editions)."""

_LITERAL = re.compile(r'"[^"]*"?|\\.|_.|\*.|general|g/通用格式', re.IGNORECASE | re.DOTALL)
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_BRACKET = re.compile(r"\[[^\]]*\]")
_AS_IS = re.compile(r"(\[[^\]]*\])*(General|G/通用格式|[0#?]|@)?([_\\].| )*", re.IGNORECASE)


@lru_cache(maxsize=4096)
def sort_of(format: str) -> Sort:
    """What a number is by its format: a date, a time, a percentage; shown otherwise than it is; or as it is."""
    first = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', format, maxsplit=1)[0]
    bare = _LITERAL.sub("", first)
    if _ELAPSED.search(bare):
        return "duration"
    bare = re.sub(r"am/pm|a/p|上午/下午", "h", _BRACKET.sub("", bare).lower())
    if re.search(r"[yd]|aaa|e(?![+-])", bare) or ("m" in bare and not re.search(r"[hs]", bare)):
        return "date"
    if re.search(r"[hs]", bare):
        return "time"
    if "%" in bare:
        return "percent"
    return "plain" if _AS_IS.fullmatch(first) else "shown"


def scaled(format: str) -> bool:
    """Whether a number is shown divided: in percent, or in thousands ("0,")."""
    bare = _BRACKET.sub("", _LITERAL.sub("", format))
    return sort_of(format) == "percent" or re.search(r"[0#?],+(?![0#?,])", bare.split(";")[0]) is not None
