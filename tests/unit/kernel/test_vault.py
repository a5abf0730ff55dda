"""What hides people: masks, redaction, and the cipher."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.vault import Cipher, mask_name, mask_phone, redact


def test_masks_leave_what_is_needed_to_recognise() -> None:
    """The first character of a name, the ends of a number; a short number is hidden whole."""
    assert mask_name("欧阳样例") == "欧***"
    assert mask_name("") == ""
    assert mask_phone("00000001234") == "000****1234"
    assert mask_phone("12345") == "*****"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("来电 13900001234 反映", "来电 〔号码〕 反映"),
        ("电话：139 0000 1234。", "电话：〔号码〕。"),
        ("+86-13900001234", "〔号码〕"),
        ("身份证 11010119900307123X", "身份证 〔证件号码〕"),
        ("信箱 a.b@example.cn 联系", "信箱 〔邮箱〕 联系"),
        ("2026-03-05 至 2026-10-31 共 9 次", "2026-03-05 至 2026-10-31 共 9 次"),
        ("010-12345678 转 12", "〔号码〕 转 12"),
        ("2026年3月5日第12号，共 3500 元", "2026年3月5日第12号，共 3500 元"),
    ],
)
def test_redaction_takes_numbers_that_name_somebody(text: str, redacted: str) -> None:
    """Telephone, identity numbers and addresses of mail go; dates and amounts stay."""
    assert redact(text) == redacted


@given(st.binary(max_size=200), st.text(min_size=1, max_size=20))
def test_what_was_encrypted_is_read_at_its_place_alone(text: bytes, place: str) -> None:
    """The same bytes come back; at another place or under another key nothing does."""
    cipher = Cipher(b"k" * 32)
    sealed = cipher.encrypt(text, place)
    assert cipher.decrypt(sealed, place) == text
    assert cipher.encrypt(text, place) != sealed
    for other, where in ((cipher, place + "x"), (Cipher(b"x" * 32), place)):
        with pytest.raises(InvalidTag):
            other.decrypt(sealed, where)
