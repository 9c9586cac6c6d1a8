"""From rows of numbers to a posterior: units, the model, its draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from channelmix.effectiveness.history.baseline import Baseline
from channelmix.effectiveness.history.lift import LiftTest
from channelmix.effectiveness.history.mix import Mix, Trial
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.priors import Priors
from channelmix.effectiveness.history.sampler import Draws, sample
from channelmix.effectiveness.history.shapes import lagged
from channelmix.effectiveness.history.trend import Trend
from channelmix.errors import InputError, nearest_name

__all__ = ["Window", "fit_posterior"]

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

MODEL_ERROR = 0.3
"""Standard deviation of the log of what rows show of a channel over what it brings, learnt on simulated companies that
break the model's assumptions (benchmarks/bench_history_error.py)."""


@dataclass(frozen=True, eq=False)
class Window:
    """The rows that are fitted, in the caller's units; `periods` count from 0, in any order, gaps allowed.

    An outcome that is not known is NaN; its row's spend acts all the same. `weight` is in proportion to the rows'
    worth, 0 where the outcome is not known and 1 on average elsewhere.
    """

    names: tuple[str, ...]
    periods: Indices
    spend: Array
    controls: Array
    outcome: Array
    weight: Array
    year: float

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows whose outcome counts."""
        return np.asarray(self.weight > 0.0)


def fit_posterior(
    window: Window,
    experiments: Sequence[tuple[LiftTest, int, int]],
    priors: Priors,
    n_draws: int,
    rng: np.random.Generator,
    model_error: bool = True,
) -> tuple[Posterior, Draws, Array]:
    """Draw from the posterior of a window.

    Parameters
    ----------
    window : Window
    experiments : sequence of (LiftTest, int, int)
        Tests with their first and last period.
    priors : Priors
    n_draws : int
    rng : numpy.random.Generator
    model_error : bool
        Whether what the rows show of a channel may be biased.

    Returns
    -------
    posterior : Posterior
    draws : Draws
    media : ndarray of shape (n_draws, n_rows + n_tests)
        What the rows fitted show of all channels, and the tests' lifts, in units of outcome.

    Raises
    ------
    InputError
        If a channel has no spend, the outcome never changes, or a test does not fit the window.
    """
    spend, known = window.spend, window.outcome[window.known]
    for name, column in zip(window.names, spend.T, strict=True):
        if not column.any():
            raise InputError(f"nothing was ever spent on {name}: leave it out of the channels")
    middle, unit = float(known.mean()), float(known.std())
    if unit <= 1e-12 * abs(middle) or not np.isfinite(unit):
        raise InputError("the outcome is the same in every row, so that nothing can be learnt from it")
    reference = np.array([column[column > 0.0].mean() for column in spend.T])
    spread = window.controls.std(axis=0)
    steady = spread <= 1e-12 * np.abs(window.controls).max(axis=0, initial=0.0)
    trend = Trend(
        int(window.periods.max()), window.year, window.controls.mean(axis=0), np.where(steady, np.inf, spread)
    )
    whole = len(spend) * float(np.sqrt(np.mean(known**2)))
    outcome = np.where(window.known, (window.outcome - middle) / unit, 0.0)
    mix = Mix(
        [lagged(_full(window.periods, column))[window.periods] for column in (spend / reference).T],
        spend.sum(axis=0) / spend.sum() * whole / unit,
        outcome,
        Baseline(trend.fixed(window.periods, window.controls), trend.walk(window.periods), window.weight),
        priors,
        np.full(len(window.names), MODEL_ERROR if model_error else 0.0),
        [_as_trial(test, first, last, window, reference, unit) for test, first, last in experiments],
    )
    draws = sample(mix, n_draws, rng)
    linear = mix.baseline.draw(mix.outcome - draws.media, rng)
    linear.coefficients[:, 0] += middle / unit
    ceiling = np.empty((n_draws, mix.n_channels))
    log_effect = draws.log_margin - mix.log_excess(draws.shape)
    for c in range(mix.n_channels):
        reached = mix.reached(c, draws.shape[:, c], draws.family[:, c])
        ceiling[:, c] = unit * np.exp(log_effect[:, c]) * mix.ceiling(c, draws.shape[:, c], reached)
    posterior = Posterior(
        draws.shape,
        draws.family,
        ceiling,
        np.exp(mix.log_excess(draws.shape)),
        unit * linear.coefficients,
        unit * linear.noise,
        unit * linear.step,
        reference,
        window.periods,
        spend,
        trend,
        priors,
    )
    return posterior, draws, unit * np.concatenate([draws.media, draws.lifts], axis=1)


def _full(periods: Indices, column: Array) -> Array:
    """Spend of every period from 0, with 0 in those that have no row."""
    full = np.zeros(int(periods.max()) + 1)
    full[periods] = column
    return full


def _as_trial(test: LiftTest, first: int, last: int, window: Window, reference: Array, unit: float) -> Trial:
    """A lift test in the model's units."""
    if test.channel not in window.names:
        hint = nearest_name(str(test.channel), window.names)
        raise InputError(f"lift test: there is no channel {test.channel!r}{hint}")
    c = window.names.index(str(test.channel))
    rows = np.flatnonzero((window.periods >= first) & (window.periods <= last))
    if not len(rows):
        raise InputError(f"lift test of {test.channel}: no row lies from {test.start} to {test.end}")
    spent = window.spend[rows, c]
    share = spent / spent.sum() if spent.any() else np.full(len(rows), 1.0 / len(rows))
    changed = window.spend[:, c].copy()
    changed[rows] += test.spend_change * share
    if (changed[rows] < -1e-9 * spent.max(initial=0.0)).any():
        raise InputError(
            f"lift test of {test.channel}: {-test.spend_change:g} cannot be withheld, only {spent.sum():g} was spent"
        )
    series = lagged(_full(window.periods, np.maximum(changed, 0.0) / reference[c]))
    return Trial(c, rows, series[window.periods[rows]], test.lift / unit, test.standard_error / unit)
