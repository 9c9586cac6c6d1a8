"""Cross-validation of a published quantity's regression by source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from channelmix.datasets.facts import Fact
from channelmix.effectiveness.published.meta_regression import fit_quantity, rows_of, setting_of_figure


@dataclass(frozen=True)
class HeldOut:
    """A figure, and the 90 % interval predicted for it by the figures of all other sources."""

    figure: Fact
    low: float
    high: float


def held_out_predictions(figures: Iterable[Fact]) -> list[HeldOut]:
    """Hold out each source of one quantity's figures in turn, and predict its figures by the rest.

    The figures are in standard units, from at least two sources; scales are searched for every source held out.
    """
    known = tuple(figures)
    predictions = []
    for source in sorted({fact.source_title for fact in known}):
        out = [fact for fact in known if fact.source_title == source]
        fitted = fit_quantity([fact for fact in known if fact.source_title != source])
        rows = rows_of([setting_of_figure(fact) for fact in out], fitted.middle_year)
        mean, covariance = fitted.regression.predict(rows)
        half = stdtrit(fitted.degrees_of_freedom, 0.95) * np.sqrt(np.diag(covariance))
        ends = zip(out, np.exp(mean - half).tolist(), np.exp(mean + half).tolist(), strict=True)
        predictions += [HeldOut(fact, low, high) for fact, low, high in ends]
    return predictions
