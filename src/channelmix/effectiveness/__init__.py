"""Effectiveness: estimators that turn what is known of a cell into draws of its response curve."""

from __future__ import annotations

from channelmix.effectiveness.cell_draws import CellDraws, Figure
from channelmix.effectiveness.own_history import (
    OwnColumn,
    OwnDraws,
    observed_ranges,
    response,
    risk_of,
    with_own,
)
from channelmix.effectiveness.prior import PublishedPrior
from channelmix.effectiveness.prior_response import PriorResponse, prior_response
from channelmix.effectiveness.rule_figures import with_figures
from channelmix.effectiveness.shifts import shifted, shifted_value

__all__ = [
    "CellDraws",
    "Figure",
    "OwnColumn",
    "OwnDraws",
    "PriorResponse",
    "PublishedPrior",
    "observed_ranges",
    "prior_response",
    "response",
    "risk_of",
    "shifted",
    "shifted_value",
    "with_figures",
    "with_own",
]
