"""What writes and lists answer, the same at every address."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from services.kernel.message.free_text import noted


class Written(BaseModel):
    """A record after a write: its id, the version that `If-Match` compares, and which texts had something taken out."""

    id: str
    version: int
    redacted: Annotated[list[str], AfterValidator(lambda told: sorted({*told, *noted()}))] = Field(
        default=[],
        validate_default=True,
        exclude_if=lambda told: not told,
        description="其中的姓名、电话、证件号码等已隐去的字段；没有则无此项",
    )


class Moved(Written):
    """The same, of a record that has a life: where it stands now."""

    state: str


class Page(BaseModel):
    """A page of a list. Totals are exact up to 10,000; `more_than` says that there are more."""

    items: list[dict[str, Any]]
    total: int
    more_than: bool = Field(description="超过 total 所示的条数")
    page: int
    page_size: int
