"""Labels, steps and lines that several kinds of study's records share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from services.kernel.message.errors import DomainError
from services.kernel.resource import Label, Record, Step, Waiting
from services.organisation.contract import Action

from ..session import STATE_NAMES

WRITE, RETURN = Action.write_study, Action.return_study
STANDING = {state: STATE_NAMES[state] for state in ("recorded", "returned", "void")}
RECORDED = frozenset({"recorded"})


def pieces(text: str) -> list[str]:
    """What is separated by 、 or the like."""
    return [word for word in re.split(r"[、,，;；\s]+", text) if word]


def rows(pattern: str, hint: str, field: str) -> Callable[[str], list[dict[str, str]]]:
    """Reads one thing a line, as the pattern's groups."""

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


def lines_of(*names: str) -> Callable[[list[Record]], str]:
    """Writes one thing a line, its fields in this order."""

    def write(told: list[Record]) -> str:
        return "\n".join(
            " ".join(f"{each[name]:g}" if isinstance(each[name], float) else str(each[name]) for name in names)
            for each in told
        )

    return write


NUMBER = Label("本单位编号", "自编，可不填；同一编号只登记一次")
TAGS = Label("举措、载体标签", "可不填；多个用顿号分开", read=pieces, say="、".join)
REASON = Label("事由")


def reported(
    correct: type[Any],
    give_back: type[Any],
    void: type[Any],
    standing: Iterable[str] = ("recorded", "returned"),
    returner: str = "unit",
) -> tuple[Step, ...]:
    """The life of what is reported: given back, said anew, taken back; `returner` names who may give it back."""
    stands = frozenset(standing)
    by_unit = returner == "unit"
    return (
        Step(
            "returns",
            "退回",
            give_back,
            RETURN if by_unit else WRITE,
            RECORDED,
            by=(returner,),
            form=("reason",),
            back=True,
        ),
        Step("corrections", "更正", correct, WRITE, stands, whole=True),
        Step("voids", "作废", void, WRITE, stands, form=("reason",), back=True),
    )


def returned(title: str) -> Waiting:
    """What was given back waits for its unit."""
    return Waiting(f"{title}被退回，待改正", WRITE, {"state": "returned"})
