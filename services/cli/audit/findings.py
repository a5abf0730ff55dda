"""What an audit has compared, and what differs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

_SHOWN = 20


@dataclass
class Findings:
    """How much was compared, and the first differences."""

    compared: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    first: list[str] = field(default_factory=list)

    def differs(self, line: str) -> None:
        """Note a difference."""
        self.wrong += 1
        if len(self.first) < _SHOWN:
            self.first.append(line)
