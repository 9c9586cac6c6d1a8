"""Companies without data whose truth is known: profiles of many kinds, and curves drawn from what is believed of them.

A company's truth is one joint draw of the belief that its own profile leads to. So sectors, countries, prices and
audiences matter as much as the published figures say, ways contradict each other as they do there, and a belief is as
wrong about a company as it says. What a plan is worth can then be told from what it promises. It stands here, above
the published figures themselves, since it needs the belief that they lead to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.effectiveness.published.response import prior_response
from channelmix.engine.response import ResponseCurves
from channelmix.profile import CompanyProfile

DRAWS = 256
"""Draws of a belief, of which one is the truth."""

ORDERS: Mapping[str, tuple[float, float, float]] = {
    "retail": (50.0, 0.35, 4.0),
    "food": (30.0, 0.25, 20.0),
    "e_commerce": (70.0, 0.4, 3.0),
    "travel": (400.0, 0.15, 1.0),
    "hospitality": (40.0, 0.6, 6.0),
    "telecom": (250.0, 0.4, 0.7),
    "banking": (600.0, 0.5, 0.5),
    "consumer_goods": (20.0, 0.35, 10.0),
}
"""Order value in US dollars, margin as a share of it, and orders a customer and year, by sector: invented, in the size
that such companies would have."""

COUNTRIES = ("GB", "DE", "US", "BR", "FR", "IN", "PL")

SPREAD = 0.4
"""Standard deviation of the logarithm of a company's own order value, margin and orders around those of its sector."""


@dataclass(frozen=True, eq=False)
class SimulatedCompany:
    """A company whose curves are known.

    Parameters
    ----------
    profile : CompanyProfile
        What a planner sees of it.
    curves : ResponseCurves
        Its true curves, of one draw.
    losses : ResponseCurves or None
        What contacts truly cost besides their price, of the same draw.
    """

    profile: CompanyProfile
    curves: ResponseCurves
    losses: ResponseCurves | None

    def earned(self, spend: Array) -> float:
        """What spend of shape (n_cells,) truly brings in a period, less losses, in the profile's currency."""
        lost = 0.0 if self.losses is None else float(self.losses.mean_value(spend).sum())
        return float(self.curves.mean_value(spend).sum()) - lost


def simulated_company(seed: int) -> SimulatedCompany:
    """Draw a company and its truth.

    Parameters
    ----------
    seed : int
        Not negative; the same seed draws the same company.

    Examples
    --------
    >>> company = simulated_company(1)
    >>> company.profile.currency, company.curves.n_draws
    ('USD', 1)
    """
    rng = np.random.default_rng([23, seed])
    profile = CompanyProfile.model_validate(_content(rng))
    draws = published_draws(profile.cells(), DRAWS, int(rng.integers(2**31)))
    believed = prior_response(draws, profile.period_days, profile.usd_rate or 1.0)
    true = [int(rng.integers(DRAWS))]
    losses = None if believed.losses is None else believed.losses.of_draws(true)
    return SimulatedCompany(profile, believed.curves.of_draws(true), losses)


def _content(rng: np.random.Generator) -> dict[str, Any]:
    """Draw a profile: all figures in US dollars a month."""
    sector = str(rng.choice(sorted(ORDERS)))
    value, share, orders = (typical * np.exp(SPREAD * rng.standard_normal()) for typical in ORDERS[sector])
    share = min(share, 0.9)
    customers = float(np.exp(rng.uniform(np.log(1e4), np.log(1e6))))
    promotion: dict[str, float] = {"margin_per_order": float(value * share)}
    if rng.random() < 0.5:
        promotion |= {"order_value": float(value), "purchases_per_year": float(orders)}
    purposes: dict[str, dict[str, float]] = {"promotion": promotion}
    if rng.random() < 0.5:
        contacts = customers * rng.uniform(0.01, 0.1)
        purposes["service"] = {
            "inbound_contacts": float(contacts),
            "value_per_resolution": float(rng.uniform(3.0, 20.0)),
        }
    budget = customers * float(np.exp(rng.uniform(np.log(0.02), np.log(0.4))))
    reach = {"social": (0.3, 0.8), "sms": (0.05, 0.5), "im": (0.02, 0.3), "app": (0.02, 0.4)}
    names = [name for name in reach if name == "social" or rng.random() < 0.8]
    cells = [(name, purpose) for name in names for purpose in purposes]
    parts = rng.dirichlet(np.full(len(cells), 0.7))
    channels: dict[str, dict[str, Any]] = {
        name: {"reachable_share": float(rng.uniform(*reach[name])), "current_spend": {}} for name in names
    }
    for (name, purpose), part in zip(cells, parts, strict=True):
        channels[name]["current_spend"][purpose] = float(budget * part)
    if "sms" in channels and rng.random() < 0.4:
        channels["sms"]["audience"] = str(rng.choice(["loyal", "cold"]))
    return {
        "name": "Simulated", "sector": sector, "country": str(rng.choice(COUNTRIES)), "currency": "USD",
        "period": "month", "purposes": purposes, "markets": [{"name": "customers", "customers": customers}],
        "channels": channels,
    }  # fmt: skip
