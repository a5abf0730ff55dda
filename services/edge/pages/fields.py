"""Fields of forms: what a person types, what they may choose from, and what was wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from services.kernel.message.errors import DomainError, FieldError
from services.kernel.message.refusals import reason_of

Choices = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""Groups of (key, text); a group without a label is "" alone."""


@dataclass(frozen=True)
class Field:
    """One field. `given` says that the platform has filled it in, so that nobody need type it."""

    label: str
    sort: Literal["text", "number", "date", "datetime-local", "textarea", "unit", "units"] = "text"
    required: bool = False
    note: str = ""
    choices: Choices = ()
    most: int = 60
    value: str = ""
    given: bool = False
    problem: str = ""


Fields = dict[str, Field]
Body = TypeVar("Body", bound=BaseModel)


def chosen(names: Mapping[Any, str]) -> Choices:
    """Choices without groups."""
    return (("", tuple((str(key), name) for key, name in names.items())),)


def filled(fields: Fields, values: Mapping[str, Any], refusal: DomainError | None = None) -> Fields:
    """The fields as they were typed, each with what was wrong with it."""
    wrong: dict[str, str] = {}
    for error in refusal.errors if refusal else ():
        wrong.setdefault(error["pointer"].split("/")[1], error["detail"])
    return {
        name: replace(field, value=str(values.get(name, field.value)), problem=wrong.get(name, ""))
        for name, field in fields.items()
    }


def made(body: type[Body], values: Mapping[str, Any]) -> Body:
    """The values as the API's own body.

    Raises:
        DomainError: request.invalid, with a pointer to each field that is wrong.
    """
    try:
        return body.model_validate(values)
    except ValidationError as invalid:
        errors = [_told(error) for error in invalid.errors(include_url=False)]
        general = "；".join(error["detail"] for error in errors if error["pointer"] == "/")
        raise DomainError("request.invalid", general or "有内容需要改正", "invalid", errors) from invalid


def told_wrong(error: Any) -> str:
    """Why a value is not taken, in Chinese, as pydantic tells it."""
    return reason_of(error)


def _told(error: Any) -> FieldError:
    return {"pointer": "/" + "/".join(str(step) for step in error["loc"]), "detail": told_wrong(error)}


def effort(fields: Fields, by_platform: tuple[str, ...]) -> str:
    """How many fields are typed by hand, and what the platform fills in: said on every form."""
    typed = sum(1 for field in fields.values() if field.required and not field.given)
    optional = sum(1 for field in fields.values() if not field.required and not field.given)
    filled_in = [*(field.label for field in fields.values() if field.given), *by_platform]
    more = f"（另有 {optional} 项按需填写）" if optional else ""
    auto = f"平台自动填写 {len(filled_in)} 项：{'、'.join(filled_in)}" if filled_in else "平台不代填"
    return f"手工填写 {typed} 项{more}；{auto}。"


def pieces(text: str) -> list[str]:
    """What is separated by 、 or the like."""
    return [word for word in re.split(r"[、,，;；\s]+", text) if word]


def rows(pattern: str, hint: str, field: str) -> Callable[[str], list[dict[str, str]]]:
    """One thing a line, as the pattern's groups."""

    def read(text: str) -> list[dict[str, str]]:
        found = []
        for line in filter(None, map(str.strip, text.splitlines())):
            match = re.fullmatch(pattern, line)
            if match is None:
                detail = f"“{line[:20]}”应写作：{hint}"
                raise DomainError("request.invalid", detail, "invalid", [{"pointer": f"/{field}", "detail": detail}])
            found.append({name: value for name, value in match.groupdict().items() if value is not None})
        return found

    return read
