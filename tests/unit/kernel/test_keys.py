"""Keys: one for all the ways in which it may be typed."""

from __future__ import annotations

import unicodedata

import orjson
import pytest
from bson import decode, encode
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.gateway.contract import IssueReport
from services.hotline.contract import RegisterTicket
from services.kernel.message.keys import Key, key_of, same_key, spellings
from services.kernel.sheets.cells import Code, Number, OwnNumber, tags_in
from services.study.contract import HoldSession


@pytest.mark.parametrize(
    "typed",
    ["I1", "I1\u200b", "\ufeffI1", "I\u00ad1", "I\u200d1", "I1\u200c", "I\u20601", "Ｉ１", "I1\ufe0f", " I1\u3000"],
)
def test_every_spelling_is_one_key(typed: str) -> None:
    """Full width, zero width, soft hyphens, byte-order marks: one record, typed in a sheet, a form or a program."""
    assert key_of(typed) == "I1"
    for kind in (OwnNumber, Number, Code):
        assert TypeAdapter(kind).validate_python(typed) == "I1"
    assert TypeAdapter(OwnNumber).validate_json(orjson.dumps(typed)) == "I1"
    assert spellings(typed) == tuple(dict.fromkeys((typed, "I1")))
    assert same_key(typed, "I1")


@pytest.mark.parametrize("typed", ["I1\u202a", "\u202eI1", "I\u20661", "I1\x7f", "I\x001", "I1\x85\x9f"])
def test_what_may_show_another_key_is_refused(typed: str) -> None:
    """Characters that turn the order of what is shown, and control characters."""
    with pytest.raises(ValueError, match=r"U\+"):
        key_of(typed)
    for kind in (OwnNumber, Number, Code):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(typed)


@pytest.mark.parametrize("typed", ["\u200b", "\u00ad\ufeff", "\u3164"])
def test_nothing_is_no_key(typed: str) -> None:
    """What has nothing that is seen."""
    with pytest.raises(ValueError, match="不可见"):
        key_of(typed)


def test_punctuation_of_chinese_numbers() -> None:
    """Parentheses of either width are one; the brackets of document numbers are what they are."""
    assert key_of("学（2026）1号") == "学(2026)1号"
    assert key_of("省直工委〔2026〕5号") == "省直工委〔2026〕5号"
    assert spellings("学（2026）1号") == ("学（2026）1号", "学(2026)1号")


def test_a_key_may_not_grow_longer_than_one_may_be() -> None:
    """What a character stands for may be longer than itself."""
    with pytest.raises(ValidationError, match="40"):
        TypeAdapter(OwnNumber).validate_python("\ufdfa" * 5)


@given(st.text(max_size=40))
def test_a_key_is_its_own_key(typed: str) -> None:
    """Compared again it is the same, it has nothing unseen in it, and no white space at its ends."""
    try:
        key = key_of(typed)
    except ValueError:
        return
    assert key_of(str(key)) == key
    assert type(key_of(str(key))) is str
    assert not any(unicodedata.category(each) in ("Cc", "Cf") for each in key)
    assert key == key.strip()
    assert spellings(key)[0] == (key.raw if isinstance(key, Key) else key)


class Told(BaseModel):
    """Something that bears a key."""

    number: OwnNumber


def test_a_key_goes_where_text_goes() -> None:
    """Into JSON, the store, a model's copy and its dump as it is compared."""
    told = Told(number="Ｉ１")
    assert isinstance(told.number, Key)
    assert orjson.loads(orjson.dumps(told.model_dump(mode="json"))) == {"number": "I1"}
    assert decode(encode(told.model_dump())) == {"number": "I1"}
    assert told.model_copy(deep=True) == Told(number="I1")


def test_commands_use_the_same_keys() -> None:
    """By REST as by sheet: sessions, tickets, issued reports."""
    for model, key in ((HoldSession, "number"), (RegisterTicket, "number"), (IssueReport, "number")):
        field = model.model_fields[key]
        found = TypeAdapter(field.rebuild_annotation()).validate_python("Ｉ１\u200b")
        assert found == "I1"


def test_tags_in_a_cell_keep_their_spelling() -> None:
    """They are those of the lists; what nobody sees is left out."""
    assert tags_in("建在链上\u200b、 载体（一）；;先锋杯") == ["建在链上", "载体（一）", "先锋杯"]
