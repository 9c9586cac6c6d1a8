"""Simulated companies of many regions whose weeks have shocks in common, truth known.

Laid out after a public simulation of regional media (Google's `RF_Data_Simulation_for_Meridian`): media per head are a
level, a national movement and a regional one; one channel works by reach and frequency; what all regions share in a
week is four times as large as a region's own noise. Around it, kinds that are harder to separate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, nearest_name

KINDS = ("regional", "national", "together", "knots", "following")
"""What moves media and the shared shock.

`regional`: half of a channel's movement is a region's own. `national`: a national plan split by population, with a
tenth of noise. `together`: channels move together in time. `knots`: the shared shock moves slowly. `following`: spend
follows the shared shock.
"""

LAGS = 9
"""Weeks that spend acts in."""


@dataclass(frozen=True, eq=False)
class RegionWorld:
    """A company of regions.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    spend : ndarray of shape (n_regions, n_weeks, n_channels)
        Currency per week.
    controls : ndarray of shape (n_regions, n_weeks, n_controls)
    outcome : ndarray of shape (n_regions, n_weeks)
        Currency per week.
    brought : ndarray of shape (n_channels,)
        Outcome that each channel brings over all rows.
    heads : ndarray of shape (n_regions,)
        Population.
    """

    kind: str
    spend: Array
    controls: Array
    outcome: Array
    brought: Array
    heads: Array

    @property
    def roi(self) -> Array:
        """True outcome per unit of spend, (n_channels,)."""
        return np.asarray(self.brought / self.spend.sum(axis=(0, 1)))


def region_world(seed: int, kind: str, regions: int = 20, weeks: int = 156, channels: int = 4) -> RegionWorld:
    """Draw a company.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    if kind not in KINDS:
        raise InputError(f"there is no kind {kind!r}{nearest_name(kind, KINDS)}")
    rng = np.random.default_rng([17, KINDS.index(kind), seed])
    heads = rng.uniform(1e5, 1e6, regions)[:, np.newaxis]
    controls = 3.0 * rng.standard_normal((regions, weeks, 2))
    if kind == "knots":
        shock = 2.0 * np.interp(
            np.arange(weeks), np.arange(0, weeks + 8, 8), rng.standard_normal(len(range(0, weeks + 8, 8)))
        )
    else:
        shock = 2.0 * rng.standard_normal(weeks)
    national = 0.5 * rng.standard_normal((weeks, channels))
    if kind == "together":
        national = 0.45 * rng.standard_normal((weeks, 1)) + 0.22 * rng.standard_normal((weeks, channels))
    if kind == "following":
        national = 0.15 * shock[:, np.newaxis] + 0.4 * rng.standard_normal((weeks, channels))
    own = 0.1 if kind == "national" else 0.5
    level = 1.8 + 0.5 * rng.standard_normal(channels)
    per_head = np.maximum(level + national + own * rng.standard_normal((regions, weeks, channels)), 0.0)
    spend = per_head * heads[:, :, np.newaxis] * rng.uniform(0.011, 0.012, channels)
    size = np.exp(
        0.9
        + 0.1 * rng.standard_normal(channels)
        + np.abs(0.18 * rng.standard_normal(channels)) * rng.standard_normal((regions, channels))
    )
    retention = rng.random(channels)
    half = _truncated(rng, 0.8, 0.8, 0.1, channels)
    effect = np.empty_like(spend)
    for c in range(channels):
        if c < channels - 1:
            carried = _carried(
                per_head[..., c] / np.median(per_head[..., c][per_head[..., c] > 0.0]), retention[c]
            )
            effect[..., c] = carried / (carried + half[c])
        else:  # by reach and frequency
            reach = -np.expm1(-per_head[..., c])
            frequency = np.divide(per_head[..., c], reach, out=np.ones_like(reach), where=reach > 0.0)
            slope, middle = (
                np.exp(0.7 + 0.4 * rng.standard_normal()),
                0.1 + np.exp(0.7 + 0.4 * rng.standard_normal()),
            )
            worth = frequency**slope / (frequency**slope + middle**slope)
            effect[..., c] = _carried(reach / np.median(reach[reach > 0.0]) * worth, retention[c])
    effect *= size[:, np.newaxis]
    pull = 3.5 + 0.5 * rng.standard_normal(2)
    pull = pull + np.abs(0.3 * rng.standard_normal(2)) * rng.standard_normal((regions, 2))
    rest = (
        15.0 + 1.2 * rng.standard_normal((regions, 1)) + shock + 0.5 * rng.standard_normal((regions, weeks))
    )
    rest += np.einsum("gtc,gc->gt", controls / 3.0, pull)
    worth_of_one = 0.035 * heads * rng.uniform(0.986, 1.014, (regions, weeks))
    return RegionWorld(
        kind,
        spend,
        controls,
        (np.maximum(rest, 0.0) + effect.sum(axis=2)) * worth_of_one,
        np.einsum("gtc,gt->c", effect, worth_of_one),
        heads[:, 0],
    )


def _carried(x: Array, retention: float) -> Array:
    """Geometric adstock along the weeks of (n_regions, n_weeks); the weights sum to 1."""
    weights = retention ** np.arange(LAGS)
    weights /= weights.sum()
    carried = np.zeros_like(x)
    for lag, weight in enumerate(weights):
        carried[:, lag:] += weight * x[:, : x.shape[1] - lag]
    return carried


def _truncated(rng: np.random.Generator, middle: float, spread: float, low: float, n: int) -> Array:
    """Normal numbers above `low`."""
    values = middle + spread * rng.standard_normal(20 * n + 50)
    return values[values > low][:n]
