"""Prior beliefs about channels' ROI from other sources, and the prior of channels' sizes given them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import expit

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError, nearest_name
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.history.model.priors import DIFFERENCES, Priors

HOLD = 0.8
"""Prior probability that the believed ROIs hold for this company."""

CONTRADICTED = 0.2
"""Probability that beliefs hold, `HOLD` before the rows are seen, below which the rows contradict them."""


@dataclass(frozen=True)
class Judged:
    """Probability that a belief holds whether others do or not, and whether the rows contradict it."""

    chance: float
    contradicted: bool


@dataclass(frozen=True, eq=False)
class Believed:
    """Log-normal beliefs about the ROI of some channels, combined with the pooling of all channels' sizes.

    Given the shapes, log margins are a mixture of normal distributions, one for each of `DIFFERENCES`; believed ROIs
    turn it into another such mixture, in closed form. The prior of shapes stays as it is. The beliefs may not hold for
    this company at all: with probability 1 - `HOLD` they are ignored, so that rows which contradict them overrule them
    (a robust prior: Schmidli et al. 2014, "Robust meta-analytic-predictive priors in clinical trials with historical
    control information", Biometrics 70).

    Parameters
    ----------
    priors : Priors
    n_channels : int
        Number of all channels.
    channels : ndarray of int, shape (n_believed,)
        Channels with a belief.
    middle, spread : ndarray of shape (n_believed,)
        Of the log ROI, in the units of the log margins.
    """

    priors: Priors
    n_channels: int
    channels: Indices
    middle: Array
    spread: Array

    @classmethod
    def of(cls, priors: Priors, names: Sequence[str], unit: float) -> Self | None:
        """Believed ROIs of channels of these names; None without any. `unit` is the ROI that a log ROI of 0 stands for.

        Raises
        ------
        InputError
            If there is no such channel.
        """
        if not priors.roi:
            return None
        for channel in priors.roi:
            if channel not in names:
                raise InputError(
                    f"priors: roi: there is no channel {channel!r}{nearest_name(channel, names)}"
                )
        # In the channels' order, so that draws do not depend on that of the ranges.
        at = np.array([c for c, name in enumerate(names) if name in priors.roi], dtype=np.int64)
        low, high = np.log([priors.roi[names[c]] for c in at]).T - math.log(unit)
        return cls(priors, len(names), at, 0.5 * (low + high), 0.5 * (high - low) / Z90)

    def log_density(self, log_margin: Array, log_elasticity: Array) -> Array:
        """Addition to the log prior density of log margins given shapes; (n_draws, n_channels) -> (n_draws,)."""
        return np.asarray(np.logaddexp(self._log_odds(log_margin, log_elasticity), 0.0) + math.log1p(-HOLD))

    def agreement(self, log_margin: Array, log_elasticity: Array) -> Array:
        """Probability that the beliefs hold for this company, given log margins and shapes; (n_draws,)."""
        return np.asarray(expit(self._log_odds(log_margin, log_elasticity)))

    def judged(self, log_margin: Array, log_elasticity: Array) -> tuple[Judged, ...]:
        """Judge each belief by draws from the posterior, in the order of `channels`.

        Draws that the beliefs hold in count as little as they do: what is left are draws from what the rows say without
        any belief. The odds of some beliefs are the mean ratio of their density to what was expected of it beforehand.
        Where all together are improbable, the rows contradict those that are so alone, and all if the others do not
        hold together.
        """
        weight = -np.expm1(-np.logaddexp(0.0, -self._log_odds(log_margin, log_elasticity)))
        weight = weight / max(float(weight.sum()), np.finfo(float).tiny)

        def chance(at: list[int]) -> float:
            part = replace(self, channels=self.channels[at], middle=self.middle[at], spread=self.spread[at])
            odds = float(weight @ np.exp(part._log_odds(log_margin, log_elasticity)))
            return odds / (1.0 + odds) if odds < math.inf else 1.0

        every = list(range(len(self.channels)))
        each = [chance([k]) for k in every]
        kept = every
        if chance(every) < CONTRADICTED:
            kept = [k for k in every if each[k] >= CONTRADICTED]
            kept = kept if kept and chance(kept) >= CONTRADICTED else []
        return tuple(Judged(one, k not in kept) for k, one in enumerate(each))

    def draw(self, log_elasticity: Array, rng: np.random.Generator) -> Array:
        """Draw log margins given shapes; (n_draws, n_channels) -> the same.

        Each is drawn without the beliefs, then corrected by its difference from them (Matheron's rule: Journel &
        Huijbregts 1978, "Mining Geostatistics").
        """
        expected = self._expected(log_elasticity)
        logs, holds = self._log_evidence(expected), rng.random(len(expected)) < HOLD
        logs[~holds] = 0.0
        chosen = (logs + rng.gumbel(size=logs.shape)).argmax(axis=1)
        off = self.priors.media_share_spread * rng.standard_normal((len(logs), 1))
        off = off + DIFFERENCES[chosen, np.newaxis] * rng.standard_normal((len(logs), self.n_channels))
        error = self.spread * rng.standard_normal(expected.shape)
        gain = self._parts[2][chosen] * holds[:, np.newaxis, np.newaxis]
        off += np.einsum("dcb,db->dc", gain, expected - off[:, self.channels] - error)
        return np.asarray(self.priors.log_level + off)

    def _log_odds(self, log_margin: Array, log_elasticity: Array) -> Array:
        """Log odds that the beliefs hold for this company, given log margins and shapes; (n_draws,)."""
        expected = self._expected(log_elasticity)
        off = log_margin[:, self.channels] - self.priors.log_level - expected
        value = -0.5 * ((off / self.spread) ** 2).sum(axis=1) - np.log(self.spread).sum()
        whole = np.logaddexp.reduce(self._log_evidence(expected), axis=1) - math.log(len(DIFFERENCES))
        return np.asarray(value - whole + math.log(HOLD / (1.0 - HOLD)))

    def _expected(self, log_elasticity: Array) -> Array:
        """Log margins that the believed ROIs imply, relative to the prior's level; (n_draws, n_believed)."""
        return np.asarray(self.middle + log_elasticity[:, self.channels] - self.priors.log_level)

    def _log_evidence(self, expected: Array) -> Array:
        """Log evidence of each of `DIFFERENCES`, up to a constant; (n_draws, n_differences)."""
        inverse, log_det, _ = self._parts
        squares = np.einsum("db,kbe,de->dk", expected, inverse, expected, optimize=True)
        return np.asarray(-0.5 * (squares + log_det))

    @cached_property
    def _parts(self) -> tuple[Array, Array, Array]:
        """By difference: inverse covariance of the beliefs, its log determinant, and the gain of all log margins."""
        level = np.full((self.n_channels, self.n_channels), self.priors.media_share_spread**2)
        covariance = DIFFERENCES[:, np.newaxis, np.newaxis] ** 2 * np.eye(self.n_channels) + level
        across = covariance[:, :, self.channels]
        known = across[:, self.channels] + np.diag(self.spread**2)
        inverse = np.linalg.inv(known)
        return inverse, np.linalg.slogdet(known)[1], across @ inverse
