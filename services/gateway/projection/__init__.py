"""From events to figures: pure, no I/O."""

from .catalogue import (
    GRAINS,
    LEVEL_FIELDS,
    METRICS,
    SOURCES,
    Metric,
    by_subject,
    is_level,
    key,
    key_of,
    metric_of,
    stored,
    tagged,
)
from .contributions import Contribution, facts
from .fold import HIDDEN, fold
from .rates import RATES, FigureReason, Rate, Weights, limited
from .tree import ALWAYS, Line, Path, Tree, legs, spread, standing

__all__ = [
    "ALWAYS",
    "GRAINS",
    "HIDDEN",
    "LEVEL_FIELDS",
    "METRICS",
    "RATES",
    "SOURCES",
    "Contribution",
    "FigureReason",
    "Line",
    "Metric",
    "Path",
    "Rate",
    "Tree",
    "Weights",
    "by_subject",
    "facts",
    "fold",
    "is_level",
    "key",
    "key_of",
    "legs",
    "limited",
    "metric_of",
    "spread",
    "standing",
    "stored",
    "tagged",
]
