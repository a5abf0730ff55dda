"""How often one caller may ask: a bucket each, that fills steadily and takes a burst. Pure: time is a parameter."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

MOST_CALLERS = 10_000
"""So many buckets are kept; beyond that the one that was used longest ago is forgotten, in its caller's favour."""
BURST_SECONDS = 5.0


class Rates:
    """Buckets by caller: `rate` requests a second, and those of five seconds at once."""

    def __init__(self, rate: float) -> None:
        self._rate, self._most = rate, rate * BURST_SECONDS
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def wait(self, caller: Hashable, now: float) -> float:
        """Take one from the caller's bucket: 0 where there was one, else the seconds until there will be."""
        left, since = self._buckets.pop(caller, (self._most, now))
        left = min(self._most, left + (now - since) * self._rate)
        taken = left >= 1
        self._buckets[caller] = (left - 1 if taken else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - left) / self._rate
