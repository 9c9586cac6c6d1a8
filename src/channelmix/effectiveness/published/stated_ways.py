"""Ways to the effect of a cell whose company states its rate of orders; see `two_ways`."""

from __future__ import annotations

import math

import numpy as np

from channelmix.core.arrays import Array
from channelmix.datasets import load_ranges, load_stated_ranges
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.draws import Drawn
from channelmix.effectiveness.published.quantities import BY_CLICK
from channelmix.effectiveness.published.two_ways import STATED_BIAS, Count, Way
from channelmix.effectiveness.stated import belief_of
from channelmix.effectiveness.stated_shapes import Counted
from channelmix.profile import Cell, is_incremental

FEWEST_ORDERS = 1e-9
"""Orders a contact that stand for none: a company that states no orders a click contradicts what is published."""


def stated_rate(cell: Cell) -> str:
    """Return the rate of orders that the profile states, by its field; empty where it states none."""
    if cell.orders_per_contact is not None:
        return "orders_per_contact"
    return "orders_per_click" if cell.basis in BY_CLICK and cell.orders_per_click is not None else ""


def stated_way(cell: Cell, drawn: Drawn, figure: str, logs: Array) -> Way:
    """Way from the bottom up where the company states its rate of orders; see `Way.stated`."""
    number = getattr(cell, figure)
    bias = 0.0 if is_incremental(cell.orders_per_contact) else STATED_BIAS
    shape = belief_of(figure, number, 1.0).shape
    if isinstance(shape, Counted):
        others = logs - np.log(np.maximum(drawn.stated(figure), FEWEST_ORDERS))
        return Way.stated(others, bias, count=Count(shape.yes, shape.no))
    least = math.log(load_stated_ranges()[figure].least_factor) / Z90
    return Way.stated(logs, bias, least)


def published_clicks(cell: Cell, shift: float) -> Way:
    """What published clicks and orders say beside an experiment of the company's own.

    Their ranges are enough: of a large experiment they change next to nothing, and a small one they keep in place.
    `shift` is added to the logarithm.
    """
    basis = cell.basis or ""
    names = ("response_rate", "orders_per_click") if basis in BY_CLICK else ("conversion_rate",)
    lasting = ("lasting_part",) if basis == "app" else ()
    known = load_ranges()
    used = [
        known.get((basis, "promotion", name)) or known["all", "promotion", name]
        for name in (*names, "incremental_factor", *lasting)
    ]
    mean = shift + math.fsum(math.log(each.typical) for each in used)
    deviation = math.hypot(*(math.log(each.uncertainty_factor) / Z90 for each in used))
    return Way(np.ones(1), np.array([mean]), np.array([deviation]), STATED_BIAS, logistic=True)
