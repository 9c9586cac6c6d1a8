"""Simulated companies whose rows of spend and outcome break an assumption of a marketing-mix model, truth known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, nearest_name

BROKEN = (
    "nothing", "slow adstock", "S-shape", "drifting effect", "trend break", "collinearity", "confounding",
    "reverse causality", "outliers", "synergy", "no effect",
)  # fmt: skip
"""What can be wrong with a world; `nothing` is left to chance alone."""

LAGS = 40
"""Weeks that spend acts in."""


@dataclass(frozen=True, eq=False)
class MixWorld:
    """A company of some weeks and channels.

    Parameters
    ----------
    broken : str
        The assumption that it breaks, of `BROKEN`.
    spend : ndarray of shape (n_weeks, n_channels)
        Currency per week.
    other : ndarray of shape (n_weeks,)
        Outcome per week without media: level, season, noise.
    adstock : ndarray of shape (n_channels, LAGS)
        Weights of past spend, which sum to 1.
    half : ndarray of shape (n_channels,)
        Adstock at which half of the ceiling is reached.
    slope : ndarray of shape (n_channels,)
        Steepness of Hill curves, 0 where the curve is exponential.
    ceiling : ndarray of shape (n_channels,)
        Outcome per week that a channel cannot exceed.
    drift : ndarray of shape (n_weeks,)
        Factor on what media bring.
    synergy : float
        What a unit of the first channel's outcome adds to one of the second's.
    """

    broken: str
    spend: Array
    other: Array
    adstock: Array
    half: Array
    slope: Array
    ceiling: Array
    drift: Array
    synergy: float

    @property
    def outcome(self) -> Array:
        """What is observed, (n_weeks,)."""
        return np.asarray(self.other + self.effects(np.ones(len(self.half))))

    @property
    def total(self) -> Array:
        """Spend over all weeks, (n_channels,)."""
        return np.asarray(self.spend.sum(axis=0))

    def effects(self, factors: Array) -> Array:
        """Outcome by week that media bring where each channel's spend is scaled by its factor, (n_weeks,)."""
        parts = np.stack([self._part(c, factor) for c, factor in enumerate(factors)])
        whole = parts.sum(axis=0) * self.drift
        return np.asarray(whole + self.synergy * parts[0] * parts[1])

    def media(self, factors: Array) -> float:
        """Outcome over all weeks that media bring."""
        return float(self.effects(factors).sum())

    def roi(self) -> Array:
        """What would be lost without a channel, by unit of its spend, (n_channels,)."""
        now, ones = self.media(np.ones(len(self.half))), np.eye(len(self.half))
        return np.array([now - self.media(1.0 - without) for without in ones]) / self.total

    def marginal_roi(self) -> Array:
        """What one more unit of spend on a channel brings, (n_channels,)."""
        ones, step = np.ones(len(self.half)), 0.01 * np.eye(len(self.half))
        return np.array([self.media(ones + s) - self.media(ones - s) for s in step]) / (0.02 * self.total)

    def _part(self, channel: int, factor: float) -> Array:
        carried = np.convolve(factor * self.spend[:, channel], self.adstock[channel])[: len(self.spend)]
        x, slope = carried / self.half[channel], float(self.slope[channel])
        reached = -np.expm1(-np.log(2.0) * x) if slope == 0.0 else x**slope / (1.0 + x**slope)
        return np.asarray(self.ceiling[channel] * reached)


def simulated_mix(seed: int, broken: str | None = None, careless: float = 0.0) -> MixWorld:
    """Draw a company of 104 to 208 weeks and 3 to 5 channels, the last of them in flights.

    The season moves spend and outcome. Channels' returns differ, but not wildly: the current mix is somebody's
    considered choice. All media bring 10 to 30 % of the outcome or so.

    Parameters
    ----------
    seed : int
        Every world has its own; by default it also says what is broken, in turn.
    broken : str, optional
        One of `BROKEN`.
    careless : float
        Further standard deviation of the log of channels' returns, and of where they saturate: with 1, the current mix
        is far from the best one.

    Raises
    ------
    InputError
        If `broken` is unknown.
    """
    if broken is None:
        broken = BROKEN[seed % len(BROKEN)]
    elif broken not in BROKEN:
        raise InputError(f"there is no world that breaks {broken!r}{nearest_name(broken, BROKEN)}")
    rng = np.random.default_rng([12, seed])
    weeks, channels = int(rng.choice([104, 156, 208])), int(rng.integers(3, 6))
    t = np.arange(weeks)
    season = np.sin(2.0 * np.pi * (t / 52.18 + rng.random()))
    hidden = np.convolve(rng.standard_normal(weeks + 7), np.ones(8) / 8.0**0.5, mode="valid")
    noise = rng.uniform(6.0, 18.0) * rng.standard_normal(weeks)
    spend = _spend(rng, broken, season, hidden, noise, channels)
    other = 300.0 + rng.uniform(-0.2, 0.4) * t + 25.0 * season + noise
    if broken == "trend break":
        other += np.where(t > rng.uniform(0.3, 0.7) * weeks, -40.0, 0.0)
    if broken == "confounding":
        other += rng.uniform(5.0, 15.0) * hidden
    if broken == "outliers":
        other += np.where(rng.random(weeks) < 0.04, rng.normal(0.0, 90.0, weeks), 0.0)
    mean = spend.mean(axis=0)
    share = mean * np.exp(rng.normal(0.0, 0.35, channels))
    apart = careless * np.random.default_rng([13, seed]).standard_normal((2, channels))
    share *= np.exp(apart[0])
    share *= rng.uniform(0.12, 0.4) * 350.0 / share.sum()
    share[0] *= broken != "no effect"
    slow = broken == "slow adstock"
    retention = rng.uniform(0.85, 0.92, channels) if slow else rng.uniform(0.1, 0.7, channels)
    adstock = retention[:, np.newaxis] ** np.arange(LAGS)
    slope = rng.choice([0.0, 1.0], channels)
    if broken == "S-shape":
        slope = rng.uniform(2.0, 3.0, channels)
    return MixWorld(
        broken=broken,
        spend=spend,
        other=other,
        adstock=adstock / adstock.sum(axis=1, keepdims=True),
        half=mean * np.exp(rng.normal(0.0, 0.5, channels) + apart[1]),
        slope=slope,
        ceiling=2.0 * share,
        drift=np.exp(0.4 * hidden) if broken == "drifting effect" else np.ones(weeks),
        synergy=0.01 if broken == "synergy" else 0.0,
    )


def _spend(
    rng: np.random.Generator, broken: str, season: Array, hidden: Array, noise: Array, channels: int
) -> Array:
    weeks = len(season)
    level = rng.standard_normal((weeks, channels))
    if broken == "collinearity":
        level = 0.3 * level + 0.95 * rng.standard_normal((weeks, 1))
    if broken == "confounding":
        level[:, 0] = 0.5 * level[:, 0] + 0.85 * hidden
    size = np.exp(rng.normal(3.0, 0.6, channels))
    spend = size * np.exp(0.5 * level + 0.2 * season[:, np.newaxis])
    spend[:, -1] *= np.repeat(rng.random(weeks // 4 + 1) < 0.5, 4)[:weeks]
    if broken == "reverse causality":  # money follows this week's and last week's surprise
        surprise = noise / noise.std()
        spend[:, 0] *= np.exp(0.35 * surprise + 0.45 * np.r_[0.0, surprise[:-1]])
    return np.asarray(spend)
