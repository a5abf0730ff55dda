"""How often one caller may ask: a bucket each, that fills steadily and takes a burst. Pure: time is a parameter.

A caller is a sign-in that is known to be one, else an address: whoever makes up a token for each request takes all of
them from one bucket.
"""

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


class Callers:
    """Whose bucket a request takes from, and how long it has to wait: all requests, and attempts to sign in."""

    def __init__(self, rate: float, sign_in_rate: float) -> None:
        self._requests, self._sign_ins = Rates(rate), Rates(sign_in_rate)
        self._known: OrderedDict[int, None] = OrderedDict()

    def wait(self, token: str | None, address: str, now: float) -> float:
        """Take one: of the token's own, if it is known to be somebody's, else of the address's."""
        known = token is not None and hash(token) in self._known
        return self._requests.wait(hash(token) if known else f"@{address}", now)

    def wait_to_sign_in(self, address: str, now: float) -> float:
        """Take one attempt of the address's, whatever the request bears."""
        return self._sign_ins.wait(address, now)

    def keep(self, token: str) -> None:
        """Somebody was known by this token."""
        self._known.pop(hash(token), None)
        self._known[hash(token)] = None
        if len(self._known) > MOST_CALLERS:
            self._known.popitem(last=False)

    def forget(self, token: str) -> None:
        """Nobody is known by it any more."""
        self._known.pop(hash(token), None)
