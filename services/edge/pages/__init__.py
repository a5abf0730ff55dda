"""Pages, rendered on the server; complete without a script."""

from .router import mount

__all__ = ["mount"]
