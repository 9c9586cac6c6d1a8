"""Splitting a channel into others like it makes nobody surer of what they bring together."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.arrays import Array
from channelmix.effectiveness import prior_response, published_draws
from channelmix.effectiveness.alike import COUNTED_ALIKE, LIKE, AlikeChannels

DRAWS = 1024

SPEND = 20_000.0


def _split(n: int, basis: str, figures: dict[str, Any]) -> cm.CompanyProfile:
    """One channel of 400,000 customers, or n channels like it of as many together."""
    own = {"reachable_share": 0.4 / n, **figures}
    channels = {basis: own, **{f"c{i:02d}": {"like": basis, **own} for i in range(1, n)}}
    return cm.CompanyProfile.model_validate(
        {
            "name": "R", "sector": "retail", "country": "US", "currency": "USD", "period": "month",
            "purposes": {
                "promotion": {"margin_per_order": 20.0, "order_value": 50.0},
                "service": {"inbound_contacts": 50_000, "value_per_resolution": 8.0},
            },
            "markets": [{"name": "M", "customers": 1e6}], "channels": channels,
            "scenario": {"kind": "fixed_budget", "amount": 50_000},
        }
    )  # fmt: skip


def _brought(profile: cm.CompanyProfile, purpose: str) -> Array:
    """What the same spend brings in all, by draw, net of opt-outs."""
    draws = published_draws(profile.cells(), DRAWS)
    response = prior_response(draws, profile.period_days, profile.usd_rate or 1.0)
    of_purpose = np.array([cell.purpose == purpose for cell in draws.cells])
    spend = SPEND * of_purpose / of_purpose.sum()
    lost = 0.0 if response.losses is None else response.losses.value(spend).sum(axis=1)
    return np.asarray(response.curves.value(spend).sum(axis=1) - lost)


def _width(drawn: Array) -> float:
    low, median, high = np.quantile(drawn, [0.05, 0.5, 0.95])
    return float((high - low) / median)


@pytest.mark.parametrize(
    ("basis", "purpose", "figures"),
    [
        ("sms", "promotion", {}),
        ("sms", "promotion", {"orders_per_contact": 0.004}),
        ("sms", "promotion", {"cost_per_contact": {"promotion": 0.03}, "opt_out_per_contact": 0.01}),
        ("social", "promotion", {}),
        ("app", "promotion", {}),
        ("im", "service", {"service_share": 0.2}),
    ],
)
def test_clones_of_a_channel_are_as_uncertain_together_as_it_is(
    basis: str, purpose: str, figures: dict[str, Any]
) -> None:
    widths = []
    for n in (1, 5, 30):
        shares = {"service_share": figures["service_share"] / n} if "service_share" in figures else {}
        widths.append(_width(_brought(_split(n, basis, figures | shares), purpose)))
    assert max(widths) / min(widths) < 1.25, widths


def test_a_channel_keeps_its_draws_beside_others_like_it() -> None:
    alone, beside = (published_draws(_split(n, "sms", {}).cells(), 64) for n in (1, 3))
    sms = [
        next(i for i, cell in enumerate(d.cells) if cell.name == "M/sms/promotion") for d in (alone, beside)
    ]
    rates = [d.quantities[i]["conversion_rate"] for d, i in zip((alone, beside), sms, strict=True)]
    # Other columns of the sequence may stand in its place: it is the distribution that stays.
    assert np.quantile(rates[0], [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(rates[1], [0.1, 0.5, 0.9]), rel=0.1
    )


def test_channels_like_one_share_most_of_what_is_drawn_and_others_nothing() -> None:
    content = _split(3, "sms", {"orders_per_contact": 0.004}).model_dump(exclude_none=True)
    content["channels"]["chat"] = {"like": "im", "reachable_share": 0.1}
    content["channels"]["c02"]["orders_per_contact"] = {"value": 0.004, "n": 10_000}
    profile = cm.CompanyProfile.model_validate(content)
    draws = published_draws(profile.cells(), DRAWS)
    place = {cell.name: i for i, cell in enumerate(draws.cells)}

    def logs(channel: str, figure: str) -> Array:
        drawn = draws.drawn(place[f"M/{channel}/promotion"])
        return np.log(drawn(figure) if drawn.has(figure) else drawn.stated(figure))

    def alike(one: str, other: str, figure: str) -> float:
        return float(np.corrcoef(logs(one, figure), logs(other, figure))[0, 1])

    for figure in ("cost_per_contact", "saturation_frequency", "opt_out_per_message"):
        assert alike("sms", "c01", figure) == pytest.approx(LIKE, abs=0.03), figure
        assert alike("c01", "c02", figure) == pytest.approx(LIKE, abs=0.03), figure
        assert alike("sms", "chat", figure) == pytest.approx(0.0, abs=0.1), figure
    assert alike("sms", "c01", "orders_per_contact") > 0.75
    stated = [
        draws.scores[place[f"M/{name}/promotion"]]["orders_per_contact"] for name in ("sms", "c01", "c02")
    ]
    correlation = np.corrcoef([score.normal for score in stated])
    assert correlation[0, 1] == pytest.approx(LIKE, abs=0.03)
    assert abs(correlation[0, 2]) < 0.1, (
        "what was measured is as wrong as chance makes it, for each by itself"
    )


def test_a_further_channel_in_pieces_is_never_known_within_a_factor_of_two() -> None:
    """Nothing is published of it, and what its pieces state the company counted alike."""

    def drawn(n: int) -> tuple[Array, Array]:
        content = _split(1, "social", {}).model_dump(exclude_none=True)
        own = {
            "reachable": 400_000 / n, "cost_per_contact": {"promotion": 0.5}, "contacts_per_customer": 1,
            "orders_per_contact": {"value": 0.04, "incremental": True}, "opt_out_per_contact": 0.0,
        }  # fmt: skip
        content["purposes"] = {"promotion": content["purposes"]["promotion"]}
        content["channels"] |= {f"c{i:02d}": own for i in range(n)}
        draws = published_draws(cm.CompanyProfile.model_validate(content).cells(), DRAWS)
        response = prior_response(draws, 30.0, 1.0)
        pieces = np.array([cell.channel != "social" for cell in draws.cells])
        scores = [
            score["orders_per_contact"].normal for score, one in zip(draws.scores, pieces, strict=True) if one
        ]
        return response.curves.value(SPEND * pieces / n).sum(axis=1), np.array(scores)

    for n in (1, 5, 30):
        brought, scores = drawn(n)
        low, high = np.quantile(brought, [0.05, 0.95])
        assert high / low > 2.5
        apart = np.atleast_2d(np.corrcoef(scores))[np.triu_indices(n, 1)]
        assert apart.size == 0 or np.median(apart) == pytest.approx(COUNTED_ALIKE, abs=0.05)


def test_any_number_of_alike_columns_is_alike_in_pairs() -> None:
    normal = np.random.default_rng(5).standard_normal((20_000, 6))
    alike = AlikeChannels()
    columns = [alike.mixed("one", normal[:, j : j + 1]) for j in range(5)]
    columns.append(alike.mixed("another", normal[:, 5:]))
    found = np.cov(np.hstack(columns).T)
    expected = np.full((6, 6), LIKE) + (1.0 - LIKE) * np.eye(6)
    expected[5] = expected[:, 5] = 0.0
    expected[5, 5] = 1.0
    assert np.abs(found - expected).max() < 5.0 / math.sqrt(len(normal))
    assert np.array_equal(columns[0], normal[:, :1])
