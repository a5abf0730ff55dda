"""The ways in which people write a number so that it is read by people alone."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

INVISIBLE = ("\u200b", "\u200c", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u202a", "\u180e", "\x7f")
_SEPARATORS = ("", " ", "-", "—", "–", "－", ".", "．", "·", "\u3000", " - ", "_", "/", *INVISIBLE)
_SCRIPTS = (
    "0123456789",
    "０１２３４５６７８９",
    "٠١٢٣٤٥٦٧٨٩",
    "⓪①②③④⑤⑥⑦⑧⑨",
    "⁰¹²³⁴⁵⁶⁷⁸⁹",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
)


@st.composite
def spelled(draw: st.DrawFn, number: str) -> str:
    """A number in one script of digits, or in several, its digits apart anywhere or in groups."""
    scripts = draw(st.lists(st.sampled_from(_SCRIPTS), min_size=1, max_size=3))
    separator = draw(st.sampled_from(_SEPARATORS))
    breaks = draw(st.sets(st.integers(1, len(number) - 1), max_size=len(number)))
    written = ""
    for place, digit in enumerate(number):
        script = scripts[place % len(scripts)]
        written += (separator if place in breaks else "") + (script[int(digit)] if digit.isdigit() else digit)
    return written


def digits_of(text: str) -> str:
    """All digits of a text in their order, of whichever script, as plain ones."""
    seen = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(each)) for each in seen if unicodedata.decimal(each, None) is not None)
