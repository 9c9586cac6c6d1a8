"""Published effects that can be compared: what a message or a unit of spend brought beyond what came anyway.

`effects.csv` lists the figures of `facts.csv` that state such an effect, and what turns each into one of three
measures. What no source states (an order value, an error) is a judgement of the library, and its basis says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from channelmix.datasets.facts import Fact, load_facts
from channelmix.datasets.files import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

MEASURES = ("orders_per_contact", "revenue_per_spend", "relative_lift")
"""What effects are compared by: orders of one more message or impression; revenue within some 13 weeks of one more unit
of spend; what is bought more by those reached, over what a control buys."""

DESIGNS = ("randomised", "matched", "modelled", "elasticity", "claimed")
"""How an effect was found, the most trusted first: against a control drawn at random; against people or regions like
those reached, which no source says were drawn at random; by a model of sales; from an elasticity of sales and the usual
ratio of advertising to sales; or without any of these."""


@dataclass(frozen=True)
class ComparableEffect:
    """One published effect, in the unit of its measure.

    Parameters
    ----------
    fact : Fact
        As its source states it.
    measure : str
        One of `MEASURES`.
    channel : str
        ``social``, ``sms``, ``im``, ``app``, or another for comparison, such as ``email`` or ``display``.
    audience : str
        ``loyal``, ``cold``, or empty where the source does not say.
    design : str
        One of `DESIGNS`.
    value : float
        The effect.
    error : float or None
        Standard error of the value, if known.
    factor : float
        The conversion's 90 % interval is from one over this to this times what it gives.
    order_value : float or None
        In US dollars.
    basis : str
        How the value was reached where it is not the source's own.
    """

    fact: Fact
    measure: str
    channel: str
    audience: str
    design: str
    value: float
    error: float | None
    factor: float
    order_value: float | None
    basis: str

    @property
    def source(self) -> str:
        """The study: what is held out together, and what a random effect is shared by."""
        return self.fact.source_title.split("(")[0].strip()


@cache
def load_effects() -> tuple[ComparableEffect, ...]:
    """Return every comparable effect.

    Examples
    --------
    >>> effects = load_effects()
    >>> {effect.measure for effect in effects} == set(MEASURES)
    True
    """
    facts = {fact.fact_id: fact for fact in load_facts()}
    return tuple(_effect(facts[row["fact_id"]], row) for row in read_rows("effects.csv"))


def _effect(fact: Fact, row: Mapping[str, str]) -> ComparableEffect:
    factor = float(row["factor"])
    error = float(row["error"]) if row["error"] else fact.standard_error
    return ComparableEffect(
        fact,
        row["measure"],
        row["channel"],
        row["audience"],
        row["design"],
        factor * float(fact.value or 0.0),
        None if error is None else factor * error,
        float(row["factor_k"]),
        float(row["order_value"]) if row["order_value"] else None,
        row["basis"],
    )
