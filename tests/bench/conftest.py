"""The small province on the session's platform, as in the journeys."""

from tests.journey.conftest import province

__all__ = ["province"]
