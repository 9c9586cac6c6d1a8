"""Effectiveness: estimators that turn what is known of a cell into draws of its response curve."""

from __future__ import annotations

from channelmix.effectiveness.cell_draws import CellDraws, Figure
from channelmix.effectiveness.prior import PublishedPrior
from channelmix.effectiveness.prior_response import PriorResponse, prior_response
from channelmix.effectiveness.rule_figures import with_figures
from channelmix.effectiveness.shifts import shifted, shifted_value

__all__ = [
    "CellDraws",
    "Figure",
    "PriorResponse",
    "PublishedPrior",
    "prior_response",
    "shifted",
    "shifted_value",
    "with_figures",
]
