"""On which days a record may lie, as the kernel has it."""

from services.kernel.rules import in_campaign, not_in_future

__all__ = ["in_campaign", "not_in_future"]
