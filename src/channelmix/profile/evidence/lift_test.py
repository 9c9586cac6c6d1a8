"""Lift tests: what a change of spend on one channel was measured to bring."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from channelmix.core.described import Described
from channelmix.core.errors import InputError, nearest_name


@dataclass(frozen=True)
class LiftTest(Described):
    """An experiment with one channel: by how much a change of its spend moved the outcome.

    The change is measured against the spend in the rows that are fitted, and counts from `start` to `end`; its effect
    after `end` does not count. It is spread over these rows in proportion to their spend, or evenly where they have
    none.

    Parameters
    ----------
    channel : str or int
        As the regressor names its channels; in evidence, the column whose spend was changed.
    start, end : date or number
        First and last period of the test, both included, of the same kind as the rows' dates.
    spend_change : float
        Spend added over the whole test, in currency; negative where spend was withheld.
    lift : float
        Outcome gained over the whole test, in the history's unit of outcome; negative where it was lost.
    standard_error : float
        Standard error of the lift.
    market : str, optional
        Market that was tested, where the rows are of several.

    Raises
    ------
    InputError
        If a number is not finite, nothing was changed, the standard error is not above 0, or a text is not printable.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    channel: str | int
    start: Any
    end: Any
    spend_change: float
    lift: float
    standard_error: float
    market: str | None = None

    def __post_init__(self) -> None:
        place = f"lift test of {self.channel}"
        for name in ("spend_change", "lift", "standard_error"):
            number = getattr(self, name)
            if not isinstance(number, int | float | np.number) or not np.isfinite(number):
                raise InputError(f"{place}: {name} must be a finite number, not {number!r}")
            object.__setattr__(self, name, float(number))
        if self.spend_change == 0.0:
            raise InputError(f"{place}: spend_change is 0, so that nothing was tested")
        if self.standard_error <= 0.0:
            raise InputError(f"{place}: standard_error must be above 0")
        texts = (self.channel, self.start, self.end, self.market)
        if not all(text.isprintable() for text in texts if isinstance(text, str)):
            raise InputError("lift test: channel, dates and market must be printable text")

    def to_dict(self) -> dict[str, Any]:
        """Write JSON-ready data: dates as text or whole numbers; no market where none is named."""
        start, end = (day if isinstance(day, int) else str(day)[:10] for day in (self.start, self.end))
        data = {**asdict(self), "channel": str(self.channel), "start": start, "end": end}
        return {name: value for name, value in data.items() if value is not None}


def check_market(test: LiftTest, markets: Iterable[str], source: str = "") -> None:
    """Check that a lift test names its market where the rows do, and only there.

    Parameters
    ----------
    test : LiftTest
    markets : iterable of str
        Markets of the rows; empty where no column names them.
    source : str
        Prefix of the message.

    Raises
    ------
    InputError
        If the test's market is not one of them, or it names one and the rows none.
    """
    known, place = sorted(set(markets)), f"{source}a lift test of {test.channel}"
    if not known and test.market is not None:
        raise InputError(
            f"{place} names a market, {test.market}, and the rows none: name their column of markets"
        )
    if known and test.market not in known:
        found = "names no market" if test.market is None else f"is of {test.market}"
        hint = nearest_name(test.market or "", known)
        raise InputError(f"{place} {found}, and rows are of {', '.join(known)}{hint}: name one of them")
