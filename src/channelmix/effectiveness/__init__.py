"""Effectiveness: estimators that turn what is known of a cell into draws of its response curve."""

from __future__ import annotations

from channelmix.effectiveness.prior import CellDraws, Figure, PublishedPrior
from channelmix.effectiveness.prior_curves import prior_curves
from channelmix.effectiveness.shifts import shifted, shifted_value

__all__ = ["CellDraws", "Figure", "PublishedPrior", "prior_curves", "shifted", "shifted_value"]
