"""What hides people: masks and the cipher."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.journal.vault import Cipher, mask_phone
from services.kernel.message.suite import SUITES, Sm4Gcm, Suite


def test_masks_leave_what_is_needed_to_recognise() -> None:
    """The ends of a number; a short one is hidden whole."""
    assert mask_phone("00000001234") == "000****1234"
    assert mask_phone("12345") == "*****"


KEY = b"k" * 32
SUITED = [(SUITES["international"], 1), (SUITES["sm"], 2)]


@pytest.mark.parametrize(("suite", "mark"), SUITED)
@given(text=st.binary(max_size=200), place=st.text(min_size=1, max_size=20))
def test_what_was_encrypted_is_read_at_its_place_alone(suite: Suite, mark: int, text: bytes, place: str) -> None:
    """The same bytes come back, under either suite; at another place, under another key or changed nothing does."""
    cipher = Cipher(KEY, suite)
    sealed = cipher.encrypt(text, place)
    assert sealed[0] == mark
    assert all(Cipher(KEY, reading).decrypt(sealed, place) == text for reading, _ in SUITED)
    assert cipher.encrypt(text, place) != sealed
    spoilt = sealed[:-1] + bytes([sealed[-1] ^ 1])
    other = bytes([3 - mark]) + sealed[1:]
    for reader, where, what in (
        (cipher, place + "x", sealed),
        (Cipher(b"x" * 32, suite), place, sealed),
        (cipher, place, spoilt),
        (cipher, place, other),
        (cipher, place, sealed[:9]),
        (cipher, place, b""),
    ):
        with pytest.raises(InvalidTag):
            reader.decrypt(what, where)


def test_sm4_is_the_standards() -> None:
    """The example of RFC 8998, appendix A.1 (SM4-GCM), comes out."""
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    text = bytes.fromhex(
        "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
        "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
    )
    beside = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert Sm4Gcm(key).encrypt(nonce, text, beside) == sealed
    assert Sm4Gcm(key).decrypt(nonce, sealed, beside) == text
