from __future__ import annotations

import copy
import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from channelmix.effectiveness import CellDraws, prior_response
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.effectiveness.published.response import DAYS_PER_MONTH
from channelmix.engine.response import ResponseCurves
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.optimize import optimize

RATE = 0.9

NONE = 1e-12
"""Overlap that is as good as none, with the same draws as any other."""

MONTH = 365.25 / 12


def curves_of(content: dict[str, Any], n_draws: int = 64) -> tuple[ResponseCurves, CellDraws]:
    """Curves of drawn quantities and of what the profile states as it stands."""
    profile = CompanyProfile.model_validate(content)
    draws = PublishedPrior(n_draws=n_draws).fit().draws(profile.cells())
    draws = dataclasses.replace(draws, scores=())
    return prior_response(draws, profile.period_days, profile.usd_rate or 1.0).curves, draws


def single(content: dict[str, Any], name: str, spend: float) -> tuple[float, dict[str, float], Any]:
    """Outcome of one cell in the only draw, what was drawn for it, and the cell."""
    curves, draws = curves_of(content, n_draws=1)
    i = curves.names.index(name)
    amounts = np.zeros(curves.n_cells)
    amounts[i] = spend
    return (
        float(curves.value(amounts)[0, i]),
        {key: float(q[0]) for key, q in draws.quantities[i].items()},
        draws.cells[i],
    )


@pytest.fixture
def plain(small: dict[str, Any]) -> dict[str, Any]:
    """The small profile without word of mouth, answers on time and fatigue, which have tests of their own."""
    return small | {"switched_off": ["word_of_mouth", "answer_on_time", "fatigue"]}


def test_promotion_by_message(small: dict[str, Any]) -> None:
    small["overlap"] = 0.0
    outcome, q, cell = single(small, "FR/sms/promotion", 700.0)
    useful = min(50000.0, q["penetration"] * 200000.0) * q["saturation_frequency"] * MONTH / DAYS_PER_MONTH
    bought = 700.0 / (q["cost_per_contact"] * RATE)
    contacts = useful * (1 - math.exp(-bought / useful))
    assert outcome == pytest.approx(contacts * q["orders_per_contact"] * 20.0, rel=1e-12)
    assert cell.value == 20.0


def test_social_media_return_what_is_believed_at_the_usual_number_of_impressions(
    small: dict[str, Any],
) -> None:
    """Where each of 100,000 people sees the usual number, at usual prices, the average return is the effect."""
    small["overlap"] = 0.0
    _, q, _ = single(small, "FR/social/promotion", 1.0)
    usual = 100000.0 * q["usual_contacts"] * q["cost_per_contact"] * RATE
    outcome, _, _ = single(small, "FR/social/promotion", usual)
    assert outcome / usual == pytest.approx(q["revenue_per_spend"] * q["margin_share"], rel=1e-12)
    small["purposes"]["promotion"]["order_value"] = 50.0
    _, q, _ = single(small, "FR/social/promotion", 1.0)
    usual = 100000.0 * q["usual_contacts"] * q["cost_per_contact"] * RATE
    outcome, _, _ = single(small, "FR/social/promotion", usual)
    assert "margin_share" not in q
    assert outcome / usual == pytest.approx(q["revenue_per_spend"] * 20.0 / 50.0, rel=1e-12)


def test_who_pays_twice_the_usual_price_gets_half(small: dict[str, Any]) -> None:
    small["overlap"] = 0.0
    small["channels"]["social"]["cost_per_contact"] = {"promotion": 0.04}
    _, q, _ = single(small, "FR/social/promotion", 1.0)
    spend = 100000.0 * q["usual_contacts"] * 0.04
    outcome, _, _ = single(small, "FR/social/promotion", spend)
    dearer = 0.04 / (q["cost_per_contact"] * RATE)
    assert outcome / spend == pytest.approx(q["revenue_per_spend"] * q["margin_share"] / dearer, rel=1e-12)


def test_without_effects_clicks_and_orders_alone_count(small: dict[str, Any]) -> None:
    small["overlap"] = 0.0
    del small["purposes"]["promotion"]["orders_per_click"]
    profile = CompanyProfile.model_validate(small)
    draws = PublishedPrior(n_draws=1, regression=False).fit().draws(profile.cells())
    draws = dataclasses.replace(draws, scores=())
    curves = prior_response(draws, profile.period_days, RATE).curves
    i = curves.names.index("FR/social/promotion")
    q = {key: float(sample[0]) for key, sample in draws.quantities[i].items()}
    useful = 100000.0 * q["saturation_frequency"]
    bought = 3000.0 / (q["cost_per_contact"] * RATE)
    orders = q["response_rate"] * q["orders_per_click"] * q["incremental_factor"]
    outcome = curves.value(np.full(curves.n_cells, 3000.0))[0, i]
    assert outcome == pytest.approx(useful * (1 - math.exp(-bought / useful)) * orders * 20.0, rel=1e-12)


def test_stated_figures_are_used_as_they_are(small: dict[str, Any]) -> None:
    small["channels"]["sms"] |= {
        "cost_per_contact": {"promotion": 0.05},
        "contacts_per_customer": 3.0,
        "orders_per_contact": {"value": 0.004, "incremental": True},
    }
    outcome, q, _ = single(small, "FR/sms/promotion", 700.0)
    useful = 50000.0 * 3.0
    # An experiment whose size is not stated lets what is published have a say.
    assert 0.0015 < q["orders_per_contact"] < 0.01
    expected = useful * (1 - math.exp(-700.0 / 0.05 / useful)) * q["orders_per_contact"] * 20.0
    assert outcome == pytest.approx(expected, rel=1e-12)


def test_app_promotion_buys_users(small: dict[str, Any]) -> None:
    small["overlap"] = 0.0
    outcome, q, _ = single(small, "FR/app/promotion", 900.0)
    to_win = q["penetration"] * 200000.0 - 20000.0
    users = to_win * (1 - math.exp(-900.0 / (q["cost_per_retained_user"] * RATE) / to_win))
    pushes = q["saturation_frequency"] * DAYS_PER_MONTH / 7.0 * q["months_retained"]
    assert pushes == pytest.approx(q["saturation_frequency"] * DAYS_PER_MONTH / 7.0 * q["months_retained"])
    assert outcome == pytest.approx(
        users * q["months_retained"] * q["orders_per_user"] * q["lasting_part"] * 20.0, rel=1e-12
    )


def test_a_customer_of_several_channels_bears_fewer_contacts_on_each(small: dict[str, Any]) -> None:
    """Against customers drawn one by one: social reaches half of 200,000, SMS a quarter, messages 5 %, the app 10 %."""
    rng = np.random.default_rng(4)
    reached = rng.random((200_000, 4)) < [0.5, 0.25, 0.05, 0.1]
    _, q, cell = single(small, "FR/sms/promotion", 1.0)
    assert cell.others == (0.05, 0.1, 0.5)
    others = reached[reached[:, 1]].sum(axis=1) - 1
    share = float((1.0 / (1.0 + q["contact_pressure"] * others)).mean())
    outcome, _, _ = single(small, "FR/sms/promotion", 1e9)
    alone, _, _ = single(small | {"overlap": NONE}, "FR/sms/promotion", 1e9)
    assert outcome / alone == pytest.approx(share, rel=0.01)
    together, q, cell = single(small | {"overlap": 1.0}, "FR/sms/promotion", 1e9)
    assert together / alone == pytest.approx(1.0 / (1.0 + 3.0 * q["contact_pressure"]), rel=1e-12)


def test_overlap_leaves_the_first_contact_what_it_is_worth(small: dict[str, Any]) -> None:
    outcome, _, _ = single(small, "FR/sms/promotion", 1e-6)
    alone, _, _ = single(small | {"overlap": NONE}, "FR/sms/promotion", 1e-6)
    assert outcome == pytest.approx(alone, rel=1e-6)


def test_stated_contacts_are_not_shared(small: dict[str, Any]) -> None:
    small["channels"]["sms"]["contacts_per_customer"] = 3.0
    outcome, q, _ = single(small, "FR/sms/promotion", 1e9)
    assert "contact_pressure" not in q
    alone, _, _ = single(small | {"overlap": NONE}, "FR/sms/promotion", 1e9)
    assert outcome == alone


def test_advocacy_counts_exposures(plain: dict[str, Any]) -> None:
    outcome, q, _ = single(plain, "FR/social/advocacy", 50.0)
    useful = 100000.0 * q["saturation_frequency"]
    exposures = useful * (1 - math.exp(-50.0 / (q["cost_per_contact"] * RATE) / useful))
    assert outcome == pytest.approx(exposures * 0.001, rel=1e-12)


@pytest.mark.parametrize("channel", ["social", "sms", "im", "app"])
def test_service_is_capacity_against_a_random_load(plain: dict[str, Any], channel: str) -> None:
    """The curve is E[min(n, load)], here integrated over a logistic load numerically."""
    spend = 600.0
    outcome, q, _ = single(plain, f"FR/{channel}/service", spend)
    # Of 200,000 customers 20,000 have the app: it cannot serve more than a tenth of the contacts.
    load = 5000.0 * min(q["service_share"], 0.1 if channel == "app" else 1.0)
    cost = (q["cost_per_contact"] + q.get("agent_cost_per_contact", 0.0)) * RATE
    relative = math.sqrt(3.0) / math.pi * q["load_variation"]
    load /= 1.0 + relative * math.log1p(math.exp(-1.0 / relative))
    spread = relative * load
    n = np.linspace(0.0, spend / cost, 200001)
    above = 1.0 / (1.0 + np.exp((n - load) / spread))
    handled = float(np.sum((above[1:] + above[:-1]) / 2 * np.diff(n)))
    assert outcome == pytest.approx(handled * q["resolution"] * q["on_time_share"] * 9.0, rel=1e-6)


def test_service_never_exceeds_what_is_asked_for(plain: dict[str, Any]) -> None:
    curves, draws = curves_of(plain)
    most = curves.value(np.full(curves.n_cells, 1e12))
    for i, cell in enumerate(draws.cells):
        if cell.purpose == "service":
            q = draws.quantities[i]
            # Of 200,000 customers 20,000 have the app: it cannot serve more than a tenth of the contacts.
            share = np.minimum(q["service_share"], 0.1 if cell.channel == "app" else 1.0)
            inbound, worth = (
                draws.drawn(i).stated(name) for name in ("inbound_contacts", "value_per_resolution")
            )
            ceiling = inbound * share * q["resolution"] * q["on_time_share"] * worth
            assert (most[:, i] <= ceiling * (1 + 1e-9)).all()
            assert most[:, i] == pytest.approx(ceiling, rel=0.02)


def test_shares_of_a_market_sum_to_at_most_one_and_stated_ones_stand(plain: dict[str, Any]) -> None:
    for channel in plain["channels"].values():
        channel |= {"resolution_share": 1.0, "on_time_share": 1.0}
    plain["channels"]["sms"]["service_share"] = {"value": 0.85, "low": 0.85, "high": 0.85}
    curves, draws = curves_of(plain, n_draws=256)
    at = curves.names.index("FR/sms/service")
    inbound, worth = (draws.drawn(at).stated(name) for name in ("inbound_contacts", "value_per_resolution"))
    handled = curves.value(np.full(curves.n_cells, 1e12)) / (inbound * worth)[:, np.newaxis]
    of = {cell.channel: handled[:, i] for i, cell in enumerate(draws.cells) if cell.purpose == "service"}
    assert of["sms"] == pytest.approx(0.85, rel=0.01), "what is stated is kept"
    assert np.sum(list(of.values()), axis=0).max() <= 1.0 + 1e-9
    drawn = [q["service_share"] for q in draws.quantities if "service_share" in q]
    assert np.sum(drawn, axis=0).max() > 0.15, "the draws had to be scaled"


def test_nobody_reachable_and_nothing_asked(small: dict[str, Any]) -> None:
    for channel in small["channels"].values():
        channel["reachable"] = 0.0
    small["purposes"]["service"]["inbound_contacts"] = 0.0
    curves, _ = curves_of(small)
    for spend in (0.0, 1e-9, 1.0, 1e12):
        assert (curves.value(np.full(curves.n_cells, spend)) == 0.0).all()


def test_everyone_has_the_app_already(small: dict[str, Any]) -> None:
    small["channels"]["app"]["reachable"] = 200000.0
    curves, _ = curves_of(small)
    assert (
        curves.value(np.full(curves.n_cells, 1e6))[:, curves.names.index("FR/app/promotion")] == 0.0
    ).all()


def test_more_reach_never_lowers_the_curve(small: dict[str, Any]) -> None:
    before: Any = 0.0
    for reachable in (0.0, 10.0, 5e3, 5e4, 1.9e5, 2e5):
        small["channels"]["sms"]["reachable"] = reachable
        curves, _ = curves_of(small)
        i = curves.names.index("FR/sms/promotion")
        now = np.array([curves.value(np.full(curves.n_cells, s))[:, i] for s in (1.0, 1e2, 1e4, 1e6)])
        assert (now >= before - 1e-9 * np.abs(now)).all()
        before = now


def test_a_channel_of_ones_own_needs_no_phone(small: dict[str, Any]) -> None:
    own = {
        "reachable": 200000.0,
        "purposes": ["promotion"],
        "cost_per_contact": {"promotion": 0.5},
        "contacts_per_customer": 2.0,
        "orders_per_contact": {"value": 0.01, "incremental": True},
    }
    small["channels"] = {"letters": own}
    small["markets"][0]["penetration"] = 0.5
    outcome, q, _ = single(small, "FR/letters/promotion", 1e9)
    assert outcome == pytest.approx(200000.0 * 2.0 * 0.01 * 20.0)
    assert not q


def test_a_channel_like_another_has_its_curve(small: dict[str, Any]) -> None:
    small["channels"]["kiosk"] = {**small["channels"]["sms"], "like": "sms"}
    curves, _ = curves_of(small, n_draws=4096)
    mean = dict(zip(curves.names, curves.mean_value(np.full(curves.n_cells, 500.0)), strict=True))
    assert mean["FR/kiosk/promotion"] == pytest.approx(mean["FR/sms/promotion"], rel=0.05)
    assert mean["FR/kiosk/promotion"] != mean["FR/sms/promotion"], "its draws are its own"


def test_the_rate_scales_published_costs_only(small: dict[str, Any]) -> None:
    """Messages bring more orders the cheaper these are in dollars."""
    small["channels"]["sms"]["cost_per_contact"] = {"promotion": 0.05}
    doubled = copy.deepcopy(small)
    doubled["usd_rate"] = 2 * RATE
    (one, _), (two, _) = curves_of(small), curves_of(doubled)
    spend = np.full(one.n_cells, 300.0)
    for i, name in enumerate(one.names):
        factor = 1.0 if name == "FR/sms/promotion" else 2.0
        dearer = two.value(factor * spend)[:, i]
        if name in ("FR/sms/promotion", "FR/im/promotion"):
            assert (dearer > one.value(spend)[:, i]).all(), "of cheaper orders"
            continue
        # Social media bring as much a unit of spend by published returns, and half of it by clicks.
        if name == "FR/social/promotion":
            assert (dearer > one.value(spend)[:, i]).all()
            assert (dearer < 2.0 * one.value(spend)[:, i]).all()
        else:
            assert dearer == pytest.approx(one.value(spend)[:, i], rel=1e-12), name


def test_tiny_amounts_keep_their_curves(small: dict[str, Any]) -> None:
    """No floor in absolute money: a profile in another unit of currency has the same curves."""
    k = 1e-12
    scaled = copy.deepcopy(small)
    scaled["usd_rate"] *= k
    for purpose, worth in (("promotion", "margin_per_order"), ("service", "value_per_resolution")):
        scaled["purposes"][purpose][worth] *= k
    scaled["purposes"]["advocacy"]["value_per_exposure"] *= k
    (one, _), (two, _) = curves_of(small), curves_of(scaled)
    spend = np.full(one.n_cells, 300.0)
    assert two.value(k * spend) == pytest.approx(k * one.value(spend), rel=1e-9, abs=0.0)


def shares(content: dict[str, Any]) -> dict[str, float]:
    plan = optimize(CompanyProfile.model_validate(content))
    return {row.name: row.spend / plan.totals.spend for row in plan.allocation} if plan.totals else {}


@pytest.mark.no_cover
def test_a_month_is_thirty_days_or_so(small: dict[str, Any]) -> None:
    days = copy.deepcopy(small)
    days["period"] = 30.0
    one, two = shares(small), shares(days)
    assert max(abs(one[name] - two[name]) for name in one) < 0.02


@pytest.mark.no_cover
def test_doubling_all_money_leaves_the_shares(small: dict[str, Any]) -> None:
    doubled = copy.deepcopy(small)
    doubled["usd_rate"] *= 2
    doubled["scenario"]["amount"] *= 2
    doubled["purposes"]["promotion"]["margin_per_order"] *= 2
    doubled["purposes"]["service"]["value_per_resolution"] *= 2
    doubled["purposes"]["advocacy"]["value_per_exposure"] *= 2
    for channel in doubled["channels"].values():
        channel["current_spend"] = {p: 2 * amount for p, amount in channel["current_spend"].items()}
    one, two = shares(small), shares(doubled)
    assert max(abs(one[name] - two[name]) for name in one) < 1e-6


@pytest.mark.no_cover
def test_more_worth_means_more_outcome(small: dict[str, Any]) -> None:
    richer = copy.deepcopy(small)
    richer["purposes"]["service"]["value_per_resolution"] *= 3
    one, two = shares(small), shares(richer)
    service = [name for name in one if name.endswith("service")]
    assert sum(two[name] for name in service) > sum(one[name] for name in service)
