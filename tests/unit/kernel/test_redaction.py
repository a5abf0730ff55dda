"""Redaction: what names somebody goes in whatever way it is spelled; what officials write otherwise stays."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.kernel.message.redaction import hide, mask_name, redact
from tests.unit.kernel.sentences import ORDINARY
from tests.unit.kernel.spellings import INVISIBLE, digits_of, spelled


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("来电 13900001234 反映", "来电 〔号码〕 反映"),
        ("电话：139 0000 1234。", "电话：〔号码〕。"),
        ("+86-13900001234", "〔号码〕"),
        ("8613900001234", "〔号码〕"),
        ("138.0000.0000", "〔号码〕"),
        ("138—0000—0000", "〔号码〕"),
        ("138·0000·0000", "〔号码〕"),
        ("１３８００００００００", "〔号码〕"),
        ("138\u200b0000\u200b0000", "〔号码〕"),
        ("1\u00ad3\u200d80000\ufeff0000", "〔号码〕"),
        ("①③⑧0000 0000", "〔号码〕"),
        ("١٣٨٠٠٠٠٠٠٠٠", "〔号码〕"),
        ("1\ufe0f\u20e33\ufe0f\u20e380000 0000", "〔号码〕"),
        ("一三八零零零零零零零零", "〔号码〕"),
        ("138零零零零0000", "〔号码〕"),
        ("1 3 8 0 0 0 0 0 0 0 0", "〔号码〕"),
        ("请在13800001234元旦前答复", "请在〔号码〕元旦前答复"),
        ("GD13800001234", "GD〔号码〕"),
        ("tel-138-0000-1234", "tel-〔号码〕"),
        ("3500元13800001234", "3500元〔号码〕"),
        ("13800001234、13900001234", "〔号码〕、〔号码〕"),
        ("137 1234 5678 2026-03-05", "〔号码〕 2026-03-05"),
        ("010-12345678 转 12", "〔号码〕 转 12"),
        ("0731—88888888", "〔号码〕"),
        ("0731 8888 8888", "〔号码〕"),
        ("+86 731 8888 8888", "〔号码〕"),
        ("400-123-4567", "〔号码〕"),
        ("8888-8888", "〔号码〕"),
        ("88888888", "〔号码〕"),
        ("6 5 5 4 1 2 3 4", "〔号码〕"),
        ("座机65541234人工接听", "座机〔号码〕人工接听"),
        ("QQ：123456789", "QQ：〔号码〕"),
        ("身份证 11010119900307123X", "身份证 〔证件号码〕"),
        ("身份证 １１０１０１１９９００３０７１２３４", "身份证 〔证件号码〕"),
        ("430102 1990 0307 1234", "〔证件号码〕"),
        ("430102-19900307-123X", "〔证件号码〕"),
        ("110101 900307 123", "〔证件号码〕"),
        ("护照E12345678", "护照E〔号码〕"),
        ("卡号 6222 0212 3456 7890 123", "卡号 〔号码〕"),
        ("6222-0212-3456-7890", "〔号码〕"),
        ("1234567890123456", "〔号码〕"),
        ("12345678901234567", "〔号码〕"),
        ("1234567890123456789", "〔号码〕"),
        ("20260706000000012345", "〔号码〕"),
        ("信箱 a.b@example.cn 联系", "信箱 〔邮箱〕 联系"),
        ("信箱 ａ＠ｅｘａｍｐｌｅ．ｃｎ", "信箱 〔邮箱〕"),
        ("", ""),
    ],
)
def test_redaction_takes_what_names_somebody(text: str, redacted: str) -> None:
    """Telephone, identity, card and account numbers and addresses of mail go, whichever way they are spelled."""
    assert redact(text) == redacted


@pytest.mark.parametrize("sentence", ORDINARY)
def test_an_ordinary_sentence_stays(sentence: str) -> None:
    """Document numbers, days, spans of years, amounts, rates, own numbers, standards and codes name nobody."""
    assert redact(sentence) == sentence


BETWEEN = st.sampled_from(
    ("请联系", "反映供暖问题", "，共3500元，", "〔2026〕12号", "（", "）", "。", " ", "\n", "A", "至", "：", "")
)
MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
LANDLINE = st.from_regex(r"0(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True)
IDENTITY = st.from_regex(r"43010219[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}[0-9X]", fullmatch=True)
LONG = st.from_regex(r"[1-9]([0-9]{15,16}|[0-9]{18,19})", fullmatch=True)


@given(st.data(), st.one_of(MOBILE, LANDLINE, IDENTITY))
def test_a_planted_number_never_survives(data: st.DataObject, number: str) -> None:
    """In any script of digits, with anything between them, a number is gone, and its form in NFKC is gone too."""
    before, after = data.draw(BETWEEN), data.draw(BETWEEN)
    written = data.draw(spelled(number))
    assume(not re.fullmatch(r"\d\.\d+", unicodedata.normalize("NFKC", written)))  # nobody can tell it from a fraction
    text = f"{before}{written}{after}"
    redacted = redact(text)
    for shown in (redacted, unicodedata.normalize("NFKC", redacted)):
        assert number.rstrip("X") not in digits_of(shown)


@given(
    BETWEEN.filter(lambda text: text != "A"),
    LONG,
    BETWEEN.filter(lambda text: text != "A"),
    st.text(INVISIBLE, max_size=3),
)
def test_a_long_number_never_survives(before: str, number: str, after: str, joiner: str) -> None:
    """Of 16, 17, 19 or 20 digits in one piece nothing is left; with a letter they may be a credit code."""
    assert number not in digits_of(redact(f"{before}{joiner.join(number)}{after}"))


@given(st.text(st.sampled_from("0123456789138-—. \n\u200b１〇一年月日号元人A@x.:至第电话"), max_size=60))
def test_redaction_is_done_once(text: str) -> None:
    """Redacted again, a text is the same, and it is never longer than what was written."""
    redacted = redact(text)
    assert redact(redacted) == redacted
    assert len(redacted) <= len(text)


@given(st.lists(st.sampled_from(ORDINARY), min_size=1, max_size=4))
def test_ordinary_sentences_stay_beside_each_other(sentences: list[str]) -> None:
    """What stands in one sentence takes nothing out of the next."""
    text = "；".join(sentences)
    assert redact(text) == text


def test_what_is_known_of_somebody_is_hidden() -> None:
    """A name in any spacing shows its first character alone, a number nothing; what names nobody stays."""
    text = "样例张三、样 例 张 三来电 02 0000-98765，自称样例"
    assert hide(text, ["样例张三"], ["(02)000098765"]) == "样***、样***来电 〔号码〕，自称样例"
    assert hide("王女士拨打12345", ["王"], ["12345"]) == "王女士拨打12345"
    assert hide("无", [""], [""]) == "无"


def test_a_masked_name_shows_its_first_character() -> None:
    """All others are stars."""
    assert mask_name("欧阳样例") == "欧***"
    assert mask_name("") == ""


def test_nothing_that_is_written_takes_long() -> None:
    """Long runs of digits and of what stands between them are looked at in time that grows with them."""
    for text in ("1 " * 2000, "12-" * 1300, "1" * 4000, ("1" + " " * 2000) * 2, "@" + "a." * 2000, "第1-" * 1300):
        assert len(redact(text)) <= len(text)
