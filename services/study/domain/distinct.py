"""Distinct counts, as the kernel has them."""

from services.kernel.distinct import GRAINS, after, moved, window

__all__ = ["GRAINS", "after", "moved", "window"]
