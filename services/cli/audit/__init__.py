"""`shengzhi audit`: whether facts, roll-ups, journals and the owners' own records say the same."""

from .command import audit

__all__ = ["audit"]
