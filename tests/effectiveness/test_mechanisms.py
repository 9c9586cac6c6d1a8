"""Word of mouth, answers on time and fatigue: formulas, limits, and what is left when each is switched off."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate
from scipy import optimize as scipy_optimize

from channelmix.effectiveness import CellDraws, PriorResponse, prior_response
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.effectiveness.published.word_of_mouth import people_told
from channelmix.profile import CompanyProfile, Telling

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


def test_harm_is_a_charge_and_not_a_falling_curve(small: dict[str, Any]) -> None:
    """Asking furious customers in public for recommendations costs more the more are asked."""
    small["channels"]["social"]["publicness"] = 1.0
    small["word_of_mouth"] = {"satisfied_share": 0.0, "told_if_not": 1e6}
    small["channels"]["social"]["contacts_per_customer"] = 0.01
    response = response_of(small)
    name = "FR/social/advocacy"
    harmful = outcome(response, name, 10.0) == 0.0
    assert harmful.any()
    assert response.charges[name] > 0.0
    told = response.talk[name]
    assert told.part(3.0)[harmful] == pytest.approx(3.0 * told.part(1.0)[harmful])
    assert response.charges[name] == pytest.approx(float(np.mean(np.maximum(-told.net, 0.0) / told.rate)))


def test_a_charge_for_opt_outs_in_figures_of_ones_own(small: dict[str, Any]) -> None:
    """The margin of a consent is what the curve itself earns at best, found here by a search."""
    small["channels"]["sms"] |= {
        "cost_per_contact": {"promotion": 0.05},
        "contacts_per_customer": 4.0,
        "orders_per_contact": {"value": 0.006, "incremental": True},
        "opt_out_per_contact": 0.01,
    }
    q, response = quantities(small, "FR/sms/promotion")
    best = scipy_optimize.minimize_scalar(
        lambda u: -(0.12 * (1 - math.exp(-u)) - 0.05 * u), bounds=(0, 9), method="bounded"
    )
    months = 1.0 / (1.0 / q["months_consented"] + 0.01 * 4.0)
    consent = months * 4.0 * -best.fun
    lost = (1.0 - math.exp(-0.01 * 4.0)) / 4.0  # a contact's part of what a month's contacts lose
    assert response.charges["FR/sms/promotion"] == pytest.approx(lost * consent / 0.05, rel=1e-6)
    small["channels"]["sms"]["value_per_consent"] = 2.0
    assert response_of(small).charges["FR/sms/promotion"] == pytest.approx(lost * 2.0 / 0.05, rel=1e-12)


def test_no_more_customers_opt_out_than_there_are(small: dict[str, Any]) -> None:
    """At the useful contacts of a month the charge stays below what all consents are worth."""
    small["channels"]["sms"] |= {
        "cost_per_contact": {"promotion": 0.05},
        "contacts_per_customer": 4.0,
        "orders_per_contact": 0.006,
        "value_per_consent": 2.0,
    }
    charges = []
    for opt_out in (0.01, 0.2, 1.0):
        small["channels"]["sms"]["opt_out_per_contact"] = opt_out
        charges.append(response_of(small).charges["FR/sms/promotion"] * 50000.0 * 4.0 * 0.05)
    assert charges[0] < charges[1] < charges[2] < 50000.0 * 2.0


def test_a_contact_never_costs_more_in_later_ones_than_one_of_them_is_worth(small: dict[str, Any]) -> None:
    """The more often customers are contacted, the sooner they leave anyway, and the less is lost each time."""
    for often in (1.0, 30.0, 3000.0):
        orders = {"value": 0.006, "incremental": True}
        small["channels"]["sms"] |= {"contacts_per_customer": often, "orders_per_contact": orders}
        small["channels"]["sms"]["cost_per_contact"] = {"promotion": 0.05}
        assert response_of(small).charges["FR/sms/promotion"] < (0.12 - 0.05) / 0.05


def test_a_contact_that_never_pays_makes_no_consent_worth_anything(small: dict[str, Any]) -> None:
    orders = {"value": 0.001, "incremental": True}
    small["channels"]["sms"] |= {"cost_per_contact": {"promotion": 0.05}, "orders_per_contact": orders}
    assert "FR/sms/promotion" not in response_of(small).charges


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
    assert set(response_of(small).charges) == {f"FR/{c}/promotion" for c in ("sms", "im", "kiosk")}
    small["channels"]["social"] |= {"opt_out_per_contact": 0.001, "value_per_consent": 1.0}
    small["channels"]["letter"]["opt_out_per_contact"] = 0.001
    small["channels"]["sms"]["opt_out_per_contact"] = 0.0
    assert set(response_of(small).charges) == {
        f"FR/{c}/promotion" for c in ("social", "letter", "im", "kiosk")
    }
    small["switched_off"] = ["word_of_mouth", "fatigue"]
    assert response_of(small).charges == {}


def test_nobody_opts_out_where_nobody_is_reached(small: dict[str, Any]) -> None:
    small["switched_off"] = ["word_of_mouth"]
    small["markets"][0]["penetration"] = 0.0
    assert response_of(small).charges == {}


def test_a_consent_is_worth_the_same_whatever_a_period_is(small: dict[str, Any]) -> None:
    """Opt-outs cost by the contact: a week's contacts cost as much each as a year's."""
    charges = []
    for period in ("week", "month", "year"):
        small["period"] = period
        charges.append(response_of(small).charges["FR/sms/promotion"])
    assert charges[0] == pytest.approx(charges[1], rel=1e-9)
    assert charges[2] == pytest.approx(charges[1], rel=1e-9)


def test_without_a_worth_of_exposures_word_of_mouth_is_left_out(small: dict[str, Any]) -> None:
    del small["purposes"]["advocacy"]
    response = response_of(small)
    assert heard_in(response, spend_on(response, service=500.0)) == (0.0, 0.0)
    small["word_of_mouth"] = {"value_per_exposure": VALUE}
    response = response_of(small)
    assert heard_in(response, spend_on(response))[1] > 0.0
