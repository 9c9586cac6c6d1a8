"""How long a fit has taken, how long it will take, and how long it may."""

from __future__ import annotations

import math
import time


class Pace:
    """Time of a fit, from now on.

    Parameters
    ----------
    limit : float, optional
        Seconds after which it has to end with what there is; by default never.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = math.inf if limit is None else limit
        self._began = time.monotonic()
        self._expected, self._done, self._started = 0.0, 0.0, self._began

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() - self._began >= self.limit

    def expect(self, work: float) -> None:
        """Begin with work of a usual amount, in any unit."""
        self._expected, self._done, self._started = work, 0.0, time.monotonic()

    def note(self, work: float, at_least: float) -> None:
        """Note work that was done, and how much is left at least."""
        self._done += work
        self._expected = max(self._expected, self._done + at_least)

    def left(self) -> str:
        """About how long the rest takes, in words, after a comma; nothing as long as that is not known."""
        if self._done <= 0.0:
            return ""
        rest = (time.monotonic() - self._started) / self._done * (self._expected - self._done)
        rest = min(rest, self.limit - (time.monotonic() - self._began))
        if rest >= 90.0:
            return f", about {rest / 60.0:.0f} min left"
        return f", about {math.ceil(max(rest, 1.0)):.0f} s left"
