"""Keys that people type: own numbers, codes of units, tags. All spellings of one key are one key.

A key is compared as NFKC has it (full-width letters and digits, ideographic spaces and parentheses become the plain
ones), without the characters that nobody sees and that come along with copied text: zero-width spaces and joiners,
byte-order marks, soft hyphens. Whoever typed them did not mean them and cannot find them, so they are left out.
What changes the order in which a key is shown (U+202E and its like) and control characters are refused: without them
it might be another key than the one that was read.

Stores hold keys as they were typed before that was so. Records are therefore looked for by the key as typed first, then
by the key as it is compared (`spellings`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_SPACE = re.compile(r"\s+")
_DIRECTING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Not of category Cf, and invisible all the same: fillers, blanks, variation selectors, tags (Unicode 15, 23)."""


class Key(str):  # noqa: SLOT000  # a str can have no slots that are not empty
    """A key as it is compared, and as it was typed."""

    raw: str

    def __new__(cls, key: str, raw: str | None = None) -> Key:
        """The key, with its other spelling."""
        made = super().__new__(cls, key)
        made.raw = key if raw is None else raw
        return made


def key_of(typed: str) -> str:
    """The key that was typed: a `Key` where it was typed otherwise, else the text itself.

    Raises:
        ValueError: it holds characters that nobody sees and that are more than a slip, or nothing is left of it.
    """
    if typed.isascii() and typed.isprintable() and typed.strip() == typed and "  " not in typed:
        return typed
    found = _folded(typed)
    for character in found:
        if character in _DIRECTING or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn"):
            raise ValueError(f"含有不可见的控制字符（U+{ord(character):04X}），请删去后重新填写")
    if typed and not found:
        raise ValueError("只有不可见的字符")
    return found if found == typed else Key(found, typed)


def spellings(typed: str) -> tuple[str, ...]:
    """The ways in which a store may hold what was typed: as it was typed, then as a key is compared."""
    raw = typed.raw if isinstance(typed, Key) else typed
    return tuple(dict.fromkeys((raw, str(_folded(typed)))))


def same_key(one: Any, other: Any) -> bool:
    """Whether two spellings are one key; what is no text is compared as it is."""
    if isinstance(one, str) and isinstance(other, str):
        return _folded(one) == _folded(other)
    return bool(one == other)


def seen(text: str) -> str:
    """The text without what nobody sees, and without white space at its ends."""
    return "".join(each for each in _UNSEEN.sub("", text) if unicodedata.category(each) != "Cf").strip()


def _folded(typed: str) -> str:
    plain = unicodedata.normalize("NFKC", _SPACE.sub(" ", typed))
    kept = (each for each in _UNSEEN.sub("", plain) if each in _DIRECTING or unicodedata.category(each) != "Cf")
    return _SPACE.sub(" ", unicodedata.normalize("NFKC", "".join(kept))).strip()
