"""The same draws with one published figure moved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from channelmix.effectiveness.draws import CellDraws, Figure
from channelmix.effectiveness.published.effect_draws import believed
from channelmix.effectiveness.published.promotion import effect_of
from channelmix.effectiveness.published.quantities import SHARES


def shifted(draws: CellDraws, figure: Figure, factor: float) -> CellDraws:
    """Multiply a figure's quantity in every draw of the cells that use it; shares are cut at 1.

    The median of its distribution moves by the factor, its spread and all other draws stay: what differs between two
    such sets of draws is due to this figure alone. Where it is one of those from which the effect of a promotion is
    worked out, that is believed anew, as `PublishedPrior` does with a moved range. Draws of a share that were cut at 1
    are multiplied as they stand.

    Parameters
    ----------
    draws : CellDraws
    figure : Figure
        One of the draws' own.
    factor : float
        What the quantity is multiplied by.
    """
    name = figure.range.quantity

    def moved(quantities: Mapping[str, NDArray[np.float64]]) -> Mapping[str, NDArray[np.float64]]:
        product = quantities[name] * factor
        return {**quantities, name: np.minimum(product, 1.0) if name in SHARES else product}

    quantities: list[Mapping[str, NDArray[np.float64]]] = [
        moved(own) if cell.name in figure.cells else own
        for cell, own in zip(draws.cells, draws.quantities, strict=True)
    ]
    rests_on = {effect_of(cell) for cell in draws.cells if cell.name in figure.cells} - {None}
    if draws.promoted is not None and rests_on and name not in rests_on:
        quantities, _ = believed(draws.cells, quantities, draws.scores, draws.promoted)
    return dataclasses.replace(draws, quantities=tuple(quantities))


def shifted_value(figure: Figure, factor: float) -> float:
    """Typical value of a figure multiplied by a factor; a share stops at 1."""
    value = figure.range.typical * factor
    return min(value, 1.0) if figure.range.quantity in SHARES else value
