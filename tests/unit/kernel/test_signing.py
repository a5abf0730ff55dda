"""Signatures: over every part of a message, by keys that can be replaced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.message import signing
from services.kernel.message.signing import Key, Keys, Seen, Untrusted, check_request, new_key, sign_request, written
from services.kernel.message.suite import DIGESTS

OLD, NEW = Key("old", b"o" * 32), Key("new", b"n" * 32)
SECOND = timedelta(seconds=1)
NOW = datetime(2026, 11, 28, tzinfo=UTC)


def ring(folder: Path, *keys: Key, digest: str = "sha256") -> Keys:
    """A file with these keys."""
    (folder / signing.FILE).write_text(written(keys))
    return Keys(folder / signing.FILE, digest)


def why(keys: Keys, signature: object, body: bytes = b"body") -> str:
    """For what reason a signature is refused; empty where it is taken."""
    try:
        check_request(keys, signature, "study.get", "to", "id", body)
    except Untrusted as untrusted:
        return untrusted.reason
    return ""


@pytest.fixture(autouse=True)
def _looks_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed file is seen at once."""
    monkeypatch.setattr(signing, "_LOOK_SECONDS", -1.0)


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("other", DIGESTS)
def test_what_was_signed_in_either_suite_is_taken(tmp_path: Path, digest: str, other: str) -> None:
    """An installation may change its algorithms while processes of both kinds run."""
    signature = sign_request(ring(tmp_path, OLD, digest=digest), "study", "get", "to", "id", b"body")
    assert signature.startswith(f"{digest}:old:")
    assert why(Keys(tmp_path / signing.FILE, other), signature) == ""


@given(
    st.lists(st.text(max_size=6), min_size=3, max_size=3),
    st.lists(st.text(max_size=6), min_size=3, max_size=3),
    st.binary(max_size=6),
    st.binary(max_size=6),
)
def test_two_messages_are_never_signed_the_same(
    names: list[str], others: list[str], body: bytes, another: bytes
) -> None:
    """What belongs to one part cannot be passed off as part of another."""
    same = signing._mac("sha256", OLD, "p", names, body) == signing._mac("sha256", OLD, "p", others, another)
    assert same == ((names, body) == (others, another))


@pytest.mark.parametrize(
    "signature",
    [None, 5, "", "sha256", "md5:old:00", b"sha256:old:00", "sha256:old:00:00", ["sha256", "old", "00"]],
)
def test_what_is_no_signature_is_told_apart(tmp_path: Path, signature: object) -> None:
    """Anything that does not look like one is as good as none."""
    assert why(ring(tmp_path, OLD), signature) == "unsigned"


@pytest.mark.parametrize("mac", ["", "00", "zz", "é", "\ud800", "0" * 64])
def test_a_wrong_signature_is_refused_whatever_it_is(tmp_path: Path, mac: str) -> None:
    """No text in its place makes checking fail in another way."""
    assert why(ring(tmp_path, OLD), f"sha256:old:{mac}") == "wrong_signature"


def test_a_key_is_replaced_without_a_pause(tmp_path: Path) -> None:
    """Added, used, and the old one dropped: whatever was signed between two steps is taken after the next."""
    keys = ring(tmp_path, OLD)
    first = sign_request(keys, "study", "get", "to", "id", b"body")
    ring(tmp_path, OLD, NEW)
    added = sign_request(keys, "study", "get", "to", "id", b"body")
    assert added == first
    ring(tmp_path, NEW, OLD)
    used = sign_request(keys, "study", "get", "to", "id", b"body")
    assert used.startswith("sha256:new:")
    assert [why(keys, each) for each in (first, used)] == ["", ""]
    ring(tmp_path, NEW)
    assert [why(keys, each) for each in (first, used)] == ["unknown_key", ""]


def test_a_file_that_is_spoilt_leaves_the_keys_in_force(tmp_path: Path) -> None:
    """A half-written or missing file stops nothing that runs; without any there is nothing to begin with."""
    keys = ring(tmp_path, OLD)
    signature = sign_request(keys, "study", "get", "to", "id", b"body")
    for text in ("", "old", "old zz", "old 00", written([new_key(), new_key(), new_key()])):
        (tmp_path / signing.FILE).write_text(text)
        assert why(keys, signature) == ""
        with pytest.raises(ValueError, match=r"signing\.keys"):
            Keys(tmp_path / signing.FILE).sign("p", (), b"")
    (tmp_path / signing.FILE).unlink()
    assert why(keys, signature) == ""
    with pytest.raises(FileNotFoundError):
        Keys(tmp_path / signing.FILE).sign("p", (), b"")


def test_a_signature_is_remembered_for_as_long_as_it_could_be_taken() -> None:
    """The same message is met once; what is over is forgotten, so that memory has a bound."""
    seen = Seen()
    assert seen.first("a", NOW + SECOND, NOW)
    assert not seen.first("a", NOW + SECOND, NOW)
    for number in range(5000):
        assert seen.first(str(number), NOW + number * SECOND, NOW + number * SECOND)
    assert len(seen._until) < 2000
    assert not seen.first("4999", NOW, NOW)
