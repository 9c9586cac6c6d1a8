"""Service: from a market's inbound contacts to the curve of answering a channel's share of them."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.draws import CellDraws, Drawn
from channelmix.effectiveness.published.word_of_mouth import people_told
from channelmix.engine.response import ResponseCurves
from channelmix.profile import Cell

TINY = 1e-9
"""Stands for "no spend at all" where a curve needs a positive scale of spend but reaches nobody."""

LOGISTIC_SCALE = np.sqrt(3.0) / np.pi
"""Scale parameter of a logistic distribution of standard deviation 1."""


def positive(spend: Array) -> Array:
    """Spend that a curve is scaled by; where there is nobody to spend it on, the curve is 0 whatever its scale."""
    return np.where(spend > 0.0, spend, TINY)


def service_curve(cell: Cell, drawn: Drawn, share: Array, usd_rate: float) -> ResponseCurves:
    """Build the curves of one service cell.

    Parameters
    ----------
    cell : Cell
        Of purpose service.
    drawn : Drawn
        Its quantities.
    share : ndarray of shape (n_draws,)
        The channel's share of the market's inbound contacts.
    usd_rate : float
        Units of the profile's currency for one US dollar.
    """
    load = mean_load(cell, drawn, share)
    relative = LOGISTIC_SCALE * drawn("load_variation")
    # A logistic load falls below 0 now and then, and is cut there: its location makes up for that, so that the mean of
    # the load is as stated.
    location = load / (1.0 + relative * np.log1p(np.exp(-1.0 / relative)))
    cap = positive(location * cost_of_handling(cell, drawn, usd_rate))
    resolution = drawn("resolution", "resolution_share")
    in_time = drawn("on_time_share", "on_time_share")
    late = drawn("late_worth") if cell.answer_on_time else None
    parameters = {
        "scale": load * resolution * drawn.stated("value_per_resolution"),
        "cap": cap,
        "spread": relative * cap,
        "handled": in_time if late is None else late,
        "on_time": np.zeros_like(in_time) if late is None else (1.0 - late) * in_time,
        "resolution": resolution,
        **_word_of_mouth(cell, drawn, load),
    }
    columns = {name: values[:, np.newaxis] for name, values in parameters.items()}
    return ResponseCurves.service(**columns, names=[cell.name])


def mean_load(cell: Cell, drawn: Drawn, share: Array) -> Array:
    """Contacts that customers start over the cell's channel in an average period; shape (n_draws,)."""
    if cell.inbound_contacts is None:
        return np.zeros_like(share)
    return drawn.stated("inbound_contacts") * share


def cost_of_handling(cell: Cell, drawn: Drawn, usd_rate: float) -> Array:
    """Cost of one handled contact, in currency; shape (n_draws,)."""
    if cell.cost_per_contact is not None:
        return drawn.stated("cost_per_contact")
    agent = drawn("agent_cost_per_contact") if drawn.has("agent_cost_per_contact") else 0.0
    return np.asarray((drawn("cost_per_contact") + agent) * usd_rate)


def _word_of_mouth(cell: Cell, drawn: Drawn, load: Array) -> dict[str, Array]:
    """Word of mouth of those who make contact: exposures per person of the market, and their worth."""
    telling = cell.word_of_mouth
    if telling is None:
        return dict.fromkeys(("reach", "criticism", "praise"), np.zeros_like(load))
    of_each = people_told(telling, drawn("publicness", "publicness"))
    return {
        "reach": drawn.stated("value_per_exposure") * cell.customers,
        "criticism": load * drawn("tells_if_not") * of_each / cell.customers,
        "praise": load * drawn("tells_if_satisfied") * telling.told_if_satisfied / cell.customers,
    }


def service_shares(draws: CellDraws) -> list[Array]:
    """Each cell's share of its market's inbound contacts.

    Drawn shares are scaled down to what stated ones leave. Draws in which stated ones exceed 1 together, as what is
    stated may be off, are scaled down to 1.
    """
    none = np.zeros(draws.n_draws)
    stated = [_stated_share(cell, draws.drawn(i)) for i, cell in enumerate(draws.cells)]
    drawn = [
        np.minimum(quantities.get("service_share", none), _most_of_contacts(cell))
        for cell, quantities in zip(draws.cells, draws.quantities, strict=True)
    ]
    of_market: dict[str, list[int]] = {}
    for i, cell in enumerate(draws.cells):
        of_market.setdefault(cell.market, []).append(i)
    shares = [none] * len(draws.cells)
    for places in of_market.values():
        known = np.sum([none, *(mine for i in places if (mine := stated[i]) is not None)], axis=0)
        fit = 1.0 / np.maximum(known, 1.0)
        others = np.sum([drawn[i] for i in places], axis=0)
        room = np.minimum(1.0, np.maximum(1.0 - known, 0.0) / np.maximum(others, TINY))
        for i in places:
            mine = stated[i]
            shares[i] = drawn[i] * room if mine is None else mine * fit
    return shares


def _most_of_contacts(cell: Cell) -> float:
    """Largest share of inbound contacts that published figures may give a channel: an app serves those who have it."""
    return cell.reachable / cell.customers if cell.basis == "app" else 1.0


def _stated_share(cell: Cell, drawn: Drawn) -> Array | None:
    if cell.purpose != "service" or cell.service_share is None:
        return None
    return drawn.stated("service_share")
