"""Word of mouth, answers on time and fatigue: formulas, limits, and what is left when each is switched off."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate

from channelmix.effectiveness import CellDraws, PriorResponse, prior_response
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.effectiveness.published.word_of_mouth import people_told
from channelmix.profile import CompanyProfile, Telling
from channelmix.profile.fields.fields import DAYS_A_YEAR

ALL = 1e12
"""Spend that buys whatever there is to buy."""
VALUE = 0.001
CUSTOMERS = 200000.0


def drawn(content: dict[str, Any], n_draws: int = 32) -> CellDraws:
    """Draw published quantities; what the profile states counts as it stands."""
    profile = CompanyProfile.model_validate(content)
    draws = PublishedPrior(n_draws=n_draws).fit().draws(profile.cells())
    return dataclasses.replace(draws, scores=())


def response_of(content: dict[str, Any], n_draws: int = 32) -> PriorResponse:
    profile = CompanyProfile.model_validate(content)
    return prior_response(drawn(content, n_draws), profile.period_days, profile.usd_rate or 1.0)


def outcome(response: PriorResponse, name: str, spend: float) -> Any:
    """Outcome of one cell in every draw."""
    i = response.curves.names.index(name)
    return response.curves.cell(i).value(np.array([[spend]]))[:, 0]


def spend_on(response: PriorResponse, **amounts: float) -> Any:
    """The same amount on every cell of a purpose."""
    return np.array([amounts.get(name.split("/")[2], 0.0) for name in response.curves.names])


def heard_in(response: PriorResponse, spend: Any) -> tuple[float, float]:
    """Worth of praise and of criticism over all cells."""
    praise, criticism = response.heard_by_cell(spend)
    return float(praise.sum()), float(criticism.sum())


def quantities(content: dict[str, Any], name: str) -> tuple[dict[str, float], PriorResponse]:
    """Quantities of one cell in the only draw, and the response."""
    draws = drawn(content, 1)
    place = [cell.name for cell in draws.cells].index(name)
    return {key: float(q[0]) for key, q in draws.quantities[place].items()}, response_of(content, 1)


def expected_quality(load: float, relative: float, n: float, handled: float, on_time: float) -> float:
    """Integrate over a logistic load: contacts handled, and contacts of periods without overload."""
    location = load / (1.0 + relative * math.log1p(math.exp(-1.0 / relative)))
    spread = relative * location

    def density(t: float) -> float:
        return float(0.25 / spread / math.cosh((t - location) / (2 * spread)) ** 2)

    in_time = integrate.quad(
        lambda t: t * density(t), 0.0, n, epsabs=0.0, epsrel=1e-10, points=[min(location, n / 2)]
    )[0]
    above = 1.0 / (1.0 + math.exp((n - location) / spread))
    return float((handled * (in_time + n * above) + on_time * in_time) / load)


@pytest.mark.parametrize("spend", [300.0, 900.0, 4000.0])
def test_service_with_all_its_mechanisms(small: dict[str, Any], spend: float) -> None:
    name = "FR/im/service"
    q, response = quantities(small, name)
    load = 5000.0 * q["service_share"]
    relative = math.sqrt(3.0) / math.pi * q["load_variation"]
    late = q["late_worth"]
    g = expected_quality(
        load, relative, spend / (q["cost_per_contact"] * 0.9), late, (1.0 - late) * q["on_time_share"]
    )
    told = 10.0 ** (1.0 - q["publicness"]) * 3000.0 ** q["publicness"]
    x = load * q["tells_if_not"] * told / CUSTOMERS
    z = load * q["tells_if_satisfied"] * 3.0 / CUSTOMERS
    solved = q["resolution"] * g
    heard = math.exp(-x * (1.0 - solved)) - math.exp(-x) + 1.0 - math.exp(-z * solved)
    expected = load * solved * 9.0 + VALUE * CUSTOMERS * heard
    assert outcome(response, name, spend)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("spend", [300.0, 900.0, 4000.0])
def test_without_answer_on_time_what_is_handled_counts(small: dict[str, Any], spend: float) -> None:
    small["switched_off"] = ["answer_on_time", "word_of_mouth"]
    name = "FR/im/service"
    q, response = quantities(small, name)
    assert not q.keys() & {"late_worth", "publicness", "tells_if_not"}, "nothing is drawn that is not used"
    load = 5000.0 * q["service_share"]
    relative = math.sqrt(3.0) / math.pi * q["load_variation"]
    g = expected_quality(load, relative, spend / (q["cost_per_contact"] * 0.9), q["on_time_share"], 0.0)
    assert outcome(response, name, spend)[0] == pytest.approx(load * q["resolution"] * g * 9.0, rel=1e-6)


def test_advocacy_with_word_of_mouth(small: dict[str, Any]) -> None:
    name = "FR/social/advocacy"
    q, response = quantities(small, name)
    useful = 100000.0 * q["saturation_frequency"]
    told = 10.0 ** (1.0 - q["publicness"]) * 3000.0 ** q["publicness"]
    tellers = q["response_rate"] * useful / CUSTOMERS
    praise = CUSTOMERS * (1.0 - math.exp(-tellers * q["satisfied_share"] * 3.0))
    criticism = CUSTOMERS * (1.0 - math.exp(-tellers * (1.0 - q["satisfied_share"]) * told))
    part = 1.0 - math.exp(-50.0 / (q["cost_per_contact"] * 0.9) / useful)
    assert outcome(response, name, 50.0)[0] == pytest.approx(
        VALUE * (useful + praise - criticism) * part, rel=1e-9
    )


def test_app_advocacy_counts_contacts_of_bought_users(small: dict[str, Any]) -> None:
    name = "FR/app/advocacy"
    q, response = quantities(small, name)
    to_win = q["penetration"] * CUSTOMERS - 20000.0
    useful = to_win * q["saturation_frequency"] * q["months_retained"]
    told = 10.0 ** (1.0 - q["publicness"]) * 3000.0 ** q["publicness"]
    tellers = q["response_rate"] * useful / CUSTOMERS
    praise = CUSTOMERS * (1.0 - math.exp(-tellers * q["satisfied_share"] * 3.0))
    criticism = CUSTOMERS * (1.0 - math.exp(-tellers * (1.0 - q["satisfied_share"]) * told))
    assert outcome(response, name, ALL)[0] == pytest.approx(VALUE * (useful + praise - criticism), rel=1e-9)


@pytest.mark.parametrize(("publicness", "told"), [(0.0, 10.0), (0.5, math.sqrt(30000.0)), (1.0, 3000.0)])
def test_people_told_are_geometric_in_publicness(publicness: float, told: float) -> None:
    telling = Telling(3.0, 3000.0, 10.0, None, VALUE)
    assert people_told(telling, np.array([publicness]))[0] == pytest.approx(told, rel=1e-12)


def test_agents_confirm_how_many_hear() -> None:
    """Customers who tell people at random, one after the other: nobody hears twice what he has heard."""
    rng = np.random.default_rng(0)
    market, tellers, told = 4000, 30, 120
    heard = [
        len(np.unique(np.concatenate([rng.choice(market, told, replace=False) for _ in range(tellers)])))
        for _ in range(200)
    ]
    assert np.mean(heard) == pytest.approx(market * (1.0 - math.exp(-tellers * told / market)), rel=0.02)


def test_without_demand_nobody_tells_anything(small: dict[str, Any]) -> None:
    """Whoever asks nothing is neither answered nor left alone."""
    small["purposes"]["service"]["inbound_contacts"] = 0.0
    response = response_of(small)
    for spend in (0.0, 1.0, ALL):
        assert (outcome(response, "FR/social/service", spend) == 0.0).all()
        assert heard_in(response, spend_on(response, service=spend)) == (0.0, 0.0)


def test_in_private_three_thousand_is_ten(small: dict[str, Any]) -> None:
    """Without a public channel the number told in public has no say."""
    for channel in small["channels"].values():
        channel["publicness"] = 0.0
    draws = drawn(small)
    one, ten = (prior_response(d, 365.25 / 12, 0.9) for d in (draws, draws.telling(10.0)))
    spend = np.full(12, 500.0)
    assert one.curves.value(spend) == pytest.approx(ten.curves.value(spend), rel=1e-12)
    small["channels"]["social"]["publicness"] = 1.0
    public = drawn(small)
    one, ten = (prior_response(d, 365.25 / 12, 0.9) for d in (public, public.telling(10.0)))
    assert heard_in(one, np.zeros(12))[1] > 2 * heard_in(ten, np.zeros(12))[1]


def test_perfect_service_leaves_no_criticism(small: dict[str, Any]) -> None:
    """With capacity for any load, every contact solved and answered on time, nobody has cause to complain."""
    for channel in small["channels"].values():
        channel |= {"resolution_share": 1.0, "on_time_share": 1.0}
    response = response_of(small)
    _, before = heard_in(response, spend_on(response))
    praise, after = heard_in(response, spend_on(response, service=ALL))
    assert after == pytest.approx(0.0, abs=1e-12 * before)
    assert praise > 0.0


def test_where_all_are_satisfied_advocacy_has_no_critics(small: dict[str, Any]) -> None:
    small["purposes"] = {"advocacy": {"value_per_exposure": VALUE}}
    small["channels"] = {"social": {"reachable": 100000.0}, "sms": {"reachable": 50000.0}}
    small["word_of_mouth"] = {"satisfied_share": 1.0}
    response = response_of(small)
    praise, criticism = heard_in(response, spend_on(response, advocacy=100.0))
    assert criticism == 0.0
    assert praise > 0.0


def test_unhappy_customers_of_a_public_channel_without_capacity_do_harm(small: dict[str, Any]) -> None:
    small["channels"] = {"social": {"reachable": 100000.0, "publicness": 1.0}}
    small["word_of_mouth"] = {"satisfied_share": 0.1}
    response = response_of(small)
    praise, criticism = heard_in(response, spend_on(response))
    assert praise == 0.0 < criticism
    praise, criticism = heard_in(response, spend_on(response, advocacy=1000.0))
    assert praise < criticism


def test_a_larger_market_saturates_later(small: dict[str, Any]) -> None:
    """The same critics reach more people in a larger market, but a smaller part of it."""
    heard = []
    for customers in (2e5, 2e6, 2e7):
        small["markets"][0]["customers"] = customers
        response = response_of(small)
        heard.append(heard_in(response, spend_on(response))[1] / VALUE)
    assert heard[0] < heard[1] < heard[2]
    assert heard[0] / 2e5 > heard[1] / 2e6 > heard[2] / 2e7


def lost(response: PriorResponse, name: str, spend: float) -> Any:
    """What one cell loses in every draw."""
    assert response.losses is not None
    assert response.losses.names == response.curves.names
    return response.losses.cell(response.curves.names.index(name)).value(np.array([[spend]]))[:, 0]


def losing(response: PriorResponse) -> set[str]:
    """The cells that lose anything."""
    if response.losses is None:
        return set()
    at_all = response.losses.mean_value(np.full(response.losses.n_cells, 1e4))
    return {name for name, amount in zip(response.losses.names, at_all.tolist(), strict=True) if amount > 0.0}


def test_harm_is_lost_and_the_curve_does_not_fall(small: dict[str, Any]) -> None:
    """Asking furious customers in public for recommendations costs more the more are asked, up to what all hear."""
    small["channels"]["social"]["publicness"] = 1.0
    small["word_of_mouth"] = {"satisfied_share": 0.0, "told_if_not": 1e6}
    small["channels"]["social"]["contacts_per_customer"] = 0.01
    response = response_of(small)
    name = "FR/social/advocacy"
    harmful = outcome(response, name, 10.0) == 0.0
    assert harmful.any()
    told = response.talk[name]
    for spend in (1.0, 100.0, 1e4, ALL):
        harm = np.maximum(-told.net, 0.0) * -np.expm1(-spend / told.rate)
        assert lost(response, name, spend) == pytest.approx(harm)
        assert (lost(response, name, spend) <= told.criticism).all()


OWN_FIGURES = {
    "cost_per_contact": {"promotion": 0.05},
    "reachable": 50000.0,
    "contacts_per_customer": 4.0,
    "orders_per_contact": {"value": 0.006, "incremental": True},
    "opt_out_per_contact": 0.01,
}
"""Of a message that brings some 0.12 at 20 an order, to 50,000 customers who bear 4 a month."""


def test_opt_outs_lose_what_customers_who_are_gone_would_bring(small: dict[str, Any]) -> None:
    """Without what their contacts would cost: a plan counts its money as spent."""
    small["channels"]["sms"] |= OWN_FIGURES
    q, response = quantities(small, "FR/sms/promotion")
    most = 200000.0 * 20.0 * q["orders_per_contact"]
    for spend in (100.0, 2000.0, 10000.0, 30000.0, 1e6):
        ended = 0.01 * spend / 0.05 / 50000.0  # of each consent, a month
        gone = ended / (ended + 1.0 / q["months_consented"])
        brought = most * (1.0 - math.exp(-spend / 10000.0))
        assert lost(response, "FR/sms/promotion", spend)[0] == pytest.approx(brought * gone, rel=1e-9)


def test_a_consent_of_stated_worth_is_lost_once(small: dict[str, Any]) -> None:
    small["channels"]["sms"] |= OWN_FIGURES
    small["channels"]["sms"]["value_per_consent"] = 2.0
    q, response = quantities(small, "FR/sms/promotion")
    most = 200000.0 * 20.0 * q["orders_per_contact"]
    for spend in (100.0, 10000.0, 1e6):
        share = 1.0 - math.exp(-0.01 * spend / 0.05 / 50000.0)
        assert lost(response, "FR/sms/promotion", spend) == pytest.approx(50000.0 * 2.0 * share)
    # Whoever opts out of the first messages of a month does not get the last ones: 4 a month become 4 / 1.04.
    assert outcome(response, "FR/sms/promotion", ALL)[0] == pytest.approx(most / 1.04)


@pytest.mark.parametrize("stated", [{}, {"value_per_consent": 2.0}], ids=["worth", "stated"])
@pytest.mark.parametrize("often", [1.0, 4.0, 30.0])
@pytest.mark.parametrize("price", [0.002, 0.05, 0.5])
def test_opt_outs_cost_no_more_than_whom_there_is_to_lose(
    small: dict[str, Any], stated: dict[str, Any], often: float, price: float
) -> None:
    """At any spend, and the more the higher the share that opts out; the net return falls with it."""
    small["channels"]["sms"] |= OWN_FIGURES | stated | {"contacts_per_customer": often}
    small["channels"]["sms"]["cost_per_contact"] = {"promotion": price}
    name = "FR/sms/promotion"
    spends = 50000.0 * often * price * np.geomspace(1e-3, 1e4, 60)
    before, net_before = np.zeros(len(spends)), np.full(len(spends), np.inf)
    for opt_out in (0.001, 0.012, 0.05, 0.2, 0.6, 1.0):
        small["channels"]["sms"]["opt_out_per_contact"] = opt_out
        response = response_of(small)
        losses = np.array([lost(response, name, spend) for spend in spends])
        gains = np.array([outcome(response, name, spend) for spend in spends])
        assert (losses <= (100000.0 if stated else gains) * (1.0 + 1e-9)).all()
        assert (np.diff(losses, axis=0) >= -1e-9).all()
        assert (losses.mean(axis=1) >= before).all()
        net = (gains - losses).mean(axis=1)
        assert (net <= net_before + 1e-9 * np.abs(net_before[np.isfinite(net_before)]).max(initial=0.0)).all()
        before, net_before = losses.mean(axis=1), net


def test_opt_outs_of_a_message_take_as_much_of_its_gain_as_a_reminder_lost(small: dict[str, Any]) -> None:
    """By one more e-mail 1.6 % more people unsubscribed, and with them a third of its gain was lost (EXP089, EXP091).

    Of the second message of a month at a usual price, at as many opt-outs.
    """
    small["channels"]["sms"] |= {
        "opt_out_per_contact": 0.016,
        "cost_per_contact": {"promotion": 0.03},
    }
    response = response_of(small, 512)
    name = "FR/sms/promotion"
    one = 0.03 * 50000.0
    gain = (outcome(response, name, 2 * one) - outcome(response, name, one)).mean()
    gone = (lost(response, name, 2 * one) - lost(response, name, one)).mean()
    assert 0.15 < gone / gain < 0.5


def test_the_second_message_of_a_month_brings_less_than_the_first(small: dict[str, Any]) -> None:
    """By saturation alone it loses a fifth, with opt-outs between a quarter and a half of what the first brings net."""
    small["channels"]["sms"]["cost_per_contact"] = {"promotion": 0.03}
    response = response_of(small, 512)
    name = "FR/sms/promotion"
    at = [0.0, 0.03 * 50000.0, 2 * 0.03 * 50000.0]
    gains = np.diff([outcome(response, name, spend).mean() for spend in at])
    net = gains - np.diff([lost(response, name, spend).mean() for spend in at])
    assert 0.15 < 1.0 - gains[1] / gains[0] < 0.3
    assert 0.25 < 1.0 - net[1] / net[0] < 0.5


def test_who_is_charged_for_opt_outs(small: dict[str, Any]) -> None:
    """SMS and instant messages by published figures; the app's money buys users; others where the profile says so."""
    small["switched_off"] = ["word_of_mouth"]
    small["channels"]["kiosk"] = {"like": "sms", "reachable": 2000.0}
    small["channels"]["letter"] = {
        "reachable": 2000.0,
        "purposes": ["promotion"],
        "cost_per_contact": {"promotion": 0.5},
        "contacts_per_customer": 1.0,
        "orders_per_contact": 0.1,
    }
    assert losing(response_of(small)) == {f"FR/{c}/promotion" for c in ("sms", "im", "kiosk")}
    small["channels"]["social"] |= {"opt_out_per_contact": 0.001, "value_per_consent": 1.0}
    small["channels"]["letter"]["opt_out_per_contact"] = 0.001
    small["channels"]["sms"]["opt_out_per_contact"] = 0.0
    assert losing(response_of(small)) == {f"FR/{c}/promotion" for c in ("social", "letter", "im", "kiosk")}
    small["switched_off"] = ["word_of_mouth", "fatigue"]
    assert response_of(small).losses is None


def test_nobody_opts_out_where_nobody_is_reached(small: dict[str, Any]) -> None:
    small["switched_off"] = ["word_of_mouth"]
    small["markets"][0]["penetration"] = 0.0
    assert losing(response_of(small)) == set()


def test_a_worth_of_consents_without_opt_outs_costs_nothing(small: dict[str, Any]) -> None:
    small["switched_off"] = ["word_of_mouth"]
    small["channels"]["social"]["value_per_consent"] = 1.0
    assert losing(response_of(small)) == {"FR/sms/promotion", "FR/im/promotion"}


def test_opt_outs_cost_the_same_whatever_a_period_is(small: dict[str, Any]) -> None:
    """As many contacts a month lose as much a year, whether planned by week, month or year."""
    losses = []
    for period, a_year in (("week", DAYS_A_YEAR / 7.0), ("month", 12.0), ("year", 1.0)):
        small["period"] = period
        losses.append(a_year * lost(response_of(small), "FR/sms/promotion", 24000.0 / a_year))
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    assert losses[2] == pytest.approx(losses[1], rel=1e-9)


def test_without_a_worth_of_exposures_word_of_mouth_is_left_out(small: dict[str, Any]) -> None:
    del small["purposes"]["advocacy"]
    response = response_of(small)
    assert heard_in(response, spend_on(response, service=500.0)) == (0.0, 0.0)
    small["word_of_mouth"] = {"value_per_exposure": VALUE}
    response = response_of(small)
    assert heard_in(response, spend_on(response))[1] > 0.0
