"""What published figures expect of a history's columns, before its rows are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from channelmix.effectiveness.draws import divided
from channelmix.effectiveness.history.model.roi_beliefs import TO_EDGE
from channelmix.effectiveness.own.columns import Spent
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.effectiveness.published.response import prior_response
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import covered

DRAWS = 1024
"""Draws of published figures: a range of them is stable to a percent or so."""

LEAST_SPREAD = 0.7
"""Standard deviation of the log of a believed ROI at least, which is a factor of three either way: published figures
are other companies', and what a company says of itself is not yet measured."""


def believed_roi(
    profile: CompanyProfile, spent: Sequence[Spent], worth: float
) -> dict[str, tuple[float, float]]:
    """Ranges that hold the ROI of a history's columns with 90 %, by published figures.

    Parameters
    ----------
    profile : CompanyProfile
    spent : sequence of Spent
        Spend of each market on each column: the ROI is that of this spend, divided among a column's cells as today's.
    worth : float
        Margin of one unit of outcome.

    Returns
    -------
    dict of str to (float, float)
        In outcome per unit of spend, by column; those of which published figures expect nothing are left out.
    """
    cells = profile.cells()
    draws = published_draws(cells, DRAWS)
    brings = prior_response(draws, profile.period_days, profile.usd_rate or 1.0).curves
    places = covered([one.name for one in spent], [cell.name for cell in cells])
    money = np.zeros(len(cells))
    for one, at in zip(spent, places, strict=True):
        within, parts = divided([cells[i].current_spend for i in at])
        for k, part in zip(within, parts, strict=True):
            money[at[k]] = part * float(one.money.sum()) / one.periods
    outcome = brings.value(money)
    found = {}
    for column in dict.fromkeys(one.column for one in spent):
        total, brought = 0.0, np.zeros(DRAWS)
        for one, at in zip(spent, places, strict=True):
            if one.column == column:
                total += float(one.money.sum())
                brought += one.periods * outcome[:, list(at)].sum(axis=1)
        low, middle, high = np.quantile(brought / (total * worth), [0.05, 0.5, 0.95])
        if low > 0.0:
            reach = max(0.5 * np.log(high / low), LEAST_SPREAD * TO_EDGE)
            found[column] = (float(middle * np.exp(-reach)), float(middle * np.exp(reach)))
    return found
