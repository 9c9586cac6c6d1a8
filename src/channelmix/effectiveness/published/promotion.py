"""What promotion brings: one belief from clicks and orders, and from experiments and returns.

Both ways speak of one quantity a channel, its effect: of social media the revenue of a unit of spend at usual prices
and at the usual number of impressions a person; of messages the orders of one more message; of the app the orders that
pushes win of one user in a month. See `two_ways` and `pooled_effects`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import ndtr

from channelmix.core.arrays import Array
from channelmix.core.words import say
from channelmix.datasets import PriorRange, load_ranges
from channelmix.effectiveness.constants import Z90
from channelmix.effectiveness.draws import Drawn
from channelmix.effectiveness.published.pooled_effects import (
    ORDER_SLOPE,
    USUAL_ORDER,
    EffectSetting,
    Mixture,
    pooled_effects,
)
from channelmix.effectiveness.published.quantities import BY_CLICK
from channelmix.effectiveness.published.two_ways import Belief, Way, combined
from channelmix.profile import Cell, is_incremental
from channelmix.profile.fields.fields import DAYS_A_WEEK, DAYS_A_YEAR

MONTHS_A_YEAR = 12.0

SHARED = 0.9
"""Part of the correlation between channels that is kept: what is peculiar to a company differs by channel somewhat."""

EFFECTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "social": ("revenue_per_spend", "revenue_per_spend"),
        "sms": ("orders_per_contact", "orders_per_contact"),
        "im": ("orders_per_contact", "orders_per_contact"),
        "app": ("orders_per_user", "relative_lift"),
    }
)
"""Effect of each built-in channel, and the measure of published effects that speaks of it."""

AUDIENCE: Mapping[str, str] = MappingProxyType({"social": "", "sms": "loyal", "im": "loyal", "app": "loyal"})
"""Whom a channel reaches where the profile does not say: whoever agreed to messages is a customer who knows the
company, and advertisements reach both."""

ORDER_RANGE = 5.0
"""Factor within which an order value lies, 9 times in 10, that is known in no currency with a rate."""

MIDDLE = (0.005, 0.995)
"""Quantiles within which a belief is drawn: a mean over draws is not to hang on one of a bias without end."""

FEWEST_ORDERS = 1e-9
"""Orders a contact that stand for none: a company that states no orders a click contradicts what is published."""

MOST_FACTS_LISTED = 20
"""Figures that a plan lists of an effect, the most trusted first."""


def effect_of(cell: Cell) -> str | None:
    """Return the effect that a cell's worth rests on; None where the profile states it, or nothing is published."""
    measured = is_incremental(cell.orders_per_contact)
    if cell.purpose != "promotion" or cell.basis is None or measured or float(cell.value) == 0.0:
        return None
    return EFFECTS[cell.basis][0]


def worth_of_contact(cell: Cell, drawn: Drawn) -> Array:
    """Money that one more promotional contact brings; shape (n_draws,)."""
    effect = effect_of(cell)
    if effect is None or not drawn.has(effect):
        return orders_by_clicks(cell, drawn) * drawn.stated("margin_per_order")
    return drawn(effect) * worth_of_effect(cell, drawn)


def orders_by_clicks(cell: Cell, drawn: Drawn) -> Array:
    """Incremental orders of one contact from the bottom up, or as the profile states them; shape (n_draws,)."""
    if cell.orders_per_contact is not None:
        orders = drawn.stated("orders_per_contact")
    elif drawn.has("conversion_rate"):
        orders = drawn("conversion_rate")
    else:
        orders = drawn("response_rate") * drawn("orders_per_click", "orders_per_click")
    if drawn.has("incremental_factor"):  # else the profile states what would not have been bought anyway
        orders = orders * drawn("incremental_factor")
    return orders


def worth_of_effect(cell: Cell, drawn: Drawn) -> Array:
    """Money that a contact brings where the cell's effect is 1; shape (n_draws,).

    - Social media: price of an impression, times what the first impression brings over the average one at the usual
      number u of impressions a person, ``x / (1 - exp(-x))`` with ``x = u / f``, times the margin's share of an order.
      The price is the usual one of the country, whatever the company pays.
    - Messages: the margin of an order.
    - App: the margin of an order over the pushes that a user gets in a month.
    """
    if cell.basis == "social":
        usual = drawn("usual_contacts") / drawn("saturation_frequency")
        margin = drawn.stated("margin_per_order")
        share = margin / cell.order_value if cell.order_value else drawn("margin_share")
        return np.asarray(_usual_price(cell, drawn) * usual / -np.expm1(-usual) * share)
    if cell.basis == "app":
        pushes = drawn("saturation_frequency") * DAYS_A_YEAR / MONTHS_A_YEAR / DAYS_A_WEEK
        return np.asarray(drawn.stated("margin_per_order") / pushes)
    return drawn.stated("margin_per_order")


def _usual_price(cell: Cell, drawn: Drawn) -> Array:
    if cell.usd_rate is None:  # needed only where costs are stated: then the stated one counts as usual
        return drawn.stated("cost_per_contact")
    return drawn("cost_per_contact") * cell.usd_rate


@dataclass(frozen=True, eq=False)
class ChannelEffect:
    """Both ways to the effect of one channel, and the belief they come to.

    Parameters
    ----------
    channel, quantity : str
    by_clicks : ndarray of shape (n_draws,)
        Draws of its logarithm from the bottom up.
    up, down : Way
    belief : Belief
    measure : str
    setting : EffectSetting
    """

    channel: str
    quantity: str
    by_clicks: Array
    up: Way
    down: Way
    belief: Belief
    measure: str
    setting: EffectSetting

    def draws(self, normal: Array) -> Array:
        """Draw the effect; shape (n_draws,).

        Each draw lies as high in the belief as its own clicks, orders and discount lie in what they say, and as
        standard normal numbers say, each of the two by the part of the belief that its way explains. So what cells
        share, such as one discount of attributed orders, stays shared. Draws beyond `MIDDLE` are moved to its ends.
        """
        spread = self.by_clicks.std()
        if spread > 0.0:
            place = (self.by_clicks - self.by_clicks.mean()) / spread
            part = self.belief.weight_down
            normal = math.sqrt(1.0 - part) * place + math.sqrt(part) * normal
        return np.exp(self.belief.quantile(np.clip(ndtr(normal), *MIDDLE)))

    def presented(self) -> PriorRange:
        """The belief as a range, with what each way says and the figures behind the way from the top down."""
        low, median, high = np.exp(self.belief.quantile(np.array([0.05, 0.5, 0.95])))
        effects = pooled_effects(self.measure).effects
        near = [effect for effect in effects if effect.channel == self.setting.channel] or list(effects)
        best = sorted(near, key=lambda effect: (effect.design != "randomised", effect.fact.fact_id))
        ways: dict[str, float] = {}
        for name, way in (("up", self.up), ("down", self.down)):
            quantiles = {"low": 0.05, "median": 0.5, "high": 0.95}
            ways |= {f"{name}_{key}": math.exp(way.quantile(level)) for key, level in quantiles.items()}
        return PriorRange(
            self.channel,
            "promotion",
            self.quantity,
            low=float(low),
            typical=float(median),
            high=float(high),
            unit=say(f"unit.{self.quantity}"),
            uncertainty_factor=math.sqrt(float(high / low)),
            fact_ids=tuple(sorted({effect.fact.fact_id for effect in best[:MOST_FACTS_LISTED]})),
            basis=say("basis.two_ways", figures=len(effects), sources=len({e.source for e in effects})),
            note=say("note.two_ways", share=self.belief.weight_down, **ways),
        )


def channel_effects(
    cells: Sequence[tuple[Cell, Drawn]], among: Sequence[int] | None = None
) -> tuple[list[ChannelEffect], Array]:
    """Work out the effects of some cells of promotion, one a channel and setting.

    Parameters
    ----------
    cells : sequence of (Cell, Drawn)
        Cells that have an effect, each with draws of what the way from the bottom up needs.
    among : sequence of int, optional
        Places of the cells whose correlation is asked for; all of them if not given.

    Returns
    -------
    effects : list of ChannelEffect
        One a cell; the very same one where all is the same, as in many markets.
    correlation : ndarray of shape (n_cells_asked, n_cells_asked)
        Of their logarithms: figures of one measure tell of all its channels, and a company is one source.
    """
    settings = [_setting(cell) for cell, _ in cells]
    measures = [EFFECTS[cell.basis or ""][1] for cell, _ in cells]
    asked_of = range(len(cells)) if among is None else among
    correlation = np.eye(len(asked_of))
    effects: dict[int, ChannelEffect] = {}
    known: dict[Any, ChannelEffect] = {}
    for measure in dict.fromkeys(measures):
        own = [i for i, name in enumerate(measures) if name == measure]
        asked = sorted(
            {settings[i] for i in own}
        )  # in one order, whatever that of the cells, to the last bit
        mixture = pooled_effects(measure).predict(asked)
        place_of = {setting: place for place, setting in enumerate(asked)}
        inside = [k for k, i in enumerate(asked_of) if measures[i] == measure]
        places = [place_of[settings[asked_of[k]]] for k in inside]
        together = SHARED * mixture.correlation()[np.ix_(places, places)]
        correlation[np.ix_(inside, inside)] += together - np.diag(np.diagonal(together))
        for i in own:
            effects[i] = _effect(*cells[i], settings[i], mixture, place_of[settings[i]], known)
    return [effects[i] for i in range(len(cells))], correlation


def _effect(
    cell: Cell,
    drawn: Drawn,
    setting: EffectSetting,
    mixture: Mixture,
    place: int,
    known: dict[Any, ChannelEffect],
) -> ChannelEffect:
    quantity, measure = EFFECTS[cell.basis or ""]
    shift, further = 0.0, 0.0
    orders = np.maximum(orders_by_clicks(cell, drawn), FEWEST_ORDERS)
    logs = np.log(orders * drawn.stated("margin_per_order")) - np.log(worth_of_effect(cell, drawn))
    if measure == "orders_per_contact":
        if cell.orders_per_contact is None:
            # Orders attributed to a message are published for usual orders; a company states those of its own.
            logs += ORDER_SLOPE[0] * math.log(setting.order_value / USUAL_ORDER)
        further = abs(ORDER_SLOPE[0]) * _order_deviation(cell)
    elif measure == "relative_lift":
        stated = cell.purchases_per_year
        yearly = drawn("purchases_per_year") if stated is None else drawn.constant(stated)
        monthly = np.log(yearly / MONTHS_A_YEAR)
        shift, further = float(monthly.mean()), float(monthly.std())
    stated_rates = cell.orders_per_contact is not None or (
        cell.basis in BY_CLICK and cell.orders_per_click is not None
    )
    key = cell.channel, quantity, measure, setting, logs.tobytes(), stated_rates, shift, further
    if key not in known:
        up, down = Way.up(logs, stated_rates), Way.down(mixture, place, shift, further)
        belief = combined(up, down)
        known[key] = ChannelEffect(cell.channel, quantity, logs, up, down, belief, measure, setting)
    return known[key]


def _setting(cell: Cell) -> EffectSetting:
    basis = cell.basis or ""
    if EFFECTS[basis][1] == "revenue_per_spend":
        return EffectSetting(basis)  # published returns tell neither audiences nor order values apart
    audience = AUDIENCE[basis] if cell.audience is None else cell.audience
    value = _order_value(cell)
    return EffectSetting(basis, audience, value if EFFECTS[basis][1] == "orders_per_contact" else USUAL_ORDER)


def _order_value(cell: Cell) -> float:
    """Order value in US dollars."""
    own = cell.order_value or cell.value / _margin_share().typical
    return own / cell.usd_rate if cell.usd_rate is not None and own > 0.0 else USUAL_ORDER


def _order_deviation(cell: Cell) -> float:
    """Standard deviation of the logarithm of the order value."""
    if cell.usd_rate is None:
        return math.log(ORDER_RANGE) / Z90
    return 0.0 if cell.order_value else math.log(_margin_share().uncertainty_factor) / Z90


def _margin_share() -> PriorRange:
    return load_ranges()["all", "promotion", "margin_share"]
