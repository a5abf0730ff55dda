"""From events to figures: pure, no I/O."""

from services.hotline.contract import Weights
from services.kernel.rules.distinct import GRAINS
from services.kernel.rules.figures import FigureReason, Metric, Rate, key, limited, metric_of, tagged

from .catalogue import LEVEL_FIELDS, METRICS, RATES, SOURCES, by_subject, is_level, key_of, stored
from .contributions import Contribution, facts
from .fold import HIDDEN, fold
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
