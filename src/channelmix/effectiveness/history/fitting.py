"""Fit the mix model: units, the model of each market, and draws from the posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.core.tolerances import CONSTANT_COLUMN
from channelmix.effectiveness.history.model.baseline import Baseline
from channelmix.effectiveness.history.model.families import NO_EFFECT
from channelmix.effectiveness.history.model.heavy_tails import NORMAL, TAILS, tails_of
from channelmix.effectiveness.history.model.mix import Mix
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.roi_beliefs import Believed
from channelmix.effectiveness.history.model.shapes import acting_later, lagged_rows
from channelmix.effectiveness.history.model.shared_shocks import SharedShocks, linear_part, shared_shocks
from channelmix.effectiveness.history.model.trend import Trend
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.effectiveness.history.sampling.pace import Pace
from channelmix.effectiveness.history.sampling.particles import Draws, SamplerReport
from channelmix.effectiveness.history.sampling.pooled_sampler import sample_markets
from channelmix.effectiveness.history.sampling.sampler import sample
from channelmix.effectiveness.history.trials import Placed, as_trial

MODEL_ERROR = 0.3
"""Standard deviation of the log of a channel's apparent effect over its true one, learnt from simulated companies that
break the model's assumptions (benchmarks/bench_history_error.py)."""

PRIOR_DRAWS = 4000
"""Draws of the prior, where its distribution is summarized."""


def fit_posterior(
    windows: Sequence[Window],
    experiments: Sequence[Sequence[Placed]],
    priors: Priors,
    n_draws: int,
    rng: np.random.Generator,
    model_error: bool = True,
    pace: Pace | None = None,
) -> list[Fit]:
    """Draw from the posterior of one market's window, or of several markets' together.

    Parameters
    ----------
    windows : sequence of Window
        One a market, of the same channels and controls.
    experiments : sequence of sequences of (LiftTest, int, int)
        Of each market, tests with their first and last period.
    priors : Priors
    n_draws : int
    rng : numpy.random.Generator
    model_error : bool
        Whether a channel's apparent effect in the rows may be biased.
    pace : Pace, optional
        Ends the fit with what there is when its time is up.

    Returns
    -------
    list of Fit
        One a market.

    Raises
    ------
    InputError
        If a channel has no spend, an outcome never changes, or a test does not fit the window.
    """
    models = _models(windows, experiments, priors, MODEL_ERROR if model_error else 0.0)
    if len(models) == 1:
        model = models[0].weighed(models[0])
        draws, report = sample(model.mix, n_draws, rng, pace)
        return [Fit(model, model.posterior(draws, rng), draws, report)]
    return _fit_markets(models, windows, n_draws, rng, pace)


def _fit_markets(
    models: Sequence[MarketModel],
    windows: Sequence[Window],
    n_draws: int,
    rng: np.random.Generator,
    pace: Pace | None,
) -> list[Fit]:
    """Draw from the common posterior of several markets, whose shared shocks are integrated out."""
    periods = [window.start + window.periods for window in windows]
    found, variance, noise = shared_shocks([model.mix for model in models], periods)
    # Outliers are looked for without what all markets share.
    models = [
        model.weighed(model.without(shock, variance)) for model, shock in zip(models, found, strict=True)
    ]
    mixes = [model.mix for model in models]
    shocks = SharedShocks.found(mixes, periods, variance, noise)
    if shocks.negligible:
        drawn, report = sample_markets(mixes, n_draws, rng, pace=pace)
        return [
            Fit(model, model.posterior(each, rng), each, report)
            for model, each in zip(models, drawn, strict=True)
        ]
    places = shocks.places
    rest = [mix.outcome - linear_part(mix) for mix in mixes]
    taken = shocks.taken * shocks.sums(mixes, rest)
    asked = [replace(mix, outcome=mix.outcome - taken[at]) for mix, at in zip(mixes, places, strict=True)]
    drawn, report = sample_markets(asked, n_draws, rng, shocks, pace)
    left = [values - each.media for values, each in zip(rest, drawn, strict=True)]
    by_draw = shocks.shrunk * shocks.sums(mixes, left)
    mean = by_draw.mean(axis=0)
    fits = []
    for model, each, at in zip(models, drawn, places, strict=True):
        clean = model.without(mean[at], variance)
        fits.append(Fit(clean, clean.posterior(each, rng, (by_draw - mean)[:, at]), each, report))
    return fits


def expected_returns(windows: Sequence[Window], priors: Priors, rng: np.random.Generator) -> Array:
    """Draw what the prior expects of these rows before their outcome is looked at, but for its size.

    Returns
    -------
    ndarray of shape (2, n_draws, n_channels + 1)
        Of each channel and of all together: outcome per unit of spend (in several markets, the one that theirs lie
        around), and the share of the outcome's size (root mean square times rows) that all spend brings.
    """
    mix = _models(windows, [()] * len(windows), priors, 0.0)[0].mix
    size, money, acted = _whole(windows)
    bought = windows[0].bought
    part = np.exp(mix.draw_log_roi(PRIOR_DRAWS, rng))
    part[priors.draw_family(part.shape, rng) == NO_EFFECT] = 0.0
    spend = np.concatenate([acted[:bought], np.full(windows[0].unpaid, money)])
    share = part * (spend / money)
    roi = part * (size / money)
    roi[:, bought:] = np.nan
    together = [roi[:, :bought] @ spend[:bought] / money, share.sum(axis=1)]
    return np.concatenate([[roi, share], np.array(together)[:, :, np.newaxis]], axis=2)


def _whole(windows: Sequence[Window]) -> tuple[float, float, Array]:
    """Size of the outcome, money spent, and spend on each channel or its volume without a bill, in all markets.

    The size over all money is the ROI of a margin of 1; for a channel without a bill, a margin of 1 is all outcome.
    """
    size = sum(window.size for window in windows)
    money = sum(float(window.spend[:, : window.bought].sum()) for window in windows)
    return size, money, np.sum([window.spend.sum(axis=0) for window in windows], axis=0)


def _models(
    windows: Sequence[Window],
    experiments: Sequence[Sequence[Placed]],
    priors: Priors,
    error: float,
) -> list[MarketModel]:
    """A model of each window, in common units; `error` is the spread of the model error."""
    names, bought, whole = windows[0].names, windows[0].bought, _whole(windows)
    for c, name in enumerate(names):
        if whole[2][c] == 0.0:
            said = f"nothing was ever spent on {name}" if c < bought else f"{name} is 0 in every row"
            raise InputError(f"{said}: leave it out of the channels")
    bias = np.full(len(names), error)
    believed = Believed.of(priors, names[:bought], whole[0] / whole[1])
    return [
        MarketModel.of(window, tests, priors, bias, whole, believed)
        for window, tests in zip(windows, experiments, strict=True)
    ]


@dataclass(frozen=True, eq=False)
class MarketModel:
    """A market's rows in the model's units.

    Parameters
    ----------
    window : Window
        The rows, without what all markets share.
    mix : Mix
    trend : Trend
    middle, unit : float
        Of the outcome, in the caller's units.
    reference : ndarray of shape (n_channels,)
        Unit of each channel's spend.
    tests : sequence of (LiftTest, int, int)
        With their first and last period.
    shock : float
        Variance of what all markets share.
    tail : ndarray of shape (n_tails,)
        Probability of each of `TAILS`.
    """

    window: Window
    mix: Mix
    trend: Trend
    middle: float
    unit: float
    reference: Array
    tests: Sequence[Placed]
    shock: float = 0.0
    tail: Array = field(default_factory=NORMAL.copy)

    @classmethod
    def of(
        cls,
        window: Window,
        experiments: Sequence[Placed],
        priors: Priors,
        bias: Array,
        whole: tuple[float, float, Array],
        believed: Believed | None,
    ) -> Self:
        """Find the units; `whole` is the outcome's size, money and each channel's spend in all markets."""
        spend, usual = window.spend, window.usual
        middle, unit = float(usual.mean()), float(usual.std())
        if unit <= CONSTANT_COLUMN * abs(middle) or not np.isfinite(unit):
            raise InputError(
                f"the outcome is the same in every row{window.place}, so nothing can be learnt from it"
            )
        reference = np.array([column[column > 0.0].mean() if column.any() else 1.0 for column in spend.T])
        spread = window.controls.std(axis=0)
        steady = spread <= CONSTANT_COLUMN * np.abs(window.controls).max(axis=0, initial=0.0)
        trend = Trend(
            int(window.periods.max()),
            window.year,
            window.controls.mean(axis=0),
            np.where(steady, np.inf, spread),
        )
        bought = np.arange(len(window.names)) < window.bought
        mix = Mix(
            [lagged_rows(window.periods, column) for column in (spend / reference).T],
            spend.sum(axis=0) / np.where(bought, whole[1], whole[2]) * whole[0] / unit,
            np.where(window.known, (window.outcome - middle) / unit, 0.0),
            Baseline(
                trend.fixed(window.periods, window.controls),
                trend.walk(window.periods),
                window.weight,
                (trend.weekdays.start, trend.weekdays.stop),
            ),
            priors,
            bias,
            [as_trial(placed, window, reference, unit) for placed in experiments],
            believed,
            window.unpaid,
            [acting_later(window.periods, column) for column in (spend / reference).T],
        )
        return cls(window, mix, trend, middle, unit, reference, experiments)

    def without(self, shock: Array, variance: float) -> Self:
        """Subtract the shock that all markets share, (n_rows,); its variance belongs to the noise of new rows."""
        seen = self.window.outcome - self.unit * shock
        window = replace(self.window, outcome=seen, original=self.window.stated)
        outcome = np.where(window.known, self.mix.outcome - shock, 0.0)
        return replace(self, window=window, mix=replace(self.mix, outcome=outcome), shock=variance)

    def weighed(self, like: Self) -> Self:
        """Give the outliers of a like model less weight."""
        found = tails_of(like.mix)
        weight = self.window.weight * found.precision
        baseline = replace(self.mix.baseline, weight=weight)
        window = replace(self.window, weight=weight)
        return replace(self, window=window, mix=replace(self.mix, baseline=baseline), tail=found.chance)

    def posterior(self, draws: Draws, rng: np.random.Generator, shock: Array | float = 0.0) -> Posterior:
        """Convert draws to the caller's units, and draw the linear part; `shock` (n_draws, n_rows) differs by draw."""
        mix, unit = self.mix, self.unit
        linear = mix.baseline.draw(mix.outcome - draws.media - shock, rng)
        linear.coefficients[:, 0] += self.middle / unit
        ceiling = np.empty_like(draws.log_margin)
        log_effect = draws.log_margin - mix.log_excess(draws.shape)
        for c in range(mix.n_channels):
            shape, family = draws.shape[:, c], draws.family[:, c]
            most = mix.ceiling(c, shape, family, mix.reached(c, shape, family))
            ceiling[:, c] = unit * np.exp(log_effect[:, c]) * most
        return Posterior(
            draws.shape,
            draws.family,
            ceiling,
            np.exp(mix.log_excess(draws.shape)),
            unit * linear.coefficients,
            unit * np.sqrt(linear.noise**2 + self.shock) if self.shock else unit * linear.noise,
            rng.choice(TAILS, size=len(draws.log_margin), p=self.tail),
            unit * linear.step,
            self.reference,
            self.window.periods,
            self.window.spend,
            self.trend,
            mix.priors,
        )


@dataclass(frozen=True, eq=False)
class Fit:
    """What was found of one market: draws in the model's units, the posterior in the caller's."""

    model: MarketModel
    posterior: Posterior
    draws: Draws
    report: SamplerReport
