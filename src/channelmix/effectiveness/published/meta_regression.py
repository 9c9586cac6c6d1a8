"""Meta-regression of published figures: one mixed-effects regression of the logarithm of each quantity.

A quantity qualifies with at least 15 figures from at least 5 sources; `scales.csv` lists those that do. A figure's
logarithm depends on channel, purpose, sector, country and its continent, variant (iOS or Android, Facebook or
Instagram, marketing or utility message, ...), kind of source, source, and year. Figures are weighted by how far their
kind of source deserves trust.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from channelmix.core.arrays import Array
from channelmix.datasets.facts import TRUST, USD, Fact, load_facts
from channelmix.datasets.scales import load_scales
from channelmix.effectiveness.published.random_effects import RandomEffects, Rows, fit_random_effects

COLUMNS = ("channel", "purpose", "sector", "country", "continent", "variant", "kind", "source")
"""Columns with random effects; the one number of the regression is the year."""

VARIANTS = re.compile(
    r"\b(ios|android|facebook|instagram|tiktok|linkedin|twitter|web push|leads?|cart|marketing|utility"
    r"|authentication)\b",
    re.IGNORECASE,
)
"""Words of a note that distinguish variants of a quantity."""

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Setting:
    """The levels that a prediction is made for.

    An empty text stands for what is not distinguished. `kind` is the kind of source whose figures the prediction is
    to resemble; `year` None asks for the middle of the years found.
    """

    channel: str
    purpose: str
    sector: str = "all"
    country: str = ""
    continent: str = ""
    variant: str = ""
    kind: str = "measured_vendor"
    source: str = "the company itself"
    year: float | None = None


@dataclass(frozen=True, eq=False)
class QuantityRegression:
    """One quantity's regression; sources, not figures, are what its degrees of freedom count."""

    regression: RandomEffects
    middle_year: float
    degrees_of_freedom: int


class MetaRegression:
    """Regressions of all quantities that qualify, each fitted when it is first asked for.

    The scales of the published figures travel with the package, since searching them takes longer than a plan.

    Attributes
    ----------
    quantities : tuple of str
        Quantities that qualify.
    """

    def __init__(self) -> None:
        self._figures: dict[str, list[Fact]] = {}
        for fact in usable_figures(load_facts()):
            self._figures.setdefault(fact.quantity, []).append(fact)
        self.quantities = tuple(load_scales())
        self._fitted: dict[str, QuantityRegression] = {}

    def figures(self, quantity: str) -> tuple[Fact, ...]:
        """Return the figures that a quantity's regression rests on, in standard units."""
        return tuple(self._figures.get(quantity, ()))

    def predict_log(self, quantity: str, settings: Sequence[Setting]) -> tuple[Array, Array, int]:
        """Predict the logarithm of a quantity's level for several settings jointly.

        The level is the mean of the figures of a setting, without their noise: that comes of a figure's sample, its
        definition, its month, while a plan needs the company's own level. The variation between sources belongs to the
        level, since the company is one more source.

        Parameters
        ----------
        quantity : str
        settings : sequence of Setting

        Returns
        -------
        mean : ndarray of shape (n_settings,)
        covariance : ndarray of shape (n_settings, n_settings)
            It includes how much sources differ, and settings of one source share that.
        degrees_of_freedom : int
            Of the multivariate Student's t.

        Raises
        ------
        KeyError
            If the quantity does not qualify.
        """
        fitted = self.regression(quantity)
        mean, covariance = fitted.regression.predict(rows_of(settings, fitted.middle_year), noise=False)
        return mean, covariance, fitted.degrees_of_freedom

    def drivers(self, quantity: str, setting: Setting) -> list[Fact]:
        """Return the figures nearest to a setting: of its channel and country, else of its channel, else all."""
        figures = self.figures(quantity)
        for near in (
            [f for f in figures if f.channel == setting.channel and f.country == setting.country != ""],
            [f for f in figures if f.channel == setting.channel],
        ):
            if near:
                return near
        return list(figures)

    def regression(self, quantity: str) -> QuantityRegression:
        """Return the regression of a quantity.

        Raises
        ------
        KeyError
            If the quantity does not qualify.
        """
        if quantity not in self._fitted:
            scales = load_scales()[quantity]
            self._fitted[quantity] = fit_quantity(self.figures(quantity), scales)
        return self._fitted[quantity]


def usable_figures(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Figures with a positive number, money turned into US dollars and percent into shares.

    Bounds are left out, and revenue net of the spend, which the gross one of other sources is not comparable with.
    """
    return tuple(fact for fact in map(_in_standard_unit, facts) if fact is not None)


@cache
def _in_standard_unit(fact: Fact) -> Fact | None:
    value = fact.value
    if value is None or value <= 0.0 or fact.is_bound or " net per " in fact.unit:
        return None
    currency, _, rest = fact.unit.partition(" ")
    if currency in USD and rest.startswith("per"):
        factor, unit = USD[currency], f"USD {rest}"
    elif fact.unit.startswith("percent"):
        factor, unit = 0.01, fact.unit.replace("percent", "share", 1)
    else:
        factor, unit = 1.0, fact.unit
    return replace(fact, low=None, typical=value * factor, high=None, unit=unit)


def fit_quantity(figures: Sequence[Fact], scales: Sequence[float]) -> QuantityRegression:
    """Fit the regression of one quantity to its figures; see `fit_random_effects`."""
    rows, log_values, trust, middle_year = regression_data(figures)
    sources = len({fact.source_title for fact in figures})
    regression = fit_random_effects(rows, log_values, trust, scales)
    return QuantityRegression(regression, middle_year, max(sources - 1, 1))


def regression_data(figures: Sequence[Fact]) -> tuple[Rows, Array, Array, float]:
    """Rows of figures, their logarithms and weights, (n_figures,) each, and the middle of their years."""
    years = [float(f.year) for f in figures if f.year.isdigit()]
    middle = float(np.mean(years)) if years else 0.0
    log_values = np.array([math.log(fact.value) for fact in figures if fact.value is not None])
    trust = np.array([TRUST[fact.kind] for fact in figures])
    return rows_of([setting_of_figure(fact) for fact in figures], middle), log_values, trust, middle


def setting_of_figure(fact: Fact) -> Setting:
    """Describe where a figure was found."""
    words = sorted({word.lower() for word in VARIANTS.findall(fact.note)})
    return Setting(
        channel=fact.channel,
        purpose=fact.purpose,
        sector=fact.sector,
        country=fact.country,
        continent=fact.continent,
        variant=" ".join(words[:2]),
        kind=fact.kind,
        source=fact.source_title,
        year=float(fact.year) if fact.year.isdigit() else None,
    )


def rows_of(settings: Sequence[Setting], middle_year: float) -> Rows:
    """Rows of the regression; what is unknown is a level of its own, an unknown year the middle one."""
    years = [middle_year if s.year is None else s.year for s in settings]
    levels = [[getattr(s, name) or UNKNOWN for s in settings] for name in COLUMNS]
    return Rows(np.array(years)[:, np.newaxis], levels)
