"""Kinds of records as their contracts describe them, and what the edge does with any of them."""

from .bodies import content_model, listing_of, step_model
from .catalogue import RESOURCES, resource_of
from .operations import Asked, add, change, history, one, page

__all__ = [
    "RESOURCES",
    "Asked",
    "add",
    "change",
    "content_model",
    "history",
    "listing_of",
    "one",
    "page",
    "resource_of",
    "step_model",
]
