"""What promotion brings: one belief from clicks and orders, and from experiments and returns.

Both ways speak of one quantity a channel, its effect: of social media the revenue of a unit of spend at usual prices
and at the usual number of impressions a person; of messages the orders of one more message; of the app the orders that
pushes win of one user in a month. See `two_ways` and `pooled_effects`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
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
from channelmix.effectiveness.published.stated_ways import (
    FEWEST_ORDERS,
    published_clicks,
    stated_rate,
    stated_way,
)
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

ANCHOR = 0.5
"""Part of the usual number of impressions at which a stated price that is the usual one changes nothing: half way
between the first impression and the number at which returns are published."""

MIDDLE = (0.005, 0.995)
"""Quantiles within which a belief is drawn: a mean over draws is not to hang on one of a bias without end."""


def effect_of(cell: Cell) -> str | None:
    """Return the effect that a cell's worth rests on; None where the profile states it, or nothing is published."""
    if cell.purpose != "promotion" or cell.basis is None or float(cell.value) == 0.0:
        return None
    # An experiment of the company's own is not to be blurred by prices that published effects are compared at.
    return "orders_per_contact" if is_incremental(cell.orders_per_contact) else EFFECTS[cell.basis][0]


def assumed_audience(cell: Cell) -> str:
    """Return whom promotion is taken to reach by default; empty where the profile says, or where it does not matter."""
    if effect_of(cell) is None or cell.audience is not None:
        return ""
    return AUDIENCE[cell.basis or ""]


def worth_of_contact(cell: Cell, drawn: Drawn) -> Array:
    """Money that one more promotional contact brings in the long run; shape (n_draws,).

    Published effects of pushes were seen within weeks, and more of them lost in a year what they had won: part lasts.
    """
    effect = effect_of(cell)
    if effect is None or not drawn.has(effect):
        worth = orders_by_clicks(cell, drawn) * drawn.stated("margin_per_order")
    else:
        draws = drawn(effect)
        worth = draws * worth_of_effect(cell, drawn) * _beside_own_price(cell, drawn, draws)
    return worth * drawn("lasting_part") if drawn.has("lasting_part") else worth


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
    - Whoever states incremental orders: the margin of an order.
    """
    if is_incremental(cell.orders_per_contact):
        return drawn.stated("margin_per_order")
    return _worth_of_published(cell, drawn)


def _worth_of_published(cell: Cell, drawn: Drawn) -> Array:
    """Money that a contact brings where the published effect is 1; see `worth_of_effect`."""
    if cell.basis == "social":
        usual = drawn("usual_contacts") / drawn("saturation_frequency")
        if cell.order_value is None:
            share = drawn("margin_share")
        else:  # what is stated of both may be off; no margin exceeds its order
            share = np.minimum(drawn.stated("margin_per_order") / drawn.stated("order_value"), 1.0)
        return np.asarray(_usual_price(cell, drawn) * usual / -np.expm1(-usual) * share)
    if cell.basis == "app":
        pushes = drawn("saturation_frequency") * DAYS_A_YEAR / MONTHS_A_YEAR / DAYS_A_WEEK
        return np.asarray(drawn.stated("margin_per_order") / pushes)
    return drawn.stated("margin_per_order")


def _beside_own_price(cell: Cell, drawn: Drawn, effect: Array) -> float:
    """Factor on what a contact of social media is worth where the company states its own price.

    That is revenue of a unit of spend x usual price over own price, and the mean of an uncertain price lies above its
    median. But what is not known of usual prices is no reason to expect more. With the factor, whoever pays the median
    of usual prices gets in the mean what one gets who does not say what it pays, at `ANCHOR` of the usual number of
    impressions; nearly so at others, where a known price saturates differently.
    """
    if effect_of(cell) != "revenue_per_spend" or cell.cost_per_contact is None or cell.usd_rate is None:
        return 1.0
    price = drawn("cost_per_contact")
    usual = drawn("usual_contacts") / drawn("saturation_frequency")
    first = effect * price * drawn("usual_contacts") / -np.expm1(-usual)
    dearer = price / np.exp(np.log(price).mean())
    unsaid, said = (-first * np.expm1(-ANCHOR * usual / of_median) for of_median in (dearer, 1.0))
    return float(unsaid.mean() / said.mean())


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
    part_down : float
        Part of a draw's place in the belief that the way from the top down explains: that of the usual audience, so
        that no draw of a worse audience lies higher.
    is_own : bool
        Whether `up` is an incremental figure of the company's own.
    """

    channel: str
    quantity: str
    by_clicks: Array
    up: Way
    down: Way
    belief: Belief
    measure: str
    setting: EffectSetting
    part_down: float
    is_own: bool = False

    def draws(self, normal: Array) -> Array:
        """Draw the effect; shape (n_draws,).

        Each draw lies as high in the belief as its own clicks, orders and discount lie in what they say, and as
        standard normal numbers say, each of the two by the part of the belief that its way explains. So what cells
        share, such as one discount of attributed orders, stays shared. Only their order counts, so that draws are
        distributed as the belief is. Draws beyond `MIDDLE` are moved to its ends.
        """
        if self.by_clicks.std() > 0.0:
            place = self.up.place(self.by_clicks)
            normal = math.sqrt(1.0 - self.part_down) * place + math.sqrt(self.part_down) * normal
        levels = (np.argsort(np.argsort(normal, kind="stable")) + 0.5) / len(normal)
        return np.exp(self.belief.quantile(np.clip(levels, *MIDDLE)))


def channel_effects(
    cells: Sequence[tuple[Cell, Drawn]], leading: Sequence[int]
) -> tuple[list[ChannelEffect], Array]:
    """Work out the effects of some cells of promotion.

    Parameters
    ----------
    cells : sequence of (Cell, Drawn)
        Cells that have an effect, each with draws of what the way from the bottom up needs.
    leading : sequence of int
        Places of some cells, such as the first one a channel.

    Returns
    -------
    effects : list of ChannelEffect
        One a cell, the same object for cells of a channel whose figures are the same.
    correlation : ndarray of shape (n_leading, n_leading)
        Of the logarithms of the leading cells' effects: figures of one measure tell of all its channels, and a company
        is one source.
    """
    settings = [_setting(cell) for cell, _ in cells]
    measures = [EFFECTS[cell.basis or ""][1] for cell, _ in cells]
    correlation = np.eye(len(leading))
    ways: dict[tuple[str, EffectSetting], tuple[Mixture, int]] = {}
    for measure in dict.fromkeys(measures):
        own = {setting for setting, name in zip(settings, measures, strict=True) if name == measure}
        asked = sorted(
            own | {_to_usual_audience(setting) for setting in own}
        )  # in one order, to the last bit
        mixture = pooled_effects(measure).predict(asked)
        ways |= {(measure, setting): (mixture, place) for place, setting in enumerate(asked)}
        leads = [k for k, i in enumerate(leading) if measures[i] == measure]
        places = [asked.index(_to_usual_audience(settings[leading[k]])) for k in leads]
        among = SHARED * mixture.correlation()[np.ix_(places, places)]
        correlation[np.ix_(leads, leads)] += among - np.diag(np.diagonal(among))
    downs: dict[tuple[Any, ...], Way] = {}
    effects: dict[tuple[Any, ...], ChannelEffect] = {}
    found = []
    for (cell, drawn), setting, measure in zip(cells, settings, measures, strict=True):
        logs = _by_clicks(cell, drawn, setting)
        shift, further = _moved(cell, drawn)
        figure = stated_rate(cell)
        key = cell.channel, setting, shift, further, figure and getattr(cell, figure), logs.tobytes()
        if key not in effects:
            usual = _to_usual_audience(setting)
            of_down = [(measure, one, shift, further) for one in (setting, usual)]
            for one in of_down:
                if one not in downs:
                    downs[one] = Way.down(*ways[one[:2]], shift, further)
            up, down, down_usual = Way.up(logs), *(downs[one] for one in of_down)
            others, is_own = [], is_incremental(cell.orders_per_contact)
            if figure:
                up = stated_way(cell, drawn, figure, logs)
                down, down_usual = down.beside_stated(), down_usual.beside_stated()
            if is_own:
                others = [
                    published_clicks(cell, _dearer(setting) if measure == "orders_per_contact" else 0.0)
                ]
            quantity = effect_of(cell) or ""
            belief = combined(up, down, *others)
            part = (belief if usual == setting else combined(up, down_usual, *others)).weight_down
            effects[key] = ChannelEffect(
                cell.channel, quantity, logs, up, down, belief, measure, setting, part, is_own
            )
        found.append(effects[key])
    return found, correlation


def _by_clicks(cell: Cell, drawn: Drawn, setting: EffectSetting) -> Array:
    """Logarithm of the effect from the bottom up; shape (n_draws,)."""
    orders = np.maximum(orders_by_clicks(cell, drawn), FEWEST_ORDERS)
    margin = np.maximum(drawn.stated("margin_per_order"), FEWEST_ORDERS * cell.value)
    logs = np.log(orders * margin) - np.log(np.maximum(worth_of_effect(cell, drawn), np.finfo(float).tiny))
    if EFFECTS[cell.basis or ""][1] == "orders_per_contact" and cell.orders_per_contact is None:
        # Orders attributed to a message are published for usual orders; a company states those of its own.
        logs += _dearer(setting)
    return np.asarray(logs)


def _dearer(setting: EffectSetting) -> float:
    """How much fewer orders a message brings than of the usual value, in logarithms."""
    return ORDER_SLOPE[0] * math.log(setting.order_value / USUAL_ORDER)


def _moved(cell: Cell, drawn: Drawn) -> tuple[float, float]:
    """Shift and further standard deviation of the way from the top down, as it speaks of this cell's effect."""
    measure = EFFECTS[cell.basis or ""][1]
    if measure == "orders_per_contact":
        return 0.0, abs(ORDER_SLOPE[0]) * _order_deviation(cell, drawn)
    logs, further = np.zeros(1), 0.0
    if measure == "relative_lift":
        logs = np.log(drawn("purchases_per_year", "purchases_per_year") / MONTHS_A_YEAR)
    if is_incremental(cell.orders_per_contact):
        margin = np.maximum(drawn.stated("margin_per_order"), FEWEST_ORDERS * cell.value)
        worth = np.maximum(_worth_of_published(cell, drawn), np.finfo(float).tiny)
        logs = logs + np.log(worth / margin)
        if (
            measure == "relative_lift"
        ):  # what was seen within weeks, where the company's own figure is as it stands
            lasting = load_ranges()["app", "promotion", "lasting_part"]
            logs = logs + math.log(lasting.typical)
            further = math.log(lasting.uncertainty_factor) / Z90
    return float(logs.mean()), math.hypot(float(logs.std()), further)


def _setting(cell: Cell) -> EffectSetting:
    basis = cell.basis or ""
    if EFFECTS[basis][1] == "revenue_per_spend":
        return EffectSetting(basis)  # published returns tell neither audiences nor order values apart
    audience = AUDIENCE[basis] if cell.audience is None else cell.audience
    value = _order_value(cell)
    return EffectSetting(basis, audience, value if EFFECTS[basis][1] == "orders_per_contact" else USUAL_ORDER)


def _to_usual_audience(setting: EffectSetting) -> EffectSetting:
    return replace(setting, audience=AUDIENCE[setting.channel])


def _order_value(cell: Cell) -> float:
    """Order value in US dollars."""
    own = cell.order_value or cell.value / _margin_share().typical
    return own / cell.usd_rate if cell.usd_rate is not None and own > 0.0 else USUAL_ORDER


def _order_deviation(cell: Cell, drawn: Drawn) -> float:
    """Standard deviation of the logarithm of the order value."""
    if cell.usd_rate is None:
        return math.log(ORDER_RANGE) / Z90
    if cell.order_value is None:
        return math.log(_margin_share().uncertainty_factor) / Z90
    return float(np.log(drawn.stated("order_value")).std())


def _margin_share() -> PriorRange:
    return load_ranges()["all", "promotion", "margin_share"]
