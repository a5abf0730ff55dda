"""Words that several records of the gateway share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from services.kernel.message.free_text import FREE, SEALED

NAME = "gateway"

UnitId = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,31}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80), FREE]
"""What a unit, a campaign or an item of a list is called."""
DisplayName = Annotated[str, StringConstraints(min_length=1, max_length=80), SEALED]
"""What somebody with an account is called; it lies beside the journal."""
Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", examples=["2026-03"])]
LOGIN = r"^[a-z0-9][a-z0-9._-]{1,39}$"
Login = Annotated[str, Field(pattern=LOGIN)]

EXAMPLE_UNIT: dict[str, Any] = {"unit": "D001", "day": "2026-02-01"}
