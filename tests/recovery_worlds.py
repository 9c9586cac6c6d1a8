"""Simulated companies of few regions with steady, seasonal, late and on-off channels and Hill curves, truth known.

Of the kind of a public benchmark of parameter recovery (github.com/pymc-labs/mmm-param-recovery): the mix is far from
the best, what channels bring has no noise, spend is scaled by its maximum, carry-over is geometric over eight weeks and
not normalized. Slopes, half-saturations, retentions and sizes are drawn for each company, and vary somewhat by region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array

LAGS = 8
"""Weeks that spend acts in."""

PATTERNS = ("trend", "seasonal", "on-off", "rare", "late")
"""What a channel's weeks look like."""


@dataclass(frozen=True, eq=False)
class RecoveryWorld:
    """A company of some regions.

    Parameters
    ----------
    spend : ndarray of shape (n_regions, n_weeks, n_channels)
        Currency per week.
    controls : ndarray of shape (n_regions, n_weeks, n_controls)
    other : ndarray of shape (n_regions, n_weeks)
        Outcome without media.
    half, slope, retention, ceiling : ndarray of shape (n_regions, n_channels)
        Of Hill curves, half in parts of the maximal spend; of carry-over; outcome per week that cannot be exceeded.
    """

    spend: Array
    controls: Array
    other: Array
    half: Array
    slope: Array
    retention: Array
    ceiling: Array

    @property
    def outcome(self) -> Array:
        """What is observed, (n_regions, n_weeks)."""
        return np.asarray(self.other + self.effects(np.ones(self.spend.shape[2])).sum(axis=2))

    @property
    def total(self) -> Array:
        """Spend over all rows, (n_channels,)."""
        return np.asarray(self.spend.sum(axis=(0, 1)))

    def effects(self, factors: Array) -> Array:
        """Outcome by row and channel where each channel's spend is scaled; (n_regions, n_weeks, n_channels)."""
        scaled = factors * self.spend / self.spend.max(axis=1, keepdims=True)
        carried = np.zeros_like(scaled)
        for lag in range(LAGS):
            carried[:, lag:] += (self.retention**lag)[:, np.newaxis] * scaled[:, : scaled.shape[1] - lag]
        reached = (carried / self.half[:, np.newaxis]) ** self.slope[:, np.newaxis]
        return np.asarray(self.ceiling[:, np.newaxis] * reached / (1.0 + reached))

    def media(self, factors: Array) -> float:
        """Outcome over all rows that media bring."""
        return float(self.effects(factors).sum())

    def roi(self) -> Array:
        """Outcome per unit of spend, (n_channels,)."""
        return np.asarray(self.effects(np.ones(len(self.total))).sum(axis=(0, 1)) / self.total)


def recovery_world(seed: int) -> RecoveryWorld:
    """Draw a company: of one region, 104 weeks and 4 channels, or of two regions, 131 weeks and 6 channels."""
    rng = np.random.default_rng([19, seed])
    regions, weeks, channels = (1, 104, 4) if seed % 2 else (2, 131, 6)
    patterns = [*PATTERNS, *PATTERNS][:channels]
    base = rng.choice([100.0, 300.0, 500.0], channels) * rng.uniform(0.8, 1.2, (regions, channels))
    spend = np.empty((regions, weeks, channels))
    for r in range(regions):
        for c, pattern in enumerate(patterns):
            spend[r, :, c] = base[r, c] * _weeks(pattern, weeks, rng)
    controls = np.zeros((regions, weeks, 2))
    for r in range(regions):
        for k, (often, size) in enumerate(((0.04, 4), (0.1, 2))):
            controls[r, :, k] = rng.uniform(50.0, 500.0) * _flights(weeks, often, size, rng)
    level = rng.choice([5_000.0, 10_000.0])
    t = np.arange(weeks)
    other = level * rng.uniform(0.9, 1.1, (regions, 1)) * (1.0 + 0.05 * rng.standard_normal((regions, weeks)))
    other += level * rng.uniform(0.0, 0.1) * np.sin(2.0 * np.pi * (t / 52.18 + rng.random()))
    other += 0.5 * controls.sum(axis=2)

    def around(values: Array) -> Array:
        return np.asarray(values * rng.uniform(0.9, 1.1, (regions, channels)))

    return RecoveryWorld(
        spend,
        controls,
        other,
        around(rng.uniform(0.4, 1.0, channels)),
        around(rng.uniform(0.5, 2.0, channels)),
        np.minimum(around(rng.uniform(0.0, 0.6, channels)), 0.8),
        level * around(rng.uniform(0.1, 0.8, channels)),
    )


def _weeks(pattern: str, weeks: int, rng: np.random.Generator) -> Array:
    """Spend by week in parts of its usual size."""
    t = np.arange(weeks)
    noise = 0.05 * rng.standard_normal(weeks)
    if pattern == "trend":
        return np.maximum(1.0 + rng.uniform(-0.3, 1.0) * t / weeks + 3.0 * noise, 0.0)
    if pattern == "seasonal":
        wave = 1.0 - np.cos(rng.uniform(0.0, 2.0 * np.pi) + 2.0 * np.pi * t / 52.18)
        return np.asarray(np.maximum(rng.uniform(0.0, 0.6) + 0.4 * wave + noise, 0.0))
    if pattern == "late":
        start = int(rng.integers(15, 40))
        ramp = np.clip((t - start) / 10.0, 0.0, 1.0)
        return np.asarray(np.where(ramp > 0.0, np.maximum(ramp + noise, 0.0), 0.0))
    often, longest = (0.3, 4) if pattern == "on-off" else (0.2, 1)
    return np.maximum(_flights(weeks, often, longest, rng) * (1.0 + noise), 0.0)


def _flights(weeks: int, often: float, longest: int, rng: np.random.Generator) -> Array:
    """1 in weeks of flights that begin with a probability and last up to some weeks, 0 in others."""
    active = np.zeros(weeks)
    week = 0
    while week < weeks:
        if rng.random() < often:
            length = int(rng.integers(1, longest + 1))
            active[week : week + length] = 1.0
            week += length
        week += 1
    return active
