"""What a company states is an estimate: means, intervals, and what cells share."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from channelmix.datasets import load_stated_ranges
from channelmix.effectiveness import CellDraws, is_widened, prior_response
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.effectiveness.stated import Score, field_of, interval_of, most_of, stated_interval, statements
from channelmix.profile import CompanyProfile, Estimate
from channelmix.profile.beliefs import beliefs
from channelmix.recommender.optimize.assumptions import stated_assumptions
from channelmix.recommender.optimize.company_problem import drawn, problem_of, response_of
from channelmix.recommender.optimize.optimize import optimize

EXAMPLES = Path(__file__).parents[2] / "examples"
EVEN = ndtri((np.arange(2**14) + 0.5) / 2**14)
"""Standard normal numbers, evenly spaced in probability."""


def draw(content: dict[str, Any], n_draws: int = 512, seed: int = 0) -> CellDraws:
    cells = CompanyProfile.model_validate(content).cells()
    return PublishedPrior(n_draws=n_draws, seed=seed).fit().draws(cells)


def figure(draws: CellDraws, cell: str, name: str) -> Any:
    return draws.drawn([each.name for each in draws.cells].index(cell)).stated(name)


def test_every_figure_of_a_cell_has_a_range(small: dict[str, Any]) -> None:
    small["channels"]["sms"] |= {
        "contacts_per_customer": 3.0,
        "orders_per_contact": 0.01,
        "opt_out_per_contact": 0.01,
        "value_per_consent": 2.0,
        "resolution_share": 0.5,
        "on_time_share": 0.5,
        "service_share": 0.1,
        "publicness": 0.2,
        "cost_per_contact": {"promotion": 0.05},
    }
    small["purposes"]["promotion"] |= {"order_value": 60.0, "purchases_per_year": 4.0}
    small["markets"][0]["penetration"] = 0.9
    small["word_of_mouth"] = {"satisfied_share": 0.8}
    names = {name for cell in CompanyProfile.model_validate(small).cells() for name in statements(cell)}
    assert names == set(load_stated_ranges())
    # The mere number of every field is either in the table or a count of people told, of markets or of money.
    stated = {field_of(path) for path, _ in beliefs(CompanyProfile.model_validate(small))}
    assert stated - {None} == names


def sample_of(name: str, number: float, most: float) -> Any:
    return Score(EVEN).draws(name, number, most)


@pytest.mark.parametrize("name", sorted(load_stated_ranges()))
def test_a_bare_or_measured_figure_is_the_mean(name: str) -> None:
    rng = np.random.default_rng(len(name))
    most = most_of(name, customers=5e4)
    top = 1e6 if most == math.inf else most
    for _ in range(40):
        value = float(top * rng.beta(0.5, 0.7))
        n = float(round(np.exp(rng.uniform(0.0, 12.0))))
        for number in (value, Estimate(value, n=n)):
            sample = sample_of(name, number, most)
            counted = isinstance(number, Estimate) and most < math.inf
            mean = most * (n * value / most + 0.5) / (n + 1.0) if counted else value
            # The few largest of an amount of a single observation make some of its mean. Rates close to 1 have none
            # that high.
            if load_stated_ranges()[name].kind == "rate" and not counted and value > 0.9 * most:
                assert 0.85 * value < sample.mean() <= value
            else:
                assert sample.mean() == pytest.approx(mean, rel=3e-3 if n > 5.0 or most < math.inf else 0.05)
            assert sample.min() >= 0.0
            assert sample.max() <= most
    assert (sample_of(name, 0.0, most) == 0.0).all(), "none"
    if load_stated_ranges()[name].kind in ("share", "reach"):
        assert (sample_of(name, most, most) == most).all(), "all"
    elif most < math.inf:
        low, high = np.quantile(sample_of(name, most, most), [0.05, 0.95])
        assert high > 1.8 * low, "a rate of 1 is an estimate"


@pytest.mark.parametrize("name", sorted(load_stated_ranges()))
def test_the_interval_that_is_listed_is_the_one_drawn(name: str) -> None:
    """Whatever is stated: skewed, from or to an end, measured on few, or nothing."""
    rng = np.random.default_rng(len(name))
    most = most_of(name, customers=5e4)
    top = 1e3 if most == math.inf else most
    for _ in range(40):
        value = float(top * rng.beta(0.7, 0.7))
        low, high = value * rng.random() ** 3, value + (top - value) * rng.random() ** 3
        n = float(round(np.exp(rng.uniform(0.0, 12.0))))
        ranged = [Estimate(value, *ends) for ends in ((low, high), (0.0, high), (low, top), (low, value))]
        for number in (value, Estimate(value, n=n), *ranged):
            ends, sample = interval_of(name, number, most), sample_of(name, number, most)
            found = np.quantile(sample, [0.05, 0.95])
            assert found == pytest.approx(ends, rel=0.01, abs=2e-3 * value), number
            if number in ranged:
                below, not_above = (np.mean(sample <= value * near) for near in (1.0 - 1e-9, 1.0 + 1e-9))
                assert below <= 0.5 <= not_above


@pytest.mark.parametrize("name", ["margin_per_order", "resolution_share", "orders_per_contact"])
@pytest.mark.parametrize(("low", "high"), [(0.1, 0.4), (0.08, 0.3), (0.195, 0.6), (0.02, 0.21), (0.0, 0.3)])
def test_the_interval_is_the_one_stated_and_the_figure_its_median(name: str, low: float, high: float) -> None:
    sample = sample_of(name, Estimate(0.2, low, high), most_of(name, 1.0))
    assert np.quantile(sample, [0.05, 0.5, 0.95]) == pytest.approx([low, 0.2, high], rel=2e-3, abs=3e-4)


def test_skewed_amounts_are_not_below_what_is_stated() -> None:
    """18, from 15 to 40: one draw in twenty lies below 15, and as many above 40."""
    sample = sample_of("margin_per_order", Estimate(18.0, 15.0, 40.0), math.inf)
    assert np.mean(sample < 15.0) == pytest.approx(0.05, abs=0.001)
    assert np.mean(sample > 40.0) == pytest.approx(0.05, abs=0.001)


@pytest.mark.parametrize("name", ["orders_per_contact", "resolution_share"])
def test_none_or_all_of_a_number_leaves_the_others_possible(name: str) -> None:
    none, all_of = sample_of(name, Estimate(0.0, n=50.0), 1.0), sample_of(name, Estimate(1.0, n=50.0), 1.0)
    assert 0.02 < np.quantile(none, 0.95) < 0.06, "3 / n is the rule of three"
    assert 0.94 < np.quantile(all_of, 0.05) < 0.98
    assert none == pytest.approx(1.0 - all_of[::-1], abs=1e-9)
    low, high = interval_of(name, Estimate(0.0, n=50.0), 1.0)
    assert low == 0.0
    assert high == pytest.approx(float(np.quantile(none, 0.95)), rel=0.01)
    assert interval_of(name, Estimate(1.0, n=50.0), 1.0) == pytest.approx((1.0 - high, 1.0))
    for n in (50.0, 500.0, 5e6):
        assert np.quantile(sample_of(name, Estimate(0.0, n=n), 1.0), 0.95) < 2.0 / n


def test_a_range_from_an_end_is_drawn() -> None:
    sample = sample_of("orders_per_contact", Estimate(0.0, 0.0, 0.02), 1.0)
    assert np.quantile(sample, [0.05, 0.95]) == pytest.approx([0.0, 0.02], rel=0.01, abs=1e-6)
    assert 0.0 < sample.mean() < 0.01
    sample = sample_of("resolution_share", Estimate(1.0, 0.8, 1.0), 1.0)
    assert np.quantile(sample, [0.05, 0.95]) == pytest.approx([0.8, 1.0], rel=0.01)
    sample = sample_of("value_per_resolution", Estimate(0.0, 0.0, 3.0), math.inf)
    assert np.quantile(sample, [0.05, 0.95]) == pytest.approx([0.0, 3.0], rel=0.01, abs=1e-6)


COUNTS = (0.0, 1e-300, 1e-9, 0.5, 1.0, 2.0, 3.0, 5.0)


@pytest.mark.parametrize("name", ["orders_per_contact", "resolution_share"])
@pytest.mark.parametrize("incremental", [False, True])
@pytest.mark.parametrize("n", [10.0, 50.0, 1e3, 1e5, 1e6])
def test_none_counted_is_less_than_one_and_less_of_more(name: str, incremental: bool, n: float) -> None:
    """Of the mean and of every quantile, and the same of all counted."""

    def sample(cases: float, of: float) -> Any:
        return Score(EVEN[128::256]).draws(name, Estimate(cases / of, n=of, incremental=incremental), 1.0)

    samples = [sample(cases, n) for cases in COUNTS]
    for fewer, more in itertools.pairwise(samples):
        assert (fewer <= more * (1.0 + 1e-12)).all()
    assert samples[0].mean() < samples[4].mean() < samples[5].mean()
    assert (sample(0.0, 3.0 * n) < samples[0]).all()
    most = [sample(n - cases, n) for cases in COUNTS]
    for more, fewer in itertools.pairwise(most):
        assert (fewer <= more * (1.0 + 1e-12)).all()
    assert (sample(3.0 * n, 3.0 * n) >= most[0]).all()
    once = sample_of("value_per_resolution", Estimate(10.0, n=1.0), math.inf)
    assert once.mean() == pytest.approx(10.0, rel=0.02)


@pytest.mark.parametrize("name", ["orders_per_contact", "orders_per_click", "opt_out_per_contact"])
def test_no_rate_is_sure_because_it_is_high(name: str) -> None:
    least = {"opt_out_per_contact": 1.35}.get(name, 2.7)
    before = np.zeros(len(EVEN))
    for rate in (1e-6, 1e-3, 0.1, 0.2, 0.24, 0.26, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999, 1.0):
        sample = sample_of(name, rate, 1.0)
        assert sample.max() <= 1.0
        assert sample.mean() >= before.mean()
        before = sample
        for number in (
            rate,
            Estimate(rate, rate, rate),
            Estimate(rate, 0.999 * rate, rate, incremental=True),
        ):
            low, high = interval_of(name, number, 1.0)
            assert high >= least * low, number


def test_a_narrow_range_that_nobody_measured_is_widened_by_its_kind() -> None:
    for name, kind in load_stated_ranges().items():
        most = most_of(name, 1.0)
        assert kind.least_factor <= kind.uncertainty_factor
        value = 0.03 if kind.kind == "rate" else 0.3
        for ends in ((value, value), (0.997 * value, 1.003 * value), (value, 1.002 * value)):
            number = Estimate(value, *ends)
            low, high = interval_of(name, number, most)
            odds = high / low if most == math.inf else high / (1.0 - high) / (low / (1.0 - low))
            stated_odds = (
                ends[1] / ends[0] if most == math.inf else ends[1] / (1 - ends[1]) / (ends[0] / (1 - ends[0]))
            )
            assert odds == pytest.approx(max(kind.least_factor**2, stated_odds))
            assert is_widened(number, (low, high)) == (odds > stated_odds * (1.0 + 1e-6))
    low, high = interval_of("value_per_resolution", Estimate(10.0, 10.0, 10.5), math.inf)
    assert (low, high) == pytest.approx((10.0, 22.5)), "to the side that is stated"
    assert interval_of("value_per_resolution", Estimate(10.0, 5.0, 30.0), math.inf) == pytest.approx(
        (5.0, 30.0)
    )


def test_an_assumed_interval_follows_the_kind() -> None:
    assert interval_of("value_per_resolution", 10.0, math.inf) == (5.0, 20.0)
    low, high = interval_of("resolution_share", 0.8, 1.0)  # odds of 4, between 2 and 8
    assert (low, high) == pytest.approx((2.0 / 3.0, 8.0 / 9.0))
    assert interval_of("on_time_share", 1.0, 1.0) == (1.0, 1.0)
    kinds: dict[str, list[float]] = {}
    for each in load_stated_ranges().values():
        kinds.setdefault(each.kind, []).append(each.uncertainty_factor)
    assert max(kinds["price"] + kinds["margin"] + kinds["reach"]) <= 1.15
    assert min(kinds["worth"]) >= 2.0


def test_a_measured_share_has_the_error_of_its_number() -> None:
    low, high = interval_of("resolution_share", Estimate(0.2, n=1000.0), 1.0)
    error = 1.645 * math.sqrt(0.2 * 0.8 / 1000.0)
    assert (low, high) == pytest.approx((0.2 - error, 0.2 + error), rel=0.01)
    low, high = interval_of(
        "margin_per_order", Estimate(20.0, n=400.0), math.inf
    )  # a deviation of its mean over 20
    assert (low, high) == pytest.approx((20.0 * math.exp(-1.645 / 20), 20.0 * math.exp(1.645 / 20)), rel=2e-3)


def test_an_experiment_has_the_error_of_a_difference() -> None:
    """Both groups order as much as the effect besides it: three parts of a variance where a share alone has one."""
    n, rate, rng = 40_000, 0.004, np.random.default_rng(1)
    effect = (rng.binomial(n, 2 * rate, 20_000) - rng.binomial(n, rate, 20_000)) / n
    low, high = interval_of("orders_per_contact", Estimate(rate, n=float(n), incremental=True), 1.0)
    assert high - low == pytest.approx(np.diff(np.quantile(effect, [0.05, 0.95]))[0], rel=0.03)
    attributed = interval_of("orders_per_contact", Estimate(rate, n=float(n)), 1.0)
    assert attributed[1] - attributed[0] < 0.7 * (high - low)


def test_figures_of_the_company_and_of_a_channel_are_one_draw(small: dict[str, Any]) -> None:
    small["markets"] = [
        {"name": "A", "customers": 100000.0},
        {"name": "B", "customers": 50000.0, "channels": {"sms": {"orders_per_contact": 0.02}}},
        {
            "name": "C",
            "customers": 50000.0,
            "channels": {"sms": {"orders_per_contact": {"value": 0.02, "n": 9e3}}},
        },
    ]
    small["channels"]["sms"] |= {"orders_per_contact": 0.01, "publicness": 0.3}
    small["channels"]["im"]["publicness"] = 0.3
    draws = draw(small, n_draws=4096)

    def same(name: str, *cells: str) -> bool:
        first, *others = (figure(draws, cell, name) for cell in cells)
        return all(np.allclose(first / first.mean(), other / other.mean(), rtol=1e-9) for other in others)

    assert same("margin_per_order", "A/sms/promotion", "B/social/promotion", "C/app/promotion")
    assert same("value_per_resolution", "A/sms/service", "B/app/service")
    assert same("value_per_exposure", "A/sms/service", "B/app/advocacy")
    assert same("inbound_contacts", "A/sms/service", "B/app/service")
    assert same("reachable", "A/sms/promotion", "A/sms/advocacy")
    assert same("publicness", "A/sms/service", "B/sms/advocacy")
    assert not same("publicness", "A/sms/service", "A/im/service")
    everywhere, own, measured = (
        np.log(figure(draws, f"{market}/sms/promotion", "orders_per_contact")) for market in "ABC"
    )
    correlation = np.corrcoef([everywhere, own, measured])
    assert correlation[0, 1] == pytest.approx(math.sqrt(0.5), abs=0.05), "counted alike"
    assert abs(correlation[0, 2]) < 0.05, "an error of chance is shared with nobody"


def test_order_and_names_of_markets_and_channels_do_not_matter(small: dict[str, Any]) -> None:
    small["markets"] = [
        {"name": "A", "customers": 100000.0, "channels": {"sms": {"publicness": 0.2}}},
        {"name": "B", "customers": 50000.0, "penetration": 0.9, "channels": {"sms": {"publicness": 0.4}}},
        {"name": "C", "customers": 50000.0},
    ]
    small["channels"]["kiosk"] = {"like": "sms", "reachable": 2000.0, "cost_per_contact": {"promotion": 0.3}}
    turned = copy.deepcopy(small)
    turned["markets"].reverse()
    turned["channels"] = dict(reversed(turned["channels"].items()))
    renamed = json.loads(json.dumps(small).replace('"kiosk"', '"zzz"').replace('"A"', '"Z"'))
    first = draw(small)
    for other, names in ((draw(turned), {}), (draw(renamed), {"A": "Z", "kiosk": "zzz"})):
        places = {cell.name: i for i, cell in enumerate(other.cells)}
        for i, cell in enumerate(first.cells):
            name = "/".join(names.get(part, part) for part in cell.name.split("/"))
            scores = other.scores[places[name]]
            assert scores.keys() == first.scores[i].keys()
            assert all((scores[key].normal == score.normal).all() for key, score in first.scores[i].items())


def test_currency_and_seeds(small: dict[str, Any]) -> None:
    k = 1e-5
    small["channels"]["sms"] |= {
        "cost_per_contact": {"promotion": {"value": 0.05, "low": 0.03, "high": 0.09}}
    }
    scaled = copy.deepcopy(small)
    scaled["usd_rate"] *= k
    scaled["purposes"]["promotion"]["margin_per_order"] *= k
    scaled["purposes"]["service"]["value_per_resolution"] *= k
    scaled["purposes"]["advocacy"]["value_per_exposure"] *= k
    cost = scaled["channels"]["sms"]["cost_per_contact"]["promotion"]
    cost |= {name: k * end for name, end in cost.items()}
    one, two, again, other = draw(small), draw(scaled), draw(small), draw(small, seed=1)
    for name in ("cost_per_contact", "margin_per_order"):
        sample = figure(one, "FR/sms/promotion", name)
        assert figure(two, "FR/sms/promotion", name) == pytest.approx(k * sample, rel=1e-12)
        assert (figure(again, "FR/sms/promotion", name) == sample).all()
        assert (figure(other, "FR/sms/promotion", name) != sample).any()


def test_attributed_rates_are_discounted_and_incremental_ones_are_not(small: dict[str, Any]) -> None:
    def outcome(rate: Any, name: str = "FR/sms/promotion") -> float:
        content = copy.deepcopy(small)
        content["channels"][name.split("/")[1]]["orders_per_contact"] = rate
        draws = draw(content)
        curves = prior_response(draws, 30.0, 0.9).curves
        return float(curves.mean_value(np.full(curves.n_cells, 500.0))[curves.names.index(name)])

    for name in ("FR/sms/promotion", "FR/social/promotion"):
        factor = outcome({"value": 0.01, "n": 10**9}, name) / outcome(
            {"value": 0.01, "n": 10**9, "incremental": True}, name
        )
        # A median of 0.3 and a mean above it; experiments have a say, and an order of 100 impressions is none to them.
        assert {"FR/sms/promotion": 0.3, "FR/social/promotion": 0.05}[name] < factor < 0.6
    letters = {
        "reachable": 5000.0,
        "purposes": ["promotion"],
        "cost_per_contact": {"promotion": 0.5},
        "contacts_per_customer": 1.0,
    }
    small["channels"]["letters"] = letters
    assert outcome(0.01, "FR/letters/promotion") < 0.45 * outcome(
        {"value": 0.01, "incremental": True}, "FR/letters/promotion"
    ), "of a channel of one's own, too"


def test_a_rate_by_click_says_itself_what_it_counts(small: dict[str, Any]) -> None:
    small["purposes"]["promotion"]["orders_per_click"] = {"value": 0.03, "incremental": True}
    draws = draw(small, n_draws=16)
    has = {
        cell.name: "incremental_factor" in q for cell, q in zip(draws.cells, draws.quantities, strict=True)
    }
    assert not has["FR/social/promotion"]
    assert not has["FR/app/promotion"]
    assert has["FR/sms/promotion"], "published orders per message are attributed ones whatever a click brings"


def test_expected_outcomes_stay_what_the_figures_say(small: dict[str, Any]) -> None:
    """Worths and rates multiply: their means do. Prices and demand bend a curve a little."""
    draws = draw(small, n_draws=4096)
    exact = dataclasses.replace(draws, scores=())
    spend = np.full(len(draws.cells), 200.0)
    one, other = (prior_response(each, 30.0, 0.9).curves.mean_value(spend) for each in (draws, exact))
    for i, cell in enumerate(draws.cells):
        if cell.purpose != "service":
            assert one[i] == pytest.approx(other[i], rel=0.05), cell.name
        else:
            assert one[i] == pytest.approx(other[i], rel=0.15), cell.name


def test_service_demand_and_shares_are_uncertain_and_fit(small: dict[str, Any]) -> None:
    small["channels"]["sms"]["service_share"] = 0.6
    small["channels"]["im"]["service_share"] = 0.4
    draws = draw(small, n_draws=2048)
    curves = prior_response(draws, 30.0, 0.9).curves
    names = [f"FR/{channel}/service" for channel in ("sms", "im", "social", "app")]
    load = sum(
        (block.parameters["scale"] / block.parameters["resolution"]).mean(axis=1)
        for name, block in zip(curves.names, curves.blocks, strict=True)
        if name in names
    )
    inbound, worth = (figure(draws, names[0], name) for name in ("inbound_contacts", "value_per_resolution"))
    assert np.max(load / (inbound * worth)) <= 1.0 + 1e-9, "no more contacts than customers make"
    assert np.quantile(inbound, 0.95) / np.quantile(inbound, 0.05) > 1.5


@pytest.fixture(scope="module", params=["bank", "telecom"])
def company(request: pytest.FixtureRequest) -> CompanyProfile:
    return CompanyProfile.from_file(EXAMPLES / f"{request.param}.json")


def test_no_return_without_own_rows_is_narrow(company: CompanyProfile) -> None:
    """Unless the rate was measured on a stated number of contacts, a cell's return spans a factor of 2 and more."""
    draws = drawn(company, 1024, 0)
    curves = response_of(company, draws).curves
    spend = np.array([max(cell.current_spend, 100.0) for cell in draws.cells])
    outcome = curves.value(spend)
    low, high = np.quantile(outcome, [0.05, 0.95], axis=0)
    narrow, measured = set(), set()
    for i, cell in enumerate(draws.cells):
        if high[i] < 2.0 * low[i]:
            narrow.add(cell.name)
        if cell.purpose == "promotion" and getattr(cell.orders_per_contact, "n", None) is not None:
            measured.add(cell.name)
    assert measured
    assert narrow <= measured
    assert all(high[i] > 1.2 * low[i] for i in range(len(draws.cells)) if high[i] > 0.0)


def with_narrow_ranges(profile: CompanyProfile, width: float) -> CompanyProfile:
    """State every figure of a profile with a range of so much of it, and nothing of a measurement."""
    content = profile.model_dump(mode="json", by_alias=True, exclude_none=True)
    for name in ("history", "evidence"):
        content.pop(name, None)
    for path, number in beliefs(profile):
        if field_of(path) is not None:
            holder: Any = content
            for part in path[:-1]:
                holder = holder[part]
            value, figure = float(number), field_of(path)
            most = 1.0 if path[-1] == "reachable_share" else most_of(str(figure), math.inf)
            ends = {"low": value * (1.0 - 0.5 * width), "high": min(value * (1.0 + 0.5 * width), most)}
            more = {"incremental": True} if getattr(number, "incremental", False) else {}
            holder[path[-1]] = {"value": value, **ends, **more}
    return CompanyProfile.model_validate(content)


@pytest.mark.parametrize("name", ["bank", "telecom", "maison_verte", "librairie", "atelier"])
@pytest.mark.parametrize("width", [0.01, 0.0])
def test_no_return_is_narrow_however_sure_a_company_is_of_what_it_did_not_measure(
    name: str, width: float
) -> None:
    profile = with_narrow_ranges(CompanyProfile.from_file(EXAMPLES / f"{name}.json"), width)
    draws = drawn(profile, 512, 0)
    response = response_of(profile, draws)
    for times in (0.1, 1.0, 3.0):
        spend = times * np.array([max(cell.current_spend, 100.0) for cell in draws.cells])
        outcome = response.curves.value(spend)
        lost = 0.0 if response.losses is None else response.losses.value(spend)
        for each in (outcome, outcome - lost):  # before opt-outs, and net of them
            low, high = np.quantile(each, [0.05, 0.95], axis=0)
            assert ((high >= 2.0 * low) | (high == 0.0)).all()
    widened = [each for each in stated_assumptions(profile, draws) if "widened" in each.basis]
    assert widened
    for said in widened:
        assert said.low < said.value < said.high


EXTREMES: dict[str, dict[str, Any]] = {
    "none counted": {"value": 0.0, "n": 5},
    "from none": {"value": 0.0, "low": 0.0, "high": 0.9},
    "all counted": {"value": 1.0, "n": 5},
    "up to all": {"value": 1.0, "low": 0.2, "high": 1.0},
    "one case": {"value": 0.3, "n": 1},
    "to one side": {"value": 0.3, "low": 0.3, "high": 0.9},
    "anything": {"value": 0.01, "low": 0.0, "high": 1.0},
}


@pytest.mark.parametrize("stated", EXTREMES.values(), ids=EXTREMES)
def test_whatever_is_stated_can_be_planned(small: dict[str, Any], stated: dict[str, Any]) -> None:
    sms = small["channels"]["sms"]
    names = ("publicness", "orders_per_contact", "opt_out_per_contact", "value_per_consent")
    sms |= dict.fromkeys((*names, "resolution_share", "on_time_share", "service_share"), stated)
    small["channels"]["im"] |= {"reachable_share": stated}
    small["channels"]["im"].pop("reachable", None)
    small["markets"][0]["penetration"] = stated
    small["purposes"]["promotion"] |= {"margin_per_order": stated, "orders_per_click": stated}
    small["purposes"]["service"] = dict.fromkeys(("inbound_contacts", "value_per_resolution"), stated)
    small["purposes"]["advocacy"] = {"value_per_exposure": stated}
    small["word_of_mouth"] = {"satisfied_share": stated}
    plan = optimize(CompanyProfile.model_validate(small), n_draws=32)
    assert plan.certificate.value is not None
    assert math.isfinite(plan.certificate.value)
    listed = [each for each in plan.assumptions if each.is_stated]
    assert len(listed) >= 10
    for each in listed:
        assert each.low <= each.value <= each.high


def test_the_gain_of_a_company_without_data_is_not_certain(company: CompanyProfile) -> None:
    plan = optimize(company)
    base = next(each for each in plan.comparisons if each.is_baseline)
    assert 0.5 < base.chance < 1.0
    assert base.gain.high > 3.0 * max(base.gain.low, 0.0)
    assert all(row.outcome.high > 1.2 * row.outcome.low for row in plan.allocation if row.outcome.mean > 0.0)
    stated = [each for each in plan.assumptions if each.is_stated]
    assert len(stated) > 30
    assert all(each.low < each.value < each.high for each in stated)
    in_shares = [each for each in plan.assumptions if "share" in each.name]
    assert in_shares
    assert all(each.high <= 1.0 for each in in_shares)
    by_name = {str(each.name): each for each in stated}
    assert "measured on" in by_name["channels.sms.orders_per_contact"].basis
    assert by_name["purposes.service.value_per_resolution"].basis.endswith("range assumed")
    assert not any("measured at" in each.basis for each in plan.assumptions)


def test_a_sum_over_cells_keeps_what_they_share(company: CompanyProfile) -> None:
    """One value of a resolution and one discount of attribution: the sum varies more than a sum of strangers."""
    draws = drawn(company, 1024, 0)
    curves = problem_of(company, draws).curves
    outcome = curves.value(np.array([cell.current_spend for cell in draws.cells]))
    rng = np.random.default_rng(2)
    for purpose in ("service", "promotion"):
        cells = [i for i, cell in enumerate(draws.cells) if cell.purpose == purpose]
        together = outcome[:, cells].sum(axis=1)
        apart = np.sum([rng.permutation(outcome[:, i]) for i in cells], axis=0)
        widths = [np.diff(np.quantile(total, [0.05, 0.95]))[0] for total in (together, apart)]
        # What experiments and returns say of promotion is shared by fewer cells than one discount of attributed orders.
        assert widths[0] > {"service": 1.3, "promotion": 1.15}[purpose] * widths[1], purpose


def test_intervals_of_a_profiles_numbers_by_path() -> None:
    profile = CompanyProfile.from_file(EXAMPLES / "telecom.json")
    ends = {path: stated_interval(profile, path, number) for path, number in beliefs(profile)}
    assert ends["usd_rate",] is None
    assert ends["markets", 0, "customers"] is None
    assert ends["channels", "sms", "cost_per_contact", "promotion"] == pytest.approx(
        (0.006 / 1.15, 0.006 * 1.15)
    )
    low, high = ends["markets", 1, "channels", "app", "reachable_share"]  # type: ignore[misc]
    assert low < 0.5 < high < 0.55
    assert ends["channels", "app", "on_time_share"] is None, "a share of 1 is all of them"
