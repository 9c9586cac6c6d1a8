"""From evidence to draws of each cell's response curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channelmix.effectiveness.carryover import carryover_of
from channelmix.effectiveness.draws import CellDraws, Figure, OwnColumn, OwnDraws
from channelmix.effectiveness.own.overlay import (
    observed_ranges,
    response,
    risk_of,
    with_own,
)
from channelmix.effectiveness.published.prior_draws import published_draws
from channelmix.effectiveness.published.response import PriorResponse, prior_response
from channelmix.effectiveness.published.rule_figures import with_figures
from channelmix.effectiveness.published.shifts import shifted, shifted_value

if TYPE_CHECKING:
    from channelmix.effectiveness.published.prior import PublishedPrior as PublishedPrior

__all__ = [
    "CellDraws",
    "Figure",
    "OwnColumn",
    "OwnDraws",
    "PriorResponse",
    "PublishedPrior",
    "carryover_of",
    "observed_ranges",
    "prior_response",
    "published_draws",
    "response",
    "risk_of",
    "shifted",
    "shifted_value",
    "with_figures",
    "with_own",
]


def __getattr__(name: str) -> object:
    # A plan does without the estimator, and so without scikit-learn, whose import takes longer than a plan.
    if name != "PublishedPrior":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from channelmix.effectiveness.published.prior import PublishedPrior

    return PublishedPrior
