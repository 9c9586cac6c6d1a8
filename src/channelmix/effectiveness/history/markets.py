"""Fitted markets, and new rows divided by market."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError, nearest_name
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.rows.table import Rows
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.rows.windows import rows_by_market


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

    `where` are their places in the table; `periods` count from the market's first; `spend` (n_rows, n_channels) is what
    acts, in money at the mean cost, and `paid` what was paid.
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
        """Divide new rows by fitted market.

        Raises
        ------
        InputError
            If a market was not fitted, or a channel never had spend in a market.
        """
        parts = []
        for name, where, periods in rows_by_market(rows, timeline):
            if name not in markets:
                known = [str(each) for each in markets]
                raise InputError(f"market {name} was not fitted{nearest_name(str(name), known)}")
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

    def linear_groups(self) -> Array:
        """Mean of season and controls in each row, (n_rows, 2)."""
        posterior = self.market.posterior
        columns = posterior.columns(self.periods, self.controls)
        mean = posterior.coefficients.mean(axis=0)
        return np.column_stack([columns[:, where] @ mean[where] for where in posterior.trend.groups()])

    def contributions(self) -> Array:
        """Mean outcome that each channel brings in each row, (n_rows, n_channels)."""
        return np.asarray(self.market.posterior.media(self.periods, self.spend).mean(axis=1).T)

    def predictive(self, rng: np.random.Generator) -> Array:
        """Draws of new outcomes, (n_draws, n_rows)."""
        return self.market.posterior.predictive(self.periods, self.spend, self.controls, rng)

    def scaled(self, channel: int, factors: Array) -> Array:
        """Outcome over the rows when a channel's spend is scaled by each factor; (n_draws, n_factors)."""
        return self.market.posterior.scaled(channel, self.periods, self.spend[:, channel], factors)


def joined(parts: Sequence[Part], of_rows: Callable[[Part], Array]) -> Array:
    """Values of each part's rows, (n_rows, ...), in the order of the table."""
    order = np.argsort(np.concatenate([part.where for part in parts]))
    return np.concatenate([of_rows(part) for part in parts])[order]


def totals_of(parts: Sequence[Part], names: Sequence[str]) -> Array:
    """Money paid for each channel of these names, the first ones, in all rows; (n_names,).

    Raises
    ------
    InputError
        If nothing is paid for one.
    """
    total = np.sum([part.paid.sum(axis=0) for part in parts], axis=0)[: len(names)]
    for name, amount in zip(names, total, strict=True):
        if amount == 0.0:
            raise InputError(f"nothing is spent on {name} in these rows, so its return is unknown")
    return np.asarray(total)


def spent_on(parts: Sequence[Part], names: Sequence[str]) -> Iterator[tuple[str, Part, int, float]]:
    """Each market and channel with spend: its name, such as ``FR/sms``, its rows, the channel's place, the money."""
    for part in parts:
        place = "" if part.market.name is None else f"{part.market.name}/"
        for c, total in enumerate(part.paid.sum(axis=0).tolist()):
            if total > 0.0:
                yield f"{place}{names[c]}", part, c, total


def edges(level: float) -> list[float]:
    """Quantiles between which the middle part `level` of a distribution lies.

    Raises
    ------
    InputError
        If `level` is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise InputError(f"level must lie between 0 and 1, not {level!r}")
    return [0.5 - 0.5 * level, 0.5 + 0.5 * level]


def shares(
    parts: Sequence[Part], names: Sequence[str], level: float, by_market: bool
) -> dict[str, list[float]]:
    """Mean and interval of the share of the rows' outcome that each channel brings.

    By channel, or by market and channel that was there, in the order of markets.
    """
    found = {}
    for members in [[part] for part in parts] if by_market else [list(parts)]:
        market = members[0].market.name if by_market else None
        whole = float(np.sum([np.abs(part.mean()).sum() for part in members]))
        for c, name in enumerate(names):
            if by_market and not members[0].spend[:, c].any():
                continue
            draws = np.sum([part.scaled(c, np.ones(1))[:, 0] for part in members], axis=0) / whole
            found[name if market is None else f"{market}/{name}"] = [
                draws.mean(),
                *np.quantile(draws, edges(level)),
            ]
    return found


def returns(
    parts: Sequence[Part], names: Sequence[str], level: float, by_market: bool, low: float, high: float
) -> dict[str, list[float]]:
    """Mean and interval of the outcome per unit of spend, between `low` and `high` times the rows' spend.

    By channel, or by market and channel with spend there.
    """
    totals = totals_of(parts, names)
    groups = (
        [(name, [part], c, total) for name, part, c, total in spent_on(parts, names)]
        if by_market
        else [(name, parts, c, totals[c]) for c, name in enumerate(names)]
    )
    found = {}
    for name, members, c, total in groups:
        start, end = np.sum([part.scaled(c, np.array([low, high])) for part in members], axis=0).T
        draws = (end - start) / ((high - low) * total)
        found[name] = [draws.mean(), *np.quantile(draws, edges(level))]
    return found
