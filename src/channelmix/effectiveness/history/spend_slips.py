"""Slips in spend: single rows far above their neighbours, of which the outcome shows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array, Indices
from channelmix.core.words import Message, say
from channelmix.effectiveness.constants import MAD_TO_DEVIATION
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.fitting import Fit
from channelmix.profile.fields.fields import DAYS_A_YEAR

AROUND = 8
"""Rows nearest to one that are its neighbours."""

SAME_SEASON = 8.5
"""Days by which regular dates move at most, or half a row."""

APART, ABOVE, UNUSUAL = 2.0, 3.5, 3.5
"""A slip in spend is so many times the column's next lower amounts, so many times its neighbours', and so many standard
deviations of the column's logarithms above these."""

MOST_SLIPS, FEW_SLIPS = 4, 2
"""More rows of such spend in a column are bursts, and so are over a few of which the outcome shows any."""

FEWEST_ACTIVE = 8
"""Fewer active rows than this tell nothing of what is usual."""

OFTEN = (1, 2, 3, 4, 6, 12, 13)
"""Times a year that money may be spent at regular dates."""

DIGITS = (1, 2, 3)
"""Digits too many, or points left out, by which an amount is typed wrongly."""

AS_BEFORE, AS_AROUND = 1.5, 1.25
"""Ratio of an amount without these digits to another year's push, or to the range of what is around, up to which it may
be meant."""

ECHO, SEEN = 4, 3.5
"""Rows over which what a push brings is looked for, and standard deviations from which on it is seen."""


@dataclass(frozen=True)
class Slip:
    """Spend in one row that its neighbours and the outcome speak against.

    Parameters
    ----------
    market : str or None
    channel : str
    period : int
        Of the row, counted from the market's first one.
    date : str
    spend, usual : float
        In the row, and in active rows around it, in currency.
    """

    market: str | None
    channel: str
    period: int
    date: str
    spend: float
    usual: float


@dataclass(frozen=True, eq=False)
class SpendSlips:
    """A search for slips in one market's rows.

    Parameters
    ----------
    fit : Fit
    linear : ndarray of shape (n_rows,)
        Mean linear part of the fit.
    left : ndarray of shape (n_rows,)
        What the fit leaves of each row; NaN where the outcome is not known.
    noise : float
        Standard deviation of what is left, above 0.
    """

    fit: Fit
    linear: Array
    left: Array
    noise: float

    @property
    def _order(self) -> Indices:
        """Rows by date."""
        return np.argsort(self.fit.model.window.periods)

    def all(self) -> tuple[Slip, ...]:
        """Spend far above that of all other rows around, of which the outcome shows nothing."""
        return tuple(slip for c in range(self.fit.model.window.bought) for slip in self._slips(c))

    def _slips(self, channel: int) -> list[Slip]:
        window = self.fit.model.window
        spend = window.spend[self._order, channel]
        active = np.flatnonzero(spend > 0.0)
        highest = np.sort(spend)[::-1]
        for number in range(MOST_SLIPS, 0, -1):
            if len(active) < FEWEST_ACTIVE + number or not _apart(highest, number):
                continue
            high = np.flatnonzero(spend >= highest[number - 1])
            usual = np.setdiff1d(active, high)
            burst = _burst(window.periods[self._order[high]], window.year)
            pair = burst and _pair(window.periods[self._order[high]]) and _ten_times(spend, high, usual)
            found = [] if burst and not pair else self._unseen(channel, spend, high, usual)
            if pair and len(found) < number:
                return []
            if number <= FEW_SLIPS or len(found) == number:
                return found
        return []

    def _unseen(self, channel: int, spend: Array, high: Indices, usual: Indices) -> list[Slip]:
        """Rows of unusual spend, by their places by date, that the outcome shows nothing of."""
        window = self.fit.model.window
        logs = np.log(spend[usual])
        unusual = UNUSUAL * MAD_TO_DEVIATION * float(np.median(np.abs(logs - np.median(logs))))
        around = [_nearest(usual, k) for k in high.tolist()]
        levels = np.array([np.median(spend[places]) for places in around])
        meant = np.array(
            [_meant(spend[k], level, spend[usual]) for k, level in zip(high, levels, strict=True)]
        )
        above = spend[high] / levels
        far = (above > ABOVE) & (np.log(above) > unusual)
        if not far.any():
            return []
        yearly = [self._of_other_years(spend, k, usual) for k in high.tolist()]
        again = np.array([amount is not None for amount in yearly])
        meant = np.array([one if year is None else year for one, year in zip(meant, yearly, strict=True)])
        far &= ~self._seen(channel, high, levels, meant, again)
        return [
            Slip(
                window.market,
                window.names[channel],
                int(window.periods[row]),
                window.date(int(row)),
                float(window.spend[row, channel]),
                float(level),
            )
            for row, level in zip(self._order[high[far]], levels[far], strict=True)
        ]

    def _of_other_years(self, spend: Array, high: int, usual: Indices) -> float | None:
        """An amount without digits too many, if another year's push at the same time was like it; or None."""
        window = self.fit.model.window
        periods = window.periods[self._order]
        years = (periods - periods[high]) / window.year
        apart = np.rint(years)
        same = (apart != 0.0) & (np.abs(years - apart) * window.year <= _season(window.year))
        pushes = spend[same & np.isin(np.arange(len(spend)), usual)]
        level = float(np.median(spend[_nearest(usual, high)]))
        pushes = pushes[pushes > APART * level]
        meant = [spend[high] / 10.0**digits for digits in DIGITS]
        like = [one for one in meant if ((pushes < AS_BEFORE * one) & (one < AS_BEFORE * pushes)).any()]
        return float(like[0]) if like else None

    def _seen(
        self, channel: int, high: Indices, levels: Array, meant: Array, again: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Whether the outcome rises where spend does, (n_high,), beside what all other rows expect of usual spend.

        It does not where it rises no more than the spend that may have been meant lets expect, and falls short of what
        this much would bring; or no more than that, where the push comes again every year and is ten times as large.
        """
        after = [self._order[k : k + ECHO] for k in high]
        spend = self.fit.model.window.spend[:, channel]
        brings = []
        for amounts in (levels, meant, spend[self._order[high]]):
            replaced = spend.copy()
            replaced[self._order[high]] = amounts
            brings.append(self._brings(channel, replaced))
        usual, columns, covariance = self._expected_by_others(after)
        seen = np.zeros(len(high), dtype=np.bool_)
        for k, rows in enumerate(after):
            known = rows[~np.isnan(self.left[rows])]
            summed = np.cumsum(columns[known], axis=0)
            spread = np.einsum("ij,jk,ik->i", summed, covariance, summed) + np.arange(1, len(known) + 1)
            left = self.left[known] + self.linear[known] - usual[known] + brings[-1][known]
            over, over_meant, over_all = (
                np.cumsum(left - each[known]) / (self.noise * np.sqrt(spread)) for each in brings
            )
            enough = (over_meant > SEEN).any() or not (again[k] or (over_all < -SEEN).any())
            seen[k] = (over > SEEN).any() and enough
        return seen

    def _expected_by_others(self, after: list[Indices]) -> tuple[Array, Array, Array]:
        """Linear part without some rows: a level or a season is not to follow them.

        Returns
        -------
        linear : ndarray of shape (n_rows,)
        columns : ndarray of shape (n_rows, n_columns)
        covariance : ndarray of shape (n_columns, n_columns)
            Of their coefficients, in squares of the noise.
        """
        window, posterior, trend = self.fit.model.window, self.fit.posterior, self.fit.model.trend
        columns = posterior.columns(window.periods, window.controls)
        others = np.setdiff1d(np.flatnonzero(window.known), np.concatenate(after))
        spreads = np.full(columns.shape[1], np.ptp(window.usual))
        spreads[len(spreads) - trend.walk(window.periods[:1]).shape[1] :] = posterior.step.mean()
        spreads[:2] = np.inf  # level and trend
        weighed = columns[others].T * window.weight[others]
        precision = weighed @ columns[others] + np.diag(
            (self.noise / np.maximum(spreads, 1e-6 * self.noise)) ** 2
        )
        covariance: Array = np.asarray(np.linalg.pinv(precision, hermitian=True), dtype=float)
        linear = columns @ (covariance @ (weighed @ (self.left + self.linear)[others]))
        return linear, columns, covariance

    def _brings(self, channel: int, spend: Array) -> Array:
        """Mean apparent effect of a channel in each row, if this is its spend in all rows; (n_rows,)."""
        window, posterior = self.fit.model.window, self.fit.posterior
        adstock = np.add(*posterior.adstocked(channel, window.periods, spend))
        shown = posterior.outcome(channel, adstock) * posterior.excess[:, channel, np.newaxis]
        return np.asarray(shown.mean(axis=0))


def slip_findings(slips: tuple[Slip, ...], names: tuple[str, ...]) -> Iterator[Finding]:
    """Name each channel's slips in spend."""
    for name in names:
        mine = [slip for slip in slips if slip.channel == name]
        if not mine:
            yield Finding.of("spend_slip", Verdict.PASS, 0.0, channel=name)
            continue
        worst = max(mine, key=lambda slip: slip.spend / slip.usual)
        ratio = worst.spend / worst.usual
        yield Finding.of(
            "spend_slip", Verdict.REVIEW, ratio, channel=name, rows=[_said(slip) for slip in mine]
        )


def _said(slip: Slip) -> Message:
    return say("rows.spend", date=slip.date, spend=slip.spend, usual=slip.usual)


def _apart(highest: Array, number: int) -> bool:
    """Whether the highest amounts, of this number, lie far above the next one, which is not nothing."""
    return len(highest) > number and highest[number - 1] >= APART * highest[number] > 0.0


def _burst(periods: Indices, year: float) -> bool:
    """Whether rows of high spend are a campaign of successive rows, or one that comes back at regular dates."""
    gaps: Array = np.diff(np.sort(periods)).astype(float)
    if not len(gaps) or gaps.min() == 1.0:
        return bool(len(gaps))
    reach = _season(year)
    often = OFTEN if len(gaps) > 1 else (1,)
    regular = any(bool((np.abs(gaps - year / times) <= reach).all()) for times in often)
    return regular or (len(gaps) > 2 and bool(np.ptp(gaps) <= 2.0))


def _season(year: float) -> float:
    """Rows by which regular dates move at most."""
    return max(SAME_SEASON / DAYS_A_YEAR * year, 0.51)


def _nearest(usual: Indices, place: int) -> Indices:
    """Active rows of usual spend nearest to one."""
    return usual[np.argsort(np.abs(usual - place), kind="stable")[:AROUND]]


def _pair(periods: Indices) -> bool:
    """Whether high spend is in two successive rows."""
    return len(periods) == 2 and abs(int(np.diff(periods)[0])) == 1


def _ten_times(spend: Array, high: Indices, usual: Indices) -> bool:
    """Whether all high rows are as those around them, but for the same number of digits too many."""
    around = [spend[_nearest(usual, k)] for k in high.tolist()]
    return any(
        all(
            near.min() / AS_AROUND <= spend[k] / 10.0**digits <= near.max() * AS_AROUND
            for k, near in zip(high.tolist(), around, strict=True)
        )
        for digits in DIGITS
    )


def _meant(spend: float, level: float, usual: Array) -> float:
    """What was spent if an amount is a slip: what is usual, or more if a digit too many makes it of the others."""
    meant = [spend / 10.0**digits for digits in DIGITS]
    return max([level, *(amount for amount in meant if amount <= usual.max())])
