"""Refusals that every kind of entry makes, as the kernel has them."""

from services.kernel.rules import fixed, number_taken, wrong

__all__ = ["fixed", "number_taken", "wrong"]
