"""The mix model: channels' contributions by draw, and the likelihood of the outcome given them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from channelmix.core.arrays import Array, Indices
from channelmix.effectiveness.history.model.baseline import Baseline
from channelmix.effectiveness.history.model.families import NO_EFFECT, NUMBERS
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.roi_beliefs import Believed
from channelmix.effectiveness.history.model.shapes import adstock_weights, elasticity, saturated

SHARED = 0.5
"""Part of the model error's variance that all channels share: a wrong model often credits all of them too much."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A lift test as numbers: `rows` of the window, spend as changed in them, (n_rows, LAGS), lift and its error."""

    channel: int
    rows: Indices
    lagged: Array
    lift: float
    standard_error: float


def ceiling_of(total: ArrayLike, whole: Array, family: Indices) -> Array:
    """Contribution to a row that a channel cannot exceed if it brings `total` over rows that reach `whole` of it.

    0 without any spend or effect. NaN where a curve is so steep that no row reaches any of it: no ceiling brings the
    total.
    """
    without = np.where(np.equal(total, 0.0), 1.0, np.where(family == NO_EFFECT, np.inf, np.nan))
    return np.asarray(total / np.where(whole > 0.0, whole, without))


@dataclass(frozen=True, eq=False)
class Mix:
    """Outcome = baseline + sum over channels of ROI x spend, spread over the rows as the channel's shape says + noise.

    Parameters
    ----------
    lagged : sequence of ndarray of shape (n_rows, LAGS)
        A channel's spend 0, 1, 2, ... periods before each row, in units of its mean active spend.
    total : ndarray of shape (n_channels,)
        What each channel brings over the rows at an ROI of 1, in the outcome's unit.
    outcome : ndarray of shape (n_rows,)
    baseline : Baseline
    priors : Priors
    tests : sequence of Trial
        In the same units.
    bias : ndarray of shape (n_channels,)
        Model error: standard deviation of the log of a channel's apparent effect in the rows over its true effect. Lift
        tests are assumed to measure the true effect.
    believed : Believed, optional
        What other sources say of channels' ROI.
    """

    lagged: Sequence[Array]
    total: Array
    outcome: Array
    baseline: Baseline
    priors: Priors
    bias: Array
    tests: Sequence[Trial] = ()
    believed: Believed | None = None

    @property
    def n_channels(self) -> int:
        """Number of channels."""
        return len(self.lagged)

    def reached(self, channel: int, shape: Array, family: Indices) -> Array:
        """Share of the ceiling reached in each row, then gained or lost by each test; shapes as of `series`."""
        weights = adstock_weights(shape, family, self.priors)
        mine = [k for k, test in enumerate(self.tests) if test.channel == channel]
        spend = np.concatenate([self.lagged[channel], *(self.tests[k].lagged for k in mine)])
        reached = saturated(weights @ spend.T, shape, family, self.priors)
        n = len(self.outcome)
        series = np.zeros((len(shape), n + len(self.tests)))
        series[:, :n] = reached[:, :n]
        for k in mine:
            rows = self.tests[k].rows
            end = n + len(rows)
            series[:, len(self.outcome) + k] = (reached[:, n:end] - series[:, rows]).sum(axis=1)
            n = end
        return series

    def series(self, channel: int, shape: Array, family: Indices) -> Array:
        """A channel's effect in each row, then each test's lift, at a margin of 1; (n_draws, n_rows + n_tests)."""
        reached = self.reached(channel, shape, family)
        return np.asarray(reached * self.ceiling(channel, shape, family, reached)[:, np.newaxis])

    def ceiling(self, channel: int, shape: Array, family: Indices, reached: Array) -> Array:
        """Contribution to a row that a channel cannot exceed at a margin of 1, see `ceiling_of`; (n_draws,)."""
        whole = reached[:, : len(self.outcome)].sum(axis=1) * elasticity(shape, self.priors)
        return ceiling_of(self.total[channel], whole, family)

    def log_excess(self, shape: Array) -> Array:
        """Log of each channel's apparent effect in the rows over its true effect; (n_draws, n_channels)."""
        number, n = shape[:, :, -1], self.n_channels
        own = math.sqrt(1.0 - SHARED)
        common = (math.sqrt(1.0 - SHARED + SHARED * n) - own) / n
        return np.asarray(self.bias * (own * number + common * number.sum(axis=1, keepdims=True)))

    def lifts(self, media: Array, shape: Array) -> Array:
        """Each test's lift, without the rows' bias; (n_draws, n_tests)."""
        channels = [test.channel for test in self.tests]
        return np.asarray(media[:, len(self.outcome) :] * np.exp(-self.log_excess(shape)[:, channels]))

    def log_likelihood(self, media: Array, shape: Array) -> Array:
        """Log likelihood of outcome and tests given media, (n_draws, n_rows + n_tests), and shapes; (n_draws,)."""
        n = len(self.outcome)
        value = self.baseline.log_likelihood(self.outcome - media[:, :n])
        if self.tests:
            for test, lift in zip(self.tests, self.lifts(media, shape).T, strict=True):
                value = value - 0.5 * ((test.lift - lift) / test.standard_error) ** 2
        return value

    def log_roi(self, log_margin: Array, shape: Array) -> Array:
        """Log of what channels truly bring over all rows, relative to `total`; (n_draws, n_channels)."""
        return np.asarray(log_margin - self.log_excess(shape) - np.log(elasticity(shape, self.priors)))

    def log_prior_of_sizes(self, log_margin: Array, shape: Array) -> Array:
        """Log prior density, up to a constant, of the apparent margins given the shapes; (n_draws,)."""
        true = log_margin - self.log_excess(shape)
        value = self.priors.log_margin(true)
        if self.believed is not None:
            value = value + self.believed.log_density(true, np.log(elasticity(shape, self.priors)))
        return value

    def prior_agreement(self, log_margin: Array, shape: Array) -> float:
        """Mean probability that the ROIs expected beforehand are this company's; NaN where none are."""
        if self.believed is None:
            return math.nan
        true = log_margin - self.log_excess(shape)
        return float(self.believed.agreement(true, np.log(elasticity(shape, self.priors))).mean())

    def agreement_of_each(self, log_margin: Array, shape: Array) -> Array:
        """Probability of each ROI expected beforehand that it is this company's, see `Believed`; (n_believed,)."""
        if self.believed is None:
            return np.zeros(0)
        true = log_margin - self.log_excess(shape)
        return self.believed.agreement_of_each(true, np.log(elasticity(shape, self.priors)))

    def draw_sizes(self, shape: Array, rng: np.random.Generator) -> Array:
        """Draw the logs of the apparent margins from their prior given shapes; (n_draws, n_channels)."""
        if self.believed is None:
            true = self.priors.draw_log_margin(len(shape), self.n_channels, rng)
        else:
            true = self.believed.draw(np.log(elasticity(shape, self.priors)), rng)
        return np.asarray(true + self.log_excess(shape))

    def draw_log_roi(self, n_draws: int, rng: np.random.Generator) -> Array:
        """Draw the log ROI of channels from the prior, if they have an effect; (n_draws, n_channels)."""
        shape = rng.standard_normal((n_draws, self.n_channels, NUMBERS))
        return self.log_roi(self.draw_sizes(shape, rng), shape)
