"""Priors of the mix model, in business terms; they are fixed before the data are seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError
from channelmix.effectiveness.history.model.families import NO_EFFECT

DIFFERENCES = np.array([0.15, 0.3, 0.6, 1.0])
"""Standard deviations of the log margin between channels; they are equally likely, and averaged over."""


@dataclass(frozen=True)
class Priors:
    """Prior beliefs of the mix model. A `spread` is the standard deviation of a logarithm (or of log odds).

    Parameters
    ----------
    media_share, media_share_spread : float
        Median share of the outcome that media bring in the rows, at the median elasticity, and its spread. Each
        channel's marginal return is centred on the average that this share implies; how far channels differ from each
        other is averaged over.
    elasticity, elasticity_spread : float
        Median ratio of the marginal to the average return at a channel's mean active spend, kept up for good
        (1: no saturation), and the spread of its log odds.
    half_life, half_life_spread : float
        Median number of periods until half of a spend has acted, and its spread.
    no_effect : float
        Probability that a channel brings nothing.
    unpaid_share, unpaid_share_spread : float
        Median share of the outcome that a channel without a bill brings in the rows, at the median elasticity, and its
        spread. Such channels are not pooled with the others, whose money is somebody's considered choice.
    roi : mapping of str to (float, float)
        What other sources, such as published figures, say of some channels' ROI: 90 % intervals in outcome per unit of
        spend, if the channel has an effect. They are combined with the priors above; with several markets, they are of
        the ROI that the markets' ROIs are centred on. Columns without names are ``x0``, ``x1`` and so on.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    media_share: float = 0.2
    media_share_spread: float = 0.8
    elasticity: float = 0.6
    elasticity_spread: float = 1.0
    half_life: float = 1.3
    half_life_spread: float = 0.9
    no_effect: float = 0.05
    roi: Mapping[str, tuple[float, float]] = field(default_factory=dict, hash=False)
    unpaid_share: float = 0.02
    unpaid_share_spread: float = 1.2

    @classmethod
    def usual(cls, markets: int, **stated: Any) -> Self:
        """Return the default priors for a number of markets, with some of them replaced.

        With several markets a channel always has an effect: a shock that they share may hide one, and so many rows
        would be too sure that there is none.
        """
        return cls(**({} if markets == 1 else {"no_effect": 0.0}) | stated)

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "roi":
                object.__setattr__(self, "roi", _checked_ranges(value))
            elif not (_is_number(value) and (value > 0.0 or (value == 0.0 and each.name == "no_effect"))):
                raise InputError(f"priors: {each.name} must be a number above 0, not {value!r}")
        if not self.no_effect < 1.0:
            raise InputError(f"priors: no_effect must be below 1, not {self.no_effect!r}")
        if not max(self.media_share, self.elasticity, self.unpaid_share) < 1.0:
            raise InputError("priors: media_share, unpaid_share and elasticity must be below 1")

    @property
    def log_level(self) -> float:
        """Centre of the channels' log margins."""
        return math.log(self.media_share * self.elasticity)

    def log_margin(self, log_margin: Array) -> Array:
        """Log density of the channels' log margins: their marginal returns at the mean active spend.

        In units where all spend brings 100 % of the outcome at an ROI of 1. The current mix is somebody's considered
        choice, which equalizes marginal rather than average returns, so margins are centred on one level.

        The channels' common level and the size of their differences are integrated out, so that no funnel is left to
        sample. Shape (n_draws, n_channels) -> (n_draws,).
        """
        n = log_margin.shape[1]
        off = log_margin - self.log_level
        level = off.mean(axis=1)
        within = (off**2).sum(axis=1) - n * level**2
        own = DIFFERENCES**2
        common = own + n * self.media_share_spread**2
        terms = (
            -0.5 * within[:, np.newaxis] / own
            - 0.5 * n * level[:, np.newaxis] ** 2 / common
            - 0.5 * ((n - 1) * np.log(own) + np.log(common))
        )
        constant = math.log(len(own)) + 0.5 * n * math.log(2.0 * math.pi)
        return np.asarray(np.logaddexp.reduce(terms, axis=1) - constant)

    def draw_family(self, shape: tuple[int, ...], rng: np.random.Generator) -> Indices:
        """Draw channels' families: pairs of a carry-over and a saturation are equally likely."""
        none = rng.random(shape) < self.no_effect
        return np.asarray(np.where(none, NO_EFFECT, rng.integers(NO_EFFECT, size=shape)))

    def log_family(self, family: Indices) -> Array:
        """Log probability of channels' families; (n_draws, n_channels) -> (n_draws,)."""
        each = np.array([(1.0 - self.no_effect) / NO_EFFECT, self.no_effect])
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(each)[(family == NO_EFFECT).astype(int)].sum(axis=1))

    @property
    def unpaid_log_margin(self) -> tuple[float, float]:
        """Mean and standard deviation of the log margin of a channel without a bill.

        In units where it would bring the whole outcome at an ROI of 1.
        """
        return math.log(self.unpaid_share * self.elasticity), self.unpaid_share_spread

    @property
    def one_log_margin(self) -> tuple[float, float]:
        """Mean and standard deviation of one bought channel's log margin."""
        variance = self.media_share_spread**2 + float((DIFFERENCES**2).mean())
        return self.log_level, math.sqrt(variance)

    def draw_log_margin(self, n_draws: int, n_channels: int, rng: np.random.Generator) -> Array:
        """Draw the channels' log margins; shape (n_draws, n_channels)."""
        level = self.log_level + self.media_share_spread * rng.standard_normal((n_draws, 1))
        own = rng.choice(DIFFERENCES, size=(n_draws, 1))
        return np.asarray(level + own * rng.standard_normal((n_draws, n_channels)))


def _checked_ranges(ranges: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(ranges, Mapping):
        raise InputError(f"priors: roi must be a mapping of channels to (low, high), not {ranges!r}")
    found = {}
    for channel, stated in ranges.items():
        if not isinstance(channel, str):
            raise InputError(
                f"priors: roi must name channels by text, such as 'sms' or 'x0', not {channel!r}"
            )
        try:
            low, high = stated
        except (TypeError, ValueError):
            low = high = None
        if not (_is_number(low) and _is_number(high) and 0.0 < low < high):
            raise InputError(
                f"priors: roi of {channel} must be (low, high) with 0 < low < high, not {stated!r}: if it may bring "
                "nothing, no_effect says so"
            )
        found[channel] = (float(low), float(high))
    return found


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False
