"""Free text as a type: redacted where it is declared, known by its name, told to whoever wrote it."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from services.kernel.logs import redacted
from services.kernel.message.free_text import FREE, SEALED, FreeText, Note, Reason, Title, echo, masked, noting, sealed
from services.kernel.sheets.cells import Text
from services.kernel.sheets.sheet import Column, Sheet, parse

PHONE = "138 0000 1234"


class Step(BaseModel):
    """What is written down at a step."""

    step_note: Note = ""


class Written(BaseModel):
    """A record with texts at every depth."""

    heading: Title
    because: Reason | None = None
    remarks_made: list[FreeText] = []
    by_item: dict[str, FreeText] = {}
    step: Step = Step()
    link: str = ""


def test_text_is_redacted_at_every_depth() -> None:
    """In a field, one that may be left out, a list, a table and a part; what is no free text stays."""
    written = Written.model_validate(
        {
            "heading": f" 来电 {PHONE} ",
            "because": PHONE,
            "remarks_made": [PHONE],
            "by_item": {"a": PHONE},
            "step": {"step_note": PHONE},
            "link": PHONE,
        }
    )
    assert written.heading == "来电 〔号码〕"
    assert (written.because, written.remarks_made, written.by_item) == ("〔号码〕", ["〔号码〕"], {"a": "〔号码〕"})
    assert (written.step.step_note, written.link) == ("〔号码〕", PHONE)


def test_other_constraints_hold_of_what_was_written() -> None:
    """A text that is too long is refused, whatever would be left of it; the schema says how long it may be."""
    with pytest.raises(ValidationError):
        Written(heading=PHONE * 12)
    assert Written.model_json_schema()["properties"]["heading"]["maxLength"] == 120


def test_who_wrote_it_can_be_told() -> None:
    """Inside `noting` the fields are named of which something was taken out, and no others."""
    with noting() as noted:
        Written(heading=PHONE, because="重复登记", step=Step(step_note=PHONE))
    assert noted == {"heading", "step_note"}
    with noting() as noted:
        Written(heading="重复登记")
    assert noted == set()


def test_what_was_kept_before_is_masked_by_its_name() -> None:
    """In records, lists and parts, once or again; ids and numbers under other names stay."""
    kept: dict[str, Any] = {
        "items": [{"id": "20260706000000012345", "heading": f"来电{PHONE}", "step": {"step_note": PHONE}}],
        "remarks_made": [PHONE],
        "by_item": {"13800001234": PHONE},
        "total": 1,
    }
    shown = masked(kept)
    assert shown == {
        "items": [{"id": "20260706000000012345", "heading": "来电〔号码〕", "step": {"step_note": "〔号码〕"}}],
        "remarks_made": ["〔号码〕"],
        "by_item": {"13800001234": "〔号码〕"},
        "total": 1,
    }
    assert masked(shown) == shown


class Row(BaseModel):
    """A row of a sheet: a line of free text, and what is kept in the vault."""

    line: Annotated[Text, Field(max_length=20), FREE]
    who: Annotated[Text, Field(max_length=20), SEALED] = ""


SHEET = Sheet("rows", "行", (Column("line", "事由"), Column("who", "来电人")), Row)


def test_a_refusal_repeats_nobodys_number() -> None:
    """What was typed is told without numbers, though they be cut; of what is personal nothing is repeated."""
    assert echo(Row, "line", f"{'长' * 36}{PHONE}") == f"：{'长' * 36}〔号码〕"
    assert sealed(Row, "who")
    assert not sealed(Row, "line")
    for column, typed in (("line", f"{PHONE}；{PHONE}"), ("who", "00000098765" * 3)):
        row, [error] = parse(SHEET, {"line": "x", column: typed, "_row": 2})
        assert row is None
        assert error.column == column
        assert "0000" not in error.detail
    assert parse(SHEET, {"line": "x", "who": "样例" * 20, "_row": 2})[1][0].detail == "“来电人”填写的内容不符合要求"


def test_no_number_reaches_the_log() -> None:
    """Neither in a message, an error nor a traceback; what names a request stays."""
    told = redacted(
        None, "", {"event": PHONE, "exception": f"input_value='{PHONE}'", "command": "20260706000000012345"}
    )
    assert told == {"event": "〔号码〕", "exception": "input_value='〔号码〕'", "command": "20260706000000012345"}
