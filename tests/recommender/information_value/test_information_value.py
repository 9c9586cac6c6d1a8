"""The document of what information is worth: its numbers recomputed from curves, and what it refuses."""

from __future__ import annotations

import copy
import io
from typing import Any

import numpy as np
import pytest
from tests.conftest import SMALL
from tests.oracles.exponentials import best_value
from tests.own_evidence import returns, written

import channelmix as cm
from channelmix.core.words import Words
from channelmix.plan import InformationValue
from channelmix.profile.evidence import FittedMarket
from channelmix.report import to_terminal

RATE, BUDGET = np.array([4.0, 5.0, 3.0]), 10.0


def problem(n: int = 64, seed: int = 1, **other: Any) -> tuple[cm.AllocationProblem, Any]:
    scale = np.array([10.0, 8.0, 6.0]) * np.random.default_rng(seed).lognormal(0.0, 0.5, (n, 3))
    curves = cm.ResponseCurves.exponential(scale, np.broadcast_to(RATE, scale.shape), names=["a", "b", "c"])
    return cm.AllocationProblem(curves, cm.FixedBudget(BUDGET), **other), scale


def company(**changed: Any) -> cm.CompanyProfile:
    content: dict[str, Any] = copy.deepcopy(SMALL) | changed
    content["channels"] = {name: content["channels"][name] for name in ("sms", "im")}
    return cm.CompanyProfile.model_validate(content)


@pytest.mark.no_cover
def test_total_and_regret_are_what_the_curves_say() -> None:
    asked, scale = problem()
    found = cm.information_value(asked)
    best = best_value(scale, RATE, BUDGET)
    mean = best_value(scale.mean(axis=0)[np.newaxis], RATE, BUDGET)[0]
    assert found.outcome == pytest.approx(mean, rel=1e-4)
    assert found.total.value == pytest.approx(best.mean() - mean, rel=1e-2)
    assert found.total_low - 1e-9 <= best.mean() - mean <= found.total_high + 1e-9
    planned = np.array([row.planned for row in found.spread])
    regret = best - (scale * (1.0 - np.exp(-planned / RATE))).sum(axis=1)
    assert found.regret.mean == pytest.approx(regret.mean(), rel=1e-2)
    assert found.regret.high == pytest.approx(np.quantile(regret, 0.9), rel=1e-2)
    assert found.regret.worst == pytest.approx(regret.max(), rel=1e-2)
    # Without a risk of its own the plan is the best one for the mean: what it forgoes is what certainty is worth.
    assert found.regret.mean == pytest.approx(found.total.value, rel=1e-3)
    assert found.total.standard_error == pytest.approx(regret.std() / 8.0, rel=2e-2)


def test_spread_is_that_of_the_draws_own_splits() -> None:
    asked, _ = problem(n=9)
    found = cm.information_value(asked)
    spends = np.array(
        [
            cm.solve(cm.AllocationProblem(asked.curves.of_draws([d]), asked.scenario), 1e-7).spend
            for d in range(9)
        ]
    )
    for i, row in enumerate(found.spread):
        assert row.median == pytest.approx(np.median(spends[:, i]), abs=0.3)
        assert row.low <= row.quarter <= row.median <= row.three_quarters <= row.high
        assert row.used == pytest.approx((spends[:, i] > 1e-5).mean())


def test_identical_draws_are_worth_nothing() -> None:
    curves = cm.ResponseCurves.hill(np.full((16, 2), 5.0), [3.0, 2.0], [1.5, 0.9], names=["a", "b"])
    found = cm.information_value(cm.AllocationProblem(curves, cm.FixedBudget(6.0)))
    assert found.total.value == found.total.standard_error == found.total_low == 0.0
    assert [one.value for one in found.cells] == [0.0, 0.0]
    assert found.tests == []
    assert found.next_test is None
    assert found.regret.mean <= 1e-3 * found.outcome


@pytest.mark.no_cover
def test_a_cautious_plan_gives_up_mean_for_its_tail() -> None:
    safe, risky = np.full(64, 3.0), np.tile([0.5, 7.0], 32)
    curves = cm.ResponseCurves.exponential(np.column_stack([safe, risky]), 4.0, names=["safe", "risky"])
    asked = cm.AllocationProblem(curves, cm.FixedBudget(4.0), current={"safe": 4.0})
    found = cm.information_value(asked, caution=True)
    assert [one.name.split()[0] for one in found.cautious] == ["safe", "half"]
    mean = cm.solve(asked, 1e-6)
    for one in found.cautious:
        spend = np.array([one.spend["safe"], one.spend["risky"]])
        assert one.outcome == pytest.approx(asked.net(spend))
        assert one.given_up_low - 1e-9 <= mean.value - one.outcome <= one.given_up_high + 1e-3
        assert one.tail_gained > 0.0
    assert cm.information_value(asked).cautious == []


@pytest.mark.no_cover
def test_a_profile_with_a_risk_of_its_own() -> None:
    """What certainty is worth does not depend on the risk; what the plan forgoes does."""
    plain = cm.information_value(company(), n_draws=16)
    risk = {"kind": "mean_cvar", "weight": 0.9}
    careful = cm.information_value(company(risk=risk), n_draws=16)
    assert careful.total == plain.total
    assert careful.regret.mean > plain.regret.mean
    assert (plain.name, plain.currency, plain.period, plain.draws) == ("Small", "EUR", "month", 16)
    assert plain.test_periods == pytest.approx(12.0)
    assert {one.name for one in plain.channels} == {"sms", "im"}
    assert InformationValue.from_json(plain.to_json()) == plain
    assert [row["cell"] for row in plain.rows()] == [row.cell for row in plain.spread]


@pytest.mark.no_cover
def test_of_several_periods_a_typical_one_is_looked_at_and_that_is_said() -> None:
    timing = {
        "season": {"sms": [1.0, 1.0, 4.0]},
        "carryover": {"im": {"kind": "geometric", "half_life": 1.0}},
    }
    over_time, typical = company(periods=3, timing=timing), company(periods=3)
    found, plain = (cm.information_value(one, n_draws=8) for one in (over_time, typical))
    assert (found.typical_of, plain.typical_of) == (3, 1)
    assert (found.total, found.cells, found.tests) == (plain.total, plain.cells, plain.tests)
    assert found.remarks[0].startswith("The profile plans 3 periods; all of this is about a typical one")
    assert found.remarks[1:] == plain.remarks
    assert (found.profile_sha256, plain.profile_sha256) == (over_time.sha256, typical.sha256)
    out = io.StringIO()
    to_terminal(found, out)
    assert out.getvalue().splitlines()[1].startswith("The profile plans 3 periods")


@pytest.mark.no_cover
def test_the_noise_of_a_week_is_what_the_fit_of_own_history_leaves() -> None:
    evidence = written({"sms/promotion": returns(64)})
    profile = company(risk={"kind": "mean"}).with_evidence(evidence)
    design = [cm.LiftTestDesign("FR/sms/promotion", 2000.0, 4.0)]
    found = cm.information_value(profile, tests=design, n_draws=16)
    assert evidence.fitted.noise == 500.0
    weeks_a_month = 365.25 / 12.0 / 7.0
    assert found.tests[0].standard_error == pytest.approx(500.0 * weeks_a_month / 2.0)
    assert "vary by 500 (one standard deviation): what the fit of own history leaves" in " ".join(
        found.remarks
    )
    stated = cm.information_value(profile, tests=design, n_draws=16, noise=100.0)
    assert stated.tests[0].standard_error == pytest.approx(100.0 * weeks_a_month / 2.0)


@pytest.mark.no_cover
def test_the_noise_of_a_market_is_that_of_its_own_rows() -> None:
    """France and Germany have rows; Italy has none, and is judged by what its channels bring."""
    markets = [
        FittedMarket(name=name, first=1, last=9, rows=9, noise=n) for name, n in (("FR", 90.0), ("DE", 30.0))
    ]
    tables = {"FR/sms/promotion": returns(64), "DE/sms/promotion": returns(64, seed=1)}
    fitted = written(tables).fitted.model_copy(update={"markets": tuple(markets)})
    named = [{"name": name, "customers": 50000.0} for name in ("FR", "DE", "IT")]
    profile = company(risk={"kind": "mean"}, markets=named)
    tests = [cm.LiftTestDesign(f"{name}/sms/promotion", 2000.0, 4.0) for name in ("FR", "DE", "IT")]
    found = cm.information_value(
        profile.with_evidence(written(tables, fitted=fitted)), tests=tests, n_draws=16
    )
    errors = {test.cell[:2]: test.standard_error for test in found.tests}
    halved = 0.5 * 365.25 / 12.0 / 7.0  # weeks a month, over the root of four weeks
    assert (errors["FR"], errors["DE"]) == pytest.approx((90.0 * halved, 30.0 * halved))
    judged = errors["IT"] / halved
    assert judged not in (90.0, 30.0)
    said = next(remark for remark in found.remarks if remark.startswith("A week of a test"))
    assert "by market (one standard deviation): what the fit of own history leaves unexplained" in said
    assert "or in a market without history a judged 25 %" in said
    assert found.said(said, Words("fr", "EUR")) is not None


@pytest.mark.no_cover
def test_tests_that_were_asked_for() -> None:
    asked, _ = problem()
    designs = [cm.LiftTestDesign("a", 2.0, 4.0, 1.0), cm.LiftTestDesign("b", -1.0, 4.0)]
    found = cm.information_value(asked, tests=designs, noise=3.0, test_cost=1.0, test_periods=5.0)
    assert sorted(test.cell for test in found.tests) == ["a", "b"]
    for test in found.tests:
        assert test.net == pytest.approx(5.0 * test.value - test.cost)
        assert test.cost >= 1.0
    assert next(t for t in found.tests if t.cell == "a").standard_error == 1.0
    expected = 3.0 * (365.25 / 12.0 / 7.0) / 2.0
    assert next(t for t in found.tests if t.cell == "b").standard_error == pytest.approx(expected)
    costly = cm.information_value(asked, test_cost=1e9)
    assert costly.tests == []
    assert costly.next_test is None


@pytest.mark.parametrize("stop", [64, 128])
def test_ctrl_c_keeps_what_is_done(stop: int) -> None:
    asked, _ = problem(n=128)

    def tell(done: int, of: int) -> None:
        if done >= stop:
            raise KeyboardInterrupt

    found = cm.information_value(asked, progress=tell)
    assert not found.complete
    assert found.draws == stop
    assert found.total.value > 0.0
    assert found.tests == []
    # The plan's bound is for the mean of all draws: it proves nothing about the mean of those that are done.
    assert (found.total_low > 0.0) == (stop == 128)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"scenario": cm.TargetOutcome(1.0)}, "rule asks for an outcome"),
        ({"scenario": cm.MaxProfit()}, "needs a limit of money"),
        ({"scenario": cm.FixedBudget(1.0), "carryover": cm.Carryover([1.0], 2)}, "one period"),
    ],
)
def test_problems_of_another_kind(other: dict[str, Any], message: str) -> None:
    curves = cm.ResponseCurves.exponential([1.0, 2.0], 1.0)
    with pytest.raises(cm.InputError, match=message):
        cm.information_value(cm.AllocationProblem(curves, **other))


@pytest.mark.parametrize(
    "option",
    [{"noise": 0.0}, {"test_periods": -1.0}, {"test_cost": -1.0}, {"period_days": 0.0}],
)
def test_options_out_of_range(option: dict[str, float]) -> None:
    asked, _ = problem(n=2)
    with pytest.raises(cm.InputError, match=next(iter(option))):
        cm.information_value(asked, **option)  # type: ignore[arg-type]


def test_rules_in_conflict() -> None:
    asked, _ = problem(n=2, constraints=[cm.SpendBounds({"a": (20.0, None)})])
    with pytest.raises(cm.NoPlanError, match="no split of the budget obeys these rules together"):
        cm.information_value(asked)
