"""The life that essays and lectures share, as the kernel has it."""

from services.kernel.register import Register

__all__ = ["Register"]
