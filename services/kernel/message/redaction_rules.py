"""What redaction takes out of a free text, and what it leaves: one table of rules, the first that applies decides.

A rule without a label leaves what it finds. One thing no rule can tell: a local number without its area code, not
announced as a number, and followed by a measure ("65541234人").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

MAIL, IDENTITY, NUMBER = "〔邮箱〕", "〔证件号码〕", "〔号码〕"
FEWEST_DIGITS = 7
_CHINESE = "〇零○一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
DIGIT = re.compile(f"[\\d{_CHINESE}]")

_MARK = r"[\s\-‐-―−─_·•∙⋅・./\\|~*()]"
BETWEEN = _MARK + "{0,3}"
"""What may stand between two digits of one number."""
_DASH = r"[-‐-―−─~至到]"
_DAY = r"(?:19|20)\d\d[-./年](?:1[0-2]|0?[1-9])[-./月](?:3[01]|[12]\d|0?[1-9])日?"
_ANNOUNCED = (
    r"(?:电话|手机|座机|固话|号码|微信|传真|卡号|账号|帐号|身份证|证件号|护照|拨打|致电|联系方式"
    r"|(?i:\b(?:tel|phone|mobile|mob|fax|qq|wx|wechat|vx)))"
)
_MEASURE = (
    r"\s?(?:余|多)?(?:千|百)?(?:万|亿)?(?:元(?!旦|宵|月)|美元|人次|人(?![员工事民大社])|次(?!日)|件|份|册|户|个(?!人)|名|项"
    r"|家(?![中里庭属人])|条|篇|亩|吨|公里|千米|米|平方|立方|公顷|千瓦|度|股|只|头|棵|株|字|页|本|张|台|套|批|期|支|所|%|％)"
)
_AMOUNT = re.compile(rf"(?:\.\d{{1,4}})?(?:{_MEASURE}|\s?[万亿千百])")
_CENTS = re.compile(r"\.\d{1,2}\s?[万亿]?元")
_TOLD = re.compile(_ANNOUNCED + r"[\s：:是为(]{0,4}$")
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_CODED = re.compile(r"[1-9ANY][1-9](?:1[0-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])\d{4}")
"""Who registers, which kind, in which province and county."""
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


Holds = Callable[[str, int, int], bool]


@dataclass(frozen=True)
class Rule:
    """What a pattern finds (its group `it`, where it has one) is replaced by the label, or left where there is none.

    `holds` says of a place in the text whether it is really that; `reading` translates the text before it is looked at.
    """

    label: str
    pattern: re.Pattern[str]
    holds: Holds
    reading: Mapping[int, int] | None


def _digits(text: str, start: int, end: int) -> str:
    return "".join(character for character in text[start:end] if character.isdigit())


def _groups(text: str, start: int, end: int) -> list[str]:
    return re.findall(r"\d+", text[start:end])


def _born(digits: str) -> bool:
    """Whether digits are yyyymmdd or yymmdd of a day on which somebody alive may have been born."""
    whole = digits if len(digits) == 8 else f"19{digits}"
    try:
        return 1900 <= date(int(whole[:4]), int(whole[4:6]), int(whole[6:])).year <= 2099
    except ValueError:
        return False


def _identity(text: str, start: int, end: int) -> bool:
    digits = _digits(text, start, end)
    return _born(digits[6:14] if len(digits) > 15 else digits[6:12])


def _credit_code(text: str, start: int, end: int) -> bool:
    """A unified social credit code with the right check character; what may be an identity number is taken for one."""
    code = text[start:end].upper()
    if code[:17].isdigit() and _identity(text, start, end):
        return False
    if not _CODED.match(code) or any(character not in _CODE for character in code):
        return False
    total = sum(_CODE.index(character) * weight for character, weight in zip(code[:17], _WEIGHTS, strict=True))
    return _CODE[(31 - total % 31) % 31] == code[17]


def _year(group: str) -> bool:
    return len(group) == 4 and 1900 <= int(group) <= 2100


def _mobile(text: str, start: int, end: int) -> bool:
    """Not an amount with cents, nor two amounts with their measure behind: 15000—180000元."""
    groups = _groups(text, start, end)
    if _CENTS.match(text, end):
        return False
    return not (len(groups) == 2 and min(map(len, groups)) >= 5 and _AMOUNT.match(text, end))


def _landline(text: str, start: int, end: int) -> bool:
    """Not a fraction of many places."""
    return re.fullmatch(r"0\.\d+", text[start:end]) is None


def _card(text: str, start: int, end: int) -> bool:
    return not all(_year(group) for group in _groups(text, start, end))


def _announced(text: str, start: int, end: int) -> bool:
    """Not a day, and not so and so many: 接听电话1268530个."""
    if re.match(_DAY, text[start:end]) or (text[start] in "01" and _AMOUNT.match(text, end)):
        return False
    return not (_compact_day(text, start, end) and end - start == 8)


def _compact_day(text: str, start: int, end: int) -> bool:
    digits = text[start:end]
    return digits[:2] in ("19", "20") and _born(digits)


def _amount(text: str, start: int, end: int) -> bool:
    """Of seven or eight digits that may be a local number, only where nothing announces one."""
    local = end - start in (7, 8) and text[start] in "2345678"
    return not (local and _TOLD.search(text[max(0, start - 20) : start]))


def _local(text: str, start: int, end: int) -> bool:
    """Not two years, nor amounts (with their measure, or both round and the second the larger)."""
    first, second = _groups(text, start, end)
    if _year(first) and _year(second):
        return False
    if _TOLD.search(text[max(0, start - 20) : start]):
        return True
    round_ones = int(first) < int(second) and first[-1] == second[-1] == "0"
    return not (round_ones or _AMOUNT.match(text, end))


def _always(text: str, start: int, end: int) -> bool:
    return True


def _rule(label: str, pattern: str, holds: Holds = _always, reading: Mapping[int, int] | None = None) -> Rule:
    return Rule(label, re.compile(pattern), holds, reading)


_MOBILE = rf"(?<!\d)(?:\+?(?:00)?86{BETWEEN})?1{BETWEEN}[3-9](?:{BETWEEN}\d){{9}}(?!\d)"
_AREA = rf"0{BETWEEN}(?:1{BETWEEN}0|2{BETWEEN}\d|[3-9]{BETWEEN}\d{BETWEEN}\d)"
_SPELLED_OUT = str.maketrans(_CHINESE, "0001234567891123456789")

RULES = (
    _rule(MAIL, r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
    _rule("", r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"),
    _rule("", r"(?<![0-9A-Za-z])[0-9A-Za-z]{18}(?![0-9A-Za-z])", _credit_code),
    _rule("", rf"(?<!\d){_DAY}\s?{_DASH}{{1,2}}\s?{_DAY}(?!\d)"),
    _rule(IDENTITY, rf"(?<!\d)[1-8](?:{BETWEEN}\d){{16}}{BETWEEN}[\dXx](?!\d)", _identity),
    _rule(IDENTITY, r"(?<!\d)\d{17}[\dXx](?!\d)"),
    _rule(IDENTITY, r"(?<!\d)[1-8]\d{5}\s?-?\d{6}\s?-?\d{3}(?!\d)", _identity),
    _rule(NUMBER, _MOBILE, _mobile),
    _rule(NUMBER, _MOBILE, _mobile, reading=_SPELLED_OUT),
    _rule(NUMBER, rf"(?<!\d)(?:\+?(?:00)?86{BETWEEN})?{_AREA}{BETWEEN}\d(?:{BETWEEN}\d){{6,7}}(?!\d)", _landline),
    _rule(NUMBER, rf"(?<!\d)(?:\+|00)86{BETWEEN}[1-9]\d{{1,2}}{BETWEEN}\d(?:{BETWEEN}\d){{6,7}}(?!\d)"),
    _rule(NUMBER, rf"(?<!\d)[48]00{_MARK}{{1,3}}(?:\d{{3}}{BETWEEN}\d{{4}}|\d{{4}}{_MARK}{{1,2}}\d{{3}})(?!\d)"),
    _rule(NUMBER, rf"(?<!\d)\d{{4}}(?:{_MARK}{{1,2}}\d{{4}}){{3,}}(?:{BETWEEN}\d{{1,4}})?(?!\d)", _card),
    _rule(NUMBER, rf"{_ANNOUNCED}[\s：:是为(]{{0,4}}(?P<it>\d(?:{BETWEEN}\d){{6,19}})(?!\d)", _announced),
    _rule("", r"https?://[A-Za-z0-9._~:/?#@!$&'*+%=-]+"),
    _rule("", r"(?<![0-9A-Za-z])[A-Z]{2,6}(?:/[A-Z])?\s?\d{1,6}(?:\.\d+)?-\d{4}(?!\d)"),
    _rule("", r"(?<![0-9A-Za-z])[A-Za-z]{1,8}[-_]?\d{1,6}(?:[-_][A-Za-z]{0,4}\d{1,6})*(?![0-9A-Za-z])"),
    _rule("", r"(?:编号|单号|文号|序号|案号|工单|第)[：:\s]?\d{1,6}(?:-\d{1,6})+(?!\d)"),
    _rule("", r"(?<![\d-])20\d\d-0\d{2,5}(?!\d)"),
    _rule("", rf"(?<!\d){_DAY}(?!\d)"),
    _rule("", r"(?<!\d)\d{8}(?!\d)", _compact_day),
    _rule("", r"(?<![\d.])\d{1,2}\.\d{7,}(?!\d)"),
    _rule("", r"第\d{7,12}号"),
    _rule("", r"(?<!\d)\d{7,12}\.\d\d(?!\d)", _amount),
    _rule("", r"(?:[¥￥$]|人民币)\s?\d{7,12}(?:\.\d{1,4})?(?!\d)"),
    _rule("", rf"(?<!\d)(?P<it>[1-9]\d{{6,11}})(?={_AMOUNT.pattern})", _amount),
    _rule(NUMBER, r"(?<!\d)\d{7,}(?!\d)"),
    _rule(NUMBER, r"(?<!\d)(?<!\d[-.—–/])[2-8]\d{2,3}[ \t\-‐-―−─]{1,3}\d{4}(?!\d)(?![-.—–/]\d)", _local),
    _rule(NUMBER, rf"(?<!\d)(?<!\d\.)\d(?:{_MARK}{{1,3}}\d){{6,}}(?!\d)"),
)
