"""Draws of what promotion brings, made of the draws that either way to it needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from channelmix.core.arrays import Array
from channelmix.datasets import PriorRange
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.draws import Drawn, Figure, Promoted, TwoWays
from channelmix.effectiveness.published.promotion import ChannelEffect, channel_effects, effect_of
from channelmix.effectiveness.published.quantities import SHARES
from channelmix.effectiveness.published.shown_effects import presented
from channelmix.effectiveness.stated import Score
from channelmix.profile import Cell

NEGLIGIBLE = 1e-9
"""Share of the largest variance that is added to all, so that a singular covariance has a Cholesky factor."""


Presented = tuple[PriorRange, TwoWays | None]
"""An effect as it is shown: its range, and what both ways say of it unless the range was judged in their place."""


def log_normal(judged: PriorRange, normal: Array) -> Array:
    """Draw from a judged range by standard normal numbers."""
    return np.asarray(judged.typical * np.exp(math.log(judged.uncertainty_factor) / Z90 * normal))


def believed(
    cells: Sequence[Cell],
    quantities: Sequence[Mapping[str, Array]],
    scores: Sequence[Mapping[str, Score]],
    promoted: Promoted,
) -> tuple[list[Mapping[str, Array]], dict[str, ChannelEffect]]:
    """Add draws of their effects to the quantities of the cells that two ways speak of.

    Parameters
    ----------
    cells, quantities, scores
        As `CellDraws` has them, effects aside.
    promoted : Promoted
        Its channels are those of the cells that have an effect.

    Returns
    -------
    quantities : list of mapping of str to ndarray of shape (n_draws,)
    effects : dict of str to ChannelEffect
        By the cell's name.
    """
    completed = list(quantities)
    if not promoted.channels:
        return completed, {}
    both = [i for i, cell in enumerate(cells) if effect_of(cell)]
    n_draws = len(promoted.normal)
    told = [(cells[i], Drawn(quantities[i], n_draws, cells[i], scores[i])) for i in both]
    channels = [cells[i].channel for i in both]
    found, correlation = channel_effects(told, [channels.index(name) for name in promoted.channels])
    among = correlation + NEGLIGIBLE * np.eye(len(correlation))
    columns = dict(zip(promoted.channels, (promoted.normal @ np.linalg.cholesky(among).T).T, strict=True))
    drawn: dict[int, Array] = {}  # cells whose figures are the same share an effect
    for i, effect in zip(both, found, strict=True):
        if id(effect) not in drawn:
            judged = promoted.judged.get((cells[i].basis or "", "promotion", effect.quantity))
            normal = columns[effect.channel]
            draws = effect.draws(normal) if judged is None else log_normal(judged, normal)
            drawn[id(effect)] = np.minimum(draws, 1.0) if effect.quantity in SHARES else draws
        completed[i] = {**quantities[i], effect.quantity: drawn[id(effect)]}
    return completed, {cells[i].name: effect for i, effect in zip(both, found, strict=True)}


def shown_effects(
    cells: Sequence[Cell], effects: Mapping[str, ChannelEffect], promoted: Promoted
) -> Iterator[Figure]:
    """One figure an effect, with the country where a channel's effects differ."""
    shown: dict[int, Presented] = {}
    users: dict[tuple[Presented, str], list[str]] = {}
    for cell in cells:
        effect = effects.get(cell.name)
        if effect is not None:
            if id(effect) not in shown:
                judged = promoted.judged.get((cell.basis or "", "promotion", effect.quantity))
                shown[id(effect)] = presented(effect) if judged is None else (judged, None)
            users.setdefault((shown[id(effect)], cell.country), []).append(cell.name)
    countries: dict[Presented, list[str]] = {}
    for seen, country in users:
        countries.setdefault(seen, []).append(country)
    alike = Counter(effect_range.key for effect_range, _ in countries)
    for (effect_range, ways), of_effect in countries.items():
        names = tuple(name for country in of_effect for name in users[(effect_range, ways), country])
        yield Figure(effect_range, names, "" if alike[effect_range.key] == 1 else of_effect[0], ways)
