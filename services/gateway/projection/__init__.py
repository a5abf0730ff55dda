"""From events to figures: pure, no I/O."""

from .catalogue import GRAINS, METRICS, RATES, Metric, Rate, key, stored
from .contributions import Contribution, facts
from .fold import Fact, fold

__all__ = ["GRAINS", "METRICS", "RATES", "Contribution", "Fact", "Metric", "Rate", "facts", "fold", "key", "stored"]
