"""Checks of single rows by their outcome: exactly 0, or out of line; and of weekdays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.constants import MAD_TO_DEVIATION
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.fitting import Fit
from channelmix.effectiveness.history.model.trend import WEEK
from channelmix.effectiveness.history.spend_slips import Slip
from channelmix.profile.fields.fields import DAYS_A_YEAR

AROUND = 8
"""Rows on either side of one that are its neighbours."""

FEW_ZEROS = 3
"""Fewest outcomes of 0 that fail the check: fewer do little harm."""

FEWEST_COUNTED = 16.0
"""Usual count of customers or orders over rows of 0 from which on they are not chance: a Poisson count of this mean
is 0 in one of nine million cases."""

GAP = 0.15
"""Most rows around an outcome of 0 bring at least this part of their median, or 0 is the low end of what comes."""

NAMED = 0.5
"""Chance of an outcome of 0, by a regression on the controls, from which on a control names the row."""

CLOSED_DAY = 0.8
"""Part of a weekday's rows with an outcome of 0 from which on that is a pattern of weekdays."""

WEEKDAYS_CHANGE = 8.0
"""Standard errors by which a weekday departs from its pattern in half of the rows, from which on it has changed."""

OUT_OF_LINE, WITH_WEIGHT = 5.0, 10.0
"""Standard deviations from which on a row is out of line, and misleads if it counts half as much as others do."""

LONG = 3
"""Successive rows out of line on one side from which on they are no slip."""

COMES_BACK, LIKE_IT = 2.5, 4.0
"""Standard deviations of a peak that comes back every year, and how many times as large another year's may be."""

SAME_SEASON, MOST_YEARS = 8.5, 0.6
"""Days by which a yearly peak moves at most, or half a row, and least part of the other years that have it."""

PUSHED, GENEROUS = 2.0, 1.5
"""Times its neighbours' from which on spend is a push, and times the fit's high ROI that a push may bring."""

HIGH = 0.95
"""Quantile of the draws that is the fit's high ROI."""


@dataclass(frozen=True, eq=False)
class RowChecks:
    """Checks of one market's rows beside what the fit expects of them; `left` (n_rows,) is what it leaves."""

    fit: Fit
    expected: Array
    uncertainty: Array

    @classmethod
    def of(cls, fit: Fit, linear: Array) -> RowChecks:
        """Look at a fit; `linear` are draws of the linear part, (n_draws, n_rows)."""
        shown = linear + fit.model.unit * fit.draws.media[:, : linear.shape[1]]
        return cls(fit, shown.mean(axis=0), shown.std(axis=0))

    @cached_property
    def order(self) -> Indices:
        """Rows by date."""
        return np.argsort(self.fit.model.window.periods)

    @cached_property
    def left(self) -> Array:
        """What the fit leaves of each row, (n_rows,); NaN where the outcome is not known."""
        return np.asarray(self.fit.model.window.outcome - self.expected)

    @cached_property
    def spread(self) -> float:
        """Robust standard deviation of what is left."""
        left = self.left[self.fit.model.window.known]
        return MAD_TO_DEVIATION * float(np.median(np.abs(left - np.median(left))))

    def zero_outcomes(self) -> Finding:
        """Name rows whose outcome is exactly 0 while that of the rows around them is far above."""
        window = self.fit.model.window
        rows = self.closed
        if not len(rows):
            return Finding.of("zero_outcomes", Verdict.PASS, 0.0)
        verdict = Verdict.FAIL if len(rows) >= FEW_ZEROS else Verdict.REVIEW
        usual = float(np.median(window.stated[window.known & (window.stated != 0.0)]))
        return Finding.of(
            "zero_outcomes", verdict, float(len(rows)), count=len(rows), rows=window.spans(rows), usual=usual
        )

    @cached_property
    def closed(self) -> Indices:
        """Rows of outcome 0 that stand out."""
        window = self.fit.model.window
        # A row's weight may be next to nothing where it is out of line: it was known all the same.
        known = self.order[~np.isnan(window.stated[self.order])]
        y = window.stated[known]
        zero = y == 0.0
        if not zero.any() or zero.all():
            return known[:0]
        zero &= ~_named(window.controls[known], zero) & ~self._closed_days[known]
        whole = bool((y == np.rint(y)).all())
        runs = np.split(np.arange(len(y)), np.flatnonzero(np.diff(zero.astype(int))) + 1)
        found = [run for run in runs if zero[run[0]] and _stands_out(y, run, whole)]
        count = sum(map(len, found))
        if count > 0.1 * len(y) and count * (1.0 - count / len(y)) < 2.0 * len(found):
            return known[:0]  # now and then nothing is sold: as many in a row as chance makes
        return np.concatenate([known[run] for run in found]) if found else known[:0]

    @cached_property
    def _closed_days(self) -> NDArray[np.bool_]:
        """Rows of outcome 0 on weekdays that hardly ever bring anything, (n_rows,)."""
        window, row_days = self.fit.model.window, self.fit.model.trend.row_days
        zero, known = window.stated == 0.0, ~np.isnan(window.stated)
        if row_days is None:
            return np.zeros(len(zero), dtype=bool)
        weekday = window.periods * row_days % WEEK
        number = np.maximum(np.bincount(weekday, known, WEEK), 1.0)
        return np.asarray(zero & ((np.bincount(weekday, zero, WEEK) / number)[weekday] >= CLOSED_DAY))

    def outliers(self, slips: tuple[Slip, ...]) -> Iterator[Finding]:
        """Name rows far from what the fit expects, and apart from them peaks that come back every year."""
        window = self.fit.model.window
        known = window.known & ~np.isin(np.arange(len(window.outcome)), self.closed)
        known &= ~self._closed_days & ~np.isin(window.periods, [slip.period for slip in slips])
        off = np.where(known, self.left, 0.0) / np.maximum(np.hypot(self.spread, self.uncertainty), 1e-300)
        off = off if self.spread > 0.0 else np.zeros(len(off))
        far = np.flatnonzero((np.abs(off) > OUT_OF_LINE) & ~self._pushed())
        yearly = np.array([self._comes_back(row, off) for row in far.tolist()], dtype=np.bool_)
        single = far[~yearly]
        long = self._long(single, off)
        yield self._out_of_line(np.setdiff1d(single, np.concatenate(long)) if long else single, off, known)
        yield from self._stretches(long, off, known)
        if yearly.any():
            yield Finding.of(
                "yearly_peaks", Verdict.PASS, float(yearly.sum()), rows=window.spans(far[yearly])
            )

    def _long(self, far: Indices, off: Array) -> list[Indices]:
        """Successive rows among those out of line, all on one side, that are too many for a slip."""
        window = self.fit.model.window
        rows = far[np.argsort(window.periods[far])]
        ends = (np.diff(window.periods[rows]) > 1) | (np.diff(np.sign(off[rows])) != 0.0)
        runs = np.split(rows, np.flatnonzero(ends) + 1)
        return [run for run in runs if len(run) >= LONG]

    def _stretches(self, runs: list[Indices], off: Array, known: NDArray[np.bool_]) -> Iterator[Finding]:
        """Name stretches of rows out of line, and by how much the worst is."""
        window = self.fit.model.window
        if not runs:
            return
        worst = max(runs, key=lambda run: float(np.abs(off[run]).sum()))
        brought, expected = window.stated[worst], window.stated[worst] - self.left[worst]
        yield Finding.of(
            "stretch",
            Verdict.FAIL if self._misleads(worst, off, known) else Verdict.REVIEW,
            float(np.abs(off[worst]).max()),
            count=sum(map(len, runs)),
            rows=window.spans(np.concatenate(runs)),
            outcome=float(brought.mean()),
            expected=float(expected.mean()),
        )

    def _misleads(self, far: Indices, off: Array, known: NDArray[np.bool_]) -> bool:
        """Whether a row far off counts as much as others: most such rows count little."""
        pull = np.abs(off) * self.fit.model.window.weight / np.median(self.fit.model.window.weight[known])
        return bool(((np.abs(off[far]) > WITH_WEIGHT) & (pull[far] > OUT_OF_LINE)).any())

    def _out_of_line(self, far: Indices, off: Array, known: NDArray[np.bool_]) -> Finding:
        window = self.fit.model.window
        if not len(far):
            # Rows beyond are pushes and yearly peaks.
            worst = float(np.abs(off[np.abs(off) <= OUT_OF_LINE]).max(initial=0.0))
            return Finding.of("outliers", Verdict.PASS, worst, worst=worst)
        row = int(far[np.abs(off[far]).argmax()])
        return Finding.of(
            "outliers",
            Verdict.FAIL if self._misleads(far, off, known) else Verdict.REVIEW,
            abs(float(off[row])),
            count=len(far),
            rows=window.spans(far),
            date=window.date(row),
            outcome=float(window.stated[row]),
            expected=float(window.stated[row] - self.left[row]),
            worst=abs(float(off[row])),
            worth=float(window.weight[row] / np.median(window.weight[known])),
        )

    def _comes_back(self, row: int, off: Array) -> bool:
        """Whether most other years have such a peak, or dip, at the same time."""
        window = self.fit.model.window
        years = (window.periods - window.periods[row]) / window.year
        apart = np.rint(years)
        reach = max(SAME_SEASON / DAYS_A_YEAR, 0.51 / window.year)
        same = (apart != 0.0) & (np.abs(years - apart) <= reach) & ~np.isnan(window.outcome)
        like = same & (off * np.sign(off[row]) >= max(COMES_BACK, abs(off[row]) / LIKE_IT))
        return bool(like.any()) and len(set(apart[like])) >= MOST_YEARS * len(set(apart[same]))

    def _pushed(self) -> NDArray[np.bool_]:
        """Rows that bring more than expected, and not more than their push in spend may bring; (n_rows,)."""
        model, draws = self.fit.model, self.fit.draws
        window, n = model.window, len(model.window.periods)
        roi = np.exp(draws.log_roi) * self.fit.posterior.excess * (model.unit * model.mix.total)
        high = np.quantile(roi, HIGH, axis=0) / np.maximum(window.spend.sum(axis=0), 1e-300)
        rank = np.argsort(self.order)
        may_bring = np.zeros(n)
        for c, spend in enumerate(window.spend[self.order].T):
            usual = np.array([np.median(spend[max(k - AROUND, 0) : k + AROUND + 1]) for k in range(n)])
            extra = np.where(spend > PUSHED * usual, spend - usual, 0.0)
            extra[1:] += extra[:-1]  # what it brings may come a row later
            may_bring += GENEROUS * high[c] * extra[rank]
        return np.asarray((self.left > 0.0) & (self.left <= may_bring))

    def weekdays(self) -> Iterator[Finding]:
        """Say how far weekdays differ, where rows are shorter than a week; does the model's pattern hold throughout?"""
        model = self.fit.model
        trend, window = model.trend, model.window
        if trend.row_days is None:
            return
        known = self.order[window.known[self.order]]
        weekday = window.periods[known] * trend.row_days % WEEK
        columns = trend.fixed(np.arange(WEEK), np.zeros((WEEK, len(trend.middle))))[:, trend.weekdays]
        effects = columns @ self.fit.posterior.coefficients[:, trend.weekdays].mean(axis=0)
        half = (np.arange(len(known)) >= len(known) // 2).astype(int)
        cell = 2 * weekday + half
        left = self.left[known].clip(-3.0 * self.spread, 3.0 * self.spread)
        left = left - np.array([np.median(left[half == h]) for h in (0, 1)])[half]
        number = np.maximum(np.bincount(cell, minlength=2 * WEEK), 1)
        means = np.bincount(cell, left, 2 * WEEK) / number
        worst = float((np.abs(means) * np.sqrt(number)).max() / max(self.spread, 1e-300))
        yield Finding.graded(
            "weekdays", worst, WEEKDAYS_CHANGE, np.inf, reach=float(np.ptp(effects)), worst=worst
        )


def _named(controls: Array, zero: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of outcome 0 that controls tell apart; (n_rows,)."""
    columns = np.column_stack([np.ones(len(zero)), controls])
    chance = columns @ np.linalg.lstsq(columns, zero.astype(float), rcond=None)[0]
    return np.asarray(chance >= NAMED)


def _stands_out(y: Array, run: Indices, whole: bool) -> bool:
    """Whether the outcomes around a run of zeros lie far above 0."""
    other = np.flatnonzero(y != 0.0)
    around = y[np.concatenate([other[other < run[0]][-AROUND:], other[other > run[-1]][:AROUND]])]
    usual = float(np.median(around))
    by_chance = whole and usual * len(run) < FEWEST_COUNTED
    return bool(np.quantile(around, 0.2) > GAP * usual > 0.0 and not by_chance)
