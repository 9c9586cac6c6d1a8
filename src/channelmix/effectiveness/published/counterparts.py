"""Counterparts: the published quantity behind a quantity of a cell's curve, and its prediction for the cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from scipy.special import stdtrit

from channelmix.core.arrays import Array
from channelmix.core.words import Message, say
from channelmix.datasets import Fact, PriorRange
from channelmix.datasets.facts import TRUST, continent_of
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.published.meta_regression import MetaRegression, Setting
from channelmix.profile import Cell

MOST_FACTS_LISTED = 20
"""Figures near a prediction that a plan lists, the most trusted first."""


@dataclass(frozen=True)
class Counterpart:
    """Published quantity that a quantity of a cell equals up to a factor.

    Parameters
    ----------
    quantity : str
        Of the facts.
    factor : float
        By which it is multiplied.
    kind : str
        Kind of source that the prediction is made for: of the kinds among the quantity's figures, the most trusted one
        that states what the company will pay or see.
    purpose, variant : str
        Under which its figures are filed.
    """

    quantity: str
    factor: float
    kind: str
    purpose: str
    variant: str = ""


# No platform lists prices of its advertisements: what clients of a vendor paid comes nearest. Meta's list of WhatsApp
# prices is found in restatements only. An SMS costs the same whatever it says, unless it is sold for marketing. A
# message that asks for a review or a recommendation is a utility message, filed under service.
#
# Orders per message have no counterpart here, though `conversion_rate` qualifies: its figures count orders per message,
# orders per click and leads per click, half of them are claims of one blog, and instant messaging has a single figure,
# of abandoned carts. Its intervals are over twice as wide as the judged range, and its mean 2.5 times as high for SMS.
IMPRESSION = Counterpart("social_ads_cpm", 0.001, "measured_vendor", "promotion")
SMS = Counterpart("cost_per_sms", 1.0, "platform_doc", "all")

COUNTERPARTS: Mapping[tuple[str, str, str], Counterpart] = {
    ("social", "promotion", "cost_per_contact"): IMPRESSION,
    ("social", "advocacy", "cost_per_contact"): IMPRESSION,
    ("sms", "promotion", "cost_per_contact"): Counterpart("cost_per_sms", 1.0, "platform_doc", "promotion"),
    ("sms", "service", "cost_per_contact"): SMS,
    ("sms", "advocacy", "cost_per_contact"): SMS,
    ("im", "promotion", "cost_per_contact"): Counterpart(
        "cost_per_whatsapp_message", 1.0, "secondary", "promotion", "marketing"
    ),
    ("im", "advocacy", "cost_per_contact"): Counterpart(
        "cost_per_whatsapp_message", 1.0, "secondary", "service", "utility"
    ),
    ("social", "promotion", "response_rate"): Counterpart(
        "click_through_rate", 1.0, "measured_vendor", "promotion"
    ),
    ("app", "promotion", "response_rate"): Counterpart("push_open_rate", 1.0, "measured_vendor", "promotion"),
}
"""By channel, purpose and quantity of a cell."""


@cache
def published_regression() -> MetaRegression:
    """Return the regressions of the published figures; each is fitted when it is first asked for."""
    return MetaRegression()


def setting_of(regression: MetaRegression, counterpart: Counterpart, cell: Cell) -> Setting:
    """Describe a cell to a counterpart's regression.

    Sector or country are left out where the quantity's figures do not distinguish them: they would only add the prior
    of how much they might differ.
    """
    figures = regression.figures(counterpart.quantity)
    country = cell.country if any(figure.country for figure in figures) else ""
    return Setting(
        channel=cell.basis or "all",
        purpose=counterpart.purpose,
        sector=cell.sector if any(figure.sector != "all" for figure in figures) else "all",
        country=country,
        continent=continent_of(country),
        variant=counterpart.variant,
        kind=counterpart.kind,
    )


def regressed(regression: MetaRegression, quantity: str, settings: Sequence[Setting]) -> tuple[Array, Array]:
    """Mean and covariance of the logarithms of the company's own levels: of a joint log-normal distribution.

    The regression's own distribution is a Student's t, of which a power of e has no mean. The normal distribution
    that replaces it has the same median and 90 % intervals of the same width.
    """
    mean, covariance, freedom = regression.predict_log(quantity, settings)
    return mean, covariance * (float(stdtrit(freedom, 0.95)) / Z90) ** 2


def described(
    regression: MetaRegression, counterpart: Counterpart, setting: Setting, judged: PriorRange
) -> PriorRange:
    """Present a prediction as the range that it replaces, with the figures nearest to it."""
    mean, covariance = regressed(regression, counterpart.quantity, [setting])
    median, factor = counterpart.factor * math.exp(mean[0]), math.exp(Z90 * math.sqrt(covariance[0, 0]))
    figures = regression.figures(counterpart.quantity)
    sources = len({figure.source_title for figure in figures})
    nearest = regression.drivers(counterpart.quantity, setting)
    best = sorted(
        nearest,
        key=lambda fact: (fact.purpose not in (setting.purpose, "all"), -TRUST[fact.kind], fact.fact_id),
    )
    return PriorRange(
        *judged.key,
        low=median / factor,
        typical=median,
        high=median * factor,
        unit=judged.unit,
        uncertainty_factor=factor,
        fact_ids=tuple(sorted(fact.fact_id for fact in best[:MOST_FACTS_LISTED])),
        basis=say("basis.regression", figures=len(figures), sources=sources),
        note=_nearest(nearest, setting),
    )


def _nearest(figures: Sequence[Fact], setting: Setting) -> Message:
    """Describe how many figures are near a setting, and their years."""
    where = {figure.country for figure in figures} == {setting.country} != {""}
    channel = setting.channel
    place = say("note.place", channel=channel, country=setting.country) if where else channel
    dates = sorted(figure.year for figure in figures if figure.year.isdigit())
    years = "-".join(dict.fromkeys([dates[0], dates[-1]])) if dates else say("note.undated")
    return say("note.figures", place=place, count=len(figures), years=years)
