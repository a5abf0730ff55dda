"""From events to figures: pure, no I/O."""

from .catalogue import GRAINS, METRICS, SOURCES, Metric, by_subject, key, metric_of, stored, tagged
from .contributions import Contribution, facts
from .fold import HIDDEN, fold
from .rates import RATES, FigureReason, Rate, Weights, limited

__all__ = [
    "GRAINS",
    "HIDDEN",
    "METRICS",
    "RATES",
    "SOURCES",
    "Contribution",
    "FigureReason",
    "Metric",
    "Rate",
    "Weights",
    "by_subject",
    "facts",
    "fold",
    "key",
    "limited",
    "metric_of",
    "stored",
    "tagged",
]
