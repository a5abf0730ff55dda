"""Free text without what names somebody: telephone, identity, card and account numbers, addresses of mail.

Pure. A text is looked at as NFKC has it and without invisible characters, so that full-width or circled digits, soft
hyphens and joiners between digits hide nothing; what is not taken out stays as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from .redaction_rules import BETWEEN, DIGIT, FEWEST_DIGITS, NUMBER, RULES, Rule

Span = tuple[int, int]


def redact(text: str) -> str:
    """The text without numbers and addresses that name somebody; never longer, and the same when redacted again."""
    while (less := _once(text)) != text:
        text = less
    return text


def hide(text: str, names: Iterable[str] = (), numbers: Iterable[str] = ()) -> str:
    """The text without these names, all but their first character, and without these numbers, however spaced.

    A name of one character and a number of fewer than six digits are left: they name nobody.
    """
    for name in names:
        seen = [character for character in _seen(name)[0] if not character.isspace()]
        if len(seen) >= 2:
            text = _replaced(text, r"\s{0,3}".join(map(re.escape, seen)), mask_name("".join(seen)))
    for number in numbers:
        digits = re.findall(r"\d", _seen(number)[0])
        if len(digits) >= 6:
            text = _replaced(text, BETWEEN.join(digits), NUMBER)
    return text


def mask_name(name: str) -> str:
    """A name with all but its first character hidden: 张三 → 张*."""
    return name[:1] + "*" * (len(name) - 1)


def _once(text: str) -> str:
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if "@" not in plain and len(DIGIT.findall(plain)) < FEWEST_DIGITS:
        return text
    view, places = _seen(text)
    taken = bytearray(len(view))
    found: list[tuple[Span, str]] = []
    for rule in RULES:
        for start, end in _spans(rule, view, taken):
            taken[start:end] = b"\x01" * (end - start)
            if rule.label:
                found.append(((start, end), rule.label))
    for (start, end), label in sorted(found, reverse=True):
        text = text[: places[start]] + label + text[places[end - 1] + 1 :]
    return text


def _spans(rule: Rule, view: str, taken: bytearray) -> Iterator[Span]:
    """Where the rule finds something of which no rule before it has found any part."""
    looked_at = view.translate(rule.reading) if rule.reading else view
    at = 0
    while match := rule.pattern.search(looked_at, at):
        start, end = match.span("it" if "it" in match.re.groupindex else 0)
        if not any(taken[start:end]) and rule.holds(looked_at, start, end):
            yield start, end
            at = end
        else:
            at = match.start() + 1


def _seen(text: str) -> tuple[str, list[int]]:
    """The text as it is looked at, and for each of its characters the place in the text that it came from."""
    if text.isascii() and text.isprintable():
        return text, list(range(len(text)))
    view: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for seen in _character(character):
            view.append(seen)
            places.append(place)
    return "".join(view), places


@lru_cache(maxsize=8192)
def _character(character: str) -> str:
    """What a character looks like: nothing where it is invisible, and any script's digit as the digit that it is."""
    seen = ""
    for each in unicodedata.normalize("NFKC", character):
        decimal = unicodedata.decimal(each, None)
        if decimal is not None:
            seen += str(int(decimal))
        elif each in "\t\n\r" or unicodedata.category(each) not in ("Cf", "Mn", "Me", "Cc", "Cs", "Co", "Cn"):
            seen += each
    return seen


def _replaced(text: str, pattern: str, instead: str) -> str:
    view, places = _seen(text)
    for match in reversed(list(re.finditer(pattern, view))):
        text = text[: places[match.start()]] + instead + text[places[match.end() - 1] + 1 :]
    return text
