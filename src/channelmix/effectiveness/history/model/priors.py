"""Priors of the mix model, in terms that a business can judge; they are fixed before the data are seen."""

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
"""Standard deviations of the log margin from channel to channel that are averaged over, equally likely."""


@dataclass(frozen=True)
class Priors:
    """What is believed before the data are seen. A `spread` is a standard deviation of a logarithm (or of log odds).

    Parameters
    ----------
    media_share, media_share_spread : float
        Median share of the outcome that media bring in the window, at the median elasticity, and its spread. What the
        next unit brings lies around what this share makes of all spend, for each channel; how far channels differ is
        averaged over.
    elasticity, elasticity_spread : float
        Median of how much the next unit brings beside the mean unit, where a channel's mean active spend is carried on
        for good (1: no saturation), and the spread of its log odds.
    half_life, half_life_spread : float
        Median number of periods until half of a spend has acted, and its spread.
    no_effect : float
        Probability that a channel brings nothing.
    roi : mapping of str to (float, float)
        What is believed of some channels' ROI from elsewhere, such as published figures: ranges that hold the ROI with
        90 %, in outcome per unit of spend, should the channel bring anything. It counts beside what is said above, and
        in several markets it is the ROI that theirs lie around. Columns without names are ``x0``, ``x1`` and so on.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    media_share: float = 0.2
    media_share_spread: float = 0.8
    elasticity: float = 0.6
    elasticity_spread: float = 0.8
    half_life: float = 1.3
    half_life_spread: float = 0.9
    no_effect: float = 0.05
    roi: Mapping[str, tuple[float, float]] = field(default_factory=dict, hash=False)

    @classmethod
    def usual(cls, markets: int, **stated: Any) -> Self:
        """The default for so many markets, but for what is stated.

        Many markets' rows would be too sure of a channel without effect, since what they share may hide one.
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
        if not (self.media_share < 1.0 and self.elasticity < 1.0):
            raise InputError("priors: media_share and elasticity must be below 1")

    @property
    def log_level(self) -> float:
        """What channels' log margins lie around."""
        return math.log(self.media_share * self.elasticity)

    def log_margin(self, log_margin: Array) -> Array:
        """Log density of the channels' log margins: of what the next unit brings at the mean active spend.

        In units where all spend brings 100 % of the outcome at an ROI of 1. The current mix is somebody's considered
        choice, which equals what the next unit brings rather than what all of it does, so margins lie around one level.

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
    def one_log_margin(self) -> tuple[float, float]:
        """Middle and standard deviation of one channel's log margin."""
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
