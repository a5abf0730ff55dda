"""Research at the edge: a module for each kind of record."""

from fastapi import APIRouter

from . import measures, topics, visits

router = APIRouter(prefix="/research")
for module in (topics, visits, measures):
    router.include_router(module.router)

__all__ = ["measures", "router", "topics", "visits"]
