"""Rows by market: where each market's rows stand in a table, and what was fitted of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError, nearest_name
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.rows.table import Rows
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.rows.windows import divided
from channelmix.profile.evidence import LiftTest


@dataclass(frozen=True, eq=False)
class Market:
    """What was fitted of one market.

    Parameters
    ----------
    name : str or None
        None where rows are of one market that has no name.
    start : int
        Its first period that was fitted.
    cost : ndarray of shape (n_channels,)
        Mean money per unit of a channel's column, 1 where the column is money.
    posterior : Posterior
        Its periods count from `start`.
    """

    name: str | None
    start: int
    cost: Array
    posterior: Posterior


@dataclass(frozen=True, eq=False)
class Part:
    """One market's rows of a table.

    `where` are their places; `periods` count from the market's first; `spend` (n_rows, n_channels) is what acts, in
    money at the mean cost, and `paid` what was paid.
    """

    market: Market
    where: Indices
    periods: Indices
    spend: Array
    paid: Array
    controls: Array

    @classmethod
    def read(
        cls, rows: Rows, names: Sequence[str], timeline: Timeline, markets: Mapping[str | None, Market]
    ) -> list[Part]:
        """Divide new rows, with channels of these names, by the markets that were fitted.

        Raises
        ------
        InputError
            If a market was not fitted, or a channel never had spend in a market.
        """
        parts = []
        for name, where, periods in divided(rows, timeline):
            if name not in markets:
                known = [str(each) for each in markets]
                raise InputError(f"there was no market {name} in the fit{nearest_name(str(name), known)}")
            market = markets[name]
            spend = rows.spend[where] * market.cost
            unknown = ~market.posterior.spend.any(axis=0) & spend.any(axis=0)
            if unknown.any():
                channel = names[int(unknown.argmax())]
                raise InputError(
                    f"nothing was ever spent on {channel} in {name}, so its return there is unknown"
                )
            parts.append(
                cls(market, where, periods - market.start, spend, rows.paid[where], rows.controls[where])
            )
        return parts

    def mean(self) -> Array:
        """Mean outcome of each row, (n_rows,)."""
        posterior = self.market.posterior
        linear = posterior.linear(self.periods, self.controls).mean(axis=0)
        return np.asarray(linear + posterior.shown(self.periods, self.spend).mean(axis=0))

    def linear_groups(self) -> dict[str, Array]:
        """Mean of the linear part's groups in each row, (n_rows,) each."""
        posterior = self.market.posterior
        columns = posterior.columns(self.periods, self.controls)
        mean = posterior.coefficients.mean(axis=0)
        return {name: columns[:, where] @ mean[where] for name, where in posterior.trend.groups().items()}

    def scaled(self, channel: int, factors: Array) -> Array:
        """Outcome over the rows when a channel's spend is scaled by each factor; (n_draws, n_factors)."""
        return self.market.posterior.scaled(channel, self.periods, self.spend[:, channel], factors)


def joined(parts: Sequence[Part], values: Sequence[Array]) -> Array:
    """Values of each part's rows in the order of the table."""
    joined = np.empty((sum(len(part.where) for part in parts), *values[0].shape[1:]))
    for part, value in zip(parts, values, strict=True):
        joined[part.where] = value
    return joined


def totals_of(parts: Sequence[Part], names: Sequence[str]) -> Array:
    """Money paid for each channel in all rows, (n_channels,).

    Raises
    ------
    InputError
        If nothing is paid for one.
    """
    total = np.sum([part.paid.sum(axis=0) for part in parts], axis=0)
    for name, amount in zip(names, total, strict=True):
        if amount == 0.0:
            raise InputError(f"nothing is spent on {name} in these rows, so that its return is unknown")
    return np.asarray(total)


def spent_on(parts: Sequence[Part], names: Sequence[str]) -> Iterator[tuple[str, Part, int, float]]:
    """Each market and channel with spend: its name, such as ``FR/sms``, its rows, the channel's place, the money."""
    for part in parts:
        place = "" if part.market.name is None else f"{part.market.name}/"
        for c, total in enumerate(part.paid.sum(axis=0).tolist()):
            if total > 0.0:
                yield f"{place}{names[c]}", part, c, total


def tests_by_market(
    names: Sequence[str | None], experiments: Sequence[LiftTest]
) -> dict[str | None, list[LiftTest]]:
    """Lift tests of each market.

    Raises
    ------
    InputError
        If a test is of another market, or of none where rows are of several.
    """
    tests: dict[str | None, list[LiftTest]] = {name: [] for name in names}
    for test in experiments:
        if test.market not in tests:
            known = [name for name in names if name is not None]
            hint = nearest_name(str(test.market), known)
            expected = f"one of {len(known)} markets{hint}" if known else "none"
            raise InputError(
                f"lift test of {test.channel}: its market is {test.market}, and must be {expected}"
            )
        tests[test.market].append(test)
    return tests
