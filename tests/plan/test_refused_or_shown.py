"""What a reader believes of a plan is refused where it is false, or stands beside the status."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from channelmix import report
from channelmix.cli import main
from channelmix.cli.output import shortcoming
from channelmix.core.errors import CertificateError, ChannelMixError, InputError
from channelmix.plan import Plan, verify_plan
from channelmix.profile import CompanyProfile
from channelmix.recommender.optimize.again import verify_profile


def rewritten(plan: Plan, **parts: Any) -> Plan:
    return Plan.from_json(json.dumps(json.loads(plan.to_json()) | parts))


def test_a_wide_gap_stands_beside_the_status(example_plan: Plan) -> None:
    """A bound far above, honestly claimed with a gap that was asked for, must not read as optimal."""
    data = json.loads(example_plan.to_json())
    claims = data["certificate"]
    size = (claims["upper_bound"] - claims["value"]) / claims["gap"]
    claims["upper_bound"] = claims["value"] + 0.52 * size
    claims["gap"] = (claims["upper_bound"] - claims["value"]) / size
    claims["requested_gap"] = 0.9
    with pytest.raises(CertificateError, match="called"):
        verify_plan(Plan.from_json(json.dumps(data)))
    data["standing"] = ""
    with pytest.raises(CertificateError, match="called"):
        verify_plan(Plan.from_json(json.dumps(data)))
    data["standing"] = "Within 52 % of the best (proven)"
    plan = Plan.from_json(json.dumps(data))
    verify_plan(plan)
    verified = CliRunner().invoke(main, ["verify", "-"], input=plan.to_json())
    assert "gap 52 % (the gap that was asked for is too wide to call it optimal)" in verified.output
    assert shortcoming(plan).startswith(": within 52 % of the best")
    stream = io.StringIO()
    report.to_terminal(plan, stream)
    assert stream.getvalue().splitlines()[0].endswith("WITHIN 52 % OF THE BEST (proven)")
    assert "OPTIMAL" not in stream.getvalue()
    english, french, note = plan.to_html(), plan.to_html(lang="fr"), plan._repr_html_()
    assert '<p class="status not_certified">Within 52' in english
    assert "près du meilleur (prouvé)" in french
    assert "Within 52" in note
    assert not any(word in page for page in (english, french, note) for word in ("Optimal (pro", ">Optimal"))


@pytest.mark.parametrize("kept", [[], [1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2, 3, 3]])
def test_comparisons_are_all_there(example_plan: Plan, kept: list[int]) -> None:
    comparisons = json.loads(example_plan.to_json())["comparisons"]
    assert len(comparisons) == 4
    with pytest.raises(CertificateError, match=r"comparisons|baseline"):
        verify_plan(rewritten(example_plan, comparisons=[comparisons[i] for i in kept]))


def test_another_baseline_is_refused(example_plan: Plan) -> None:
    comparisons = json.loads(example_plan.to_json())["comparisons"]
    for chosen in (None, 1, 2, 3):
        flipped = [{**one, "is_baseline": i == chosen} for i, one in enumerate(comparisons)]
        with pytest.raises(CertificateError, match="baseline"):
            verify_plan(rewritten(example_plan, comparisons=flipped))


def test_dropped_prices_are_refused_or_said(example_plan: Plan) -> None:
    data = json.loads(example_plan.to_json())
    data["totals"]["next_unit"] = None
    data["shadow_prices"] = []
    with pytest.raises(CertificateError, match="neither prices them nor says"):
        verify_plan(Plan.from_json(json.dumps(data)))
    data["remarks"].append("Shadow prices are not stated: the plan's marginal returns do not confirm them.")
    verify_plan(Plan.from_json(json.dumps(data)))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("comparisons.0", {"tail_loss": -1.0}),
        ("comparisons.0", {"chance": 1.1}),
        ("word_of_mouth", {"told_if_satisfied": -1.0}),
        ("word_of_mouth", {"told_if_not": -1.0}),
        ("word_of_mouth.if_ten", {"gap": -0.1}),
        ("word_of_mouth.if_ten", {"moved": -1.0}),
        ("word_of_mouth.if_ten", {"regret": -1.0}),
        ("word_of_mouth.if_ten", {"regret": 10.0, "regret_high": 9.0}),
        ("assumptions.0", {"low": 2.0, "value": 1.0, "high": 3.0}),
        ("assumptions.0", {"low": 3.0, "value": 2.5, "high": 2.0}),
        ("assumptions.0", {"low": 1.0, "value": 4.0, "high": 3.0}),
        ("certificate", {"requested_gap": 0.0}),
        ("survey.0", {"purpose": "advocacy"}),
    ],
)
def test_figures_out_of_order_are_no_plan(example_plan: Plan, part: str, change: dict[str, Any]) -> None:
    data = json.loads(example_plan.to_json())
    node: Any = data
    for key in part.split("."):
        node = node[int(key) if key.isdigit() else key]
    node |= change
    with pytest.raises(InputError, match=part.partition(".")[0]):
        Plan.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "change",
    [
        {"gain": {"mean": 5.0, "low": 1.0, "high": 9.0}, "chance": 0.2},
        {"gain": {"mean": -5.0, "low": -9.0, "high": -1.0}, "chance": 0.9},
        {"chance": 1.0, "tail_loss": 1.0},
        {"gain": {"mean": -5000.0, "low": -9000.0, "high": 1.0}, "chance": 0.5, "tail_loss": 0.0},
    ],
)
def test_chances_fit_their_intervals(example_plan: Plan, change: dict[str, Any]) -> None:
    data = json.loads(example_plan.to_json())
    for comparison in data["comparisons"]:  # their sums agree with each other
        total = comparison["outcome"]["mean"] + comparison["gain"]["mean"]
        comparison |= change
        shift = total - comparison["gain"]["mean"] - comparison["outcome"]["mean"]
        comparison["outcome"] = {key: value + shift for key, value in comparison["outcome"].items()}
    with pytest.raises(CertificateError, match="claims a"):
        verify_plan(Plan.from_json(json.dumps(data)))


def test_other_curves_under_an_honest_digest_are_refused(small: dict[str, Any], small_plan: Plan) -> None:
    """A plan that is proven, for curves that are not the profile's."""
    import channelmix as cm

    profile = CompanyProfile.model_validate(small)
    verify_profile(small_plan, profile)
    other = copy.deepcopy(small)
    other["purposes"]["promotion"]["margin_per_order"] = 30.0
    forged = json.loads(cm.optimize(CompanyProfile.model_validate(other)).to_json())
    with pytest.raises(CertificateError, match="made for another profile"):
        verify_profile(Plan.from_json(json.dumps(forged)), profile)
    honest = json.loads(small_plan.to_json())["provenance"]
    forged["provenance"] = honest
    plan = Plan.from_json(json.dumps(forged))
    verify_plan(plan)
    with pytest.raises(CertificateError, match="is not what the profile leads to"):
        verify_profile(plan, profile)
    forged["provenance"] = {**honest, "version": "0.0.9"}
    with pytest.raises(CertificateError, match=r"made by version 0\.0\.9"):
        verify_profile(Plan.from_json(json.dumps(forged)), profile)
    with pytest.raises(CertificateError, match="for another scenario"):
        verify_profile(small_plan, profile.with_budget(30000.0))
    with pytest.raises(ChannelMixError):
        verify_profile(small_plan, "profile.json")  # type: ignore[arg-type]


UNLIKE = {"FR/social/promotion": 1e9, "FR/sms/promotion": -1e9, "FR/im/service": 1.0}


@pytest.fixture(scope="module")
def unlike_plan() -> Plan:
    """A plan under a rule whose weights are of very unlike scale."""
    from tests.conftest import SMALL

    import channelmix as cm

    rule = {"kind": "linear_constraint", "coefficients": UNLIKE, "high": 10.0}
    content = {**copy.deepcopy(SMALL), "rules": [rule]}
    return cm.optimize(CompanyProfile.model_validate(content), n_draws=64)


def test_a_limit_that_is_missed_in_its_own_unit_is_stated(unlike_plan: Plan) -> None:
    """A limit of 10 that terms of 10^12 are held against: their rounding is more than a millionth of it."""
    verify_plan(unlike_plan)
    spend = {row.name: row.spend for row in unlike_plan.allocation}
    by = sum(weight * spend[name] for name, weight in UNLIKE.items()) - 10.0
    assert by < 1e-9 * sum(abs(weight) * spend[name] for name, weight in UNLIKE.items())
    if by <= 1e-5:
        assert unlike_plan.certificate.missed == []
        return
    (missed,) = unlike_plan.certificate.missed
    assert missed.by == pytest.approx(by, abs=0.1)
    stream = io.StringIO()
    report.to_terminal(unlike_plan, stream)
    assert "limits are missed: linear_constraint" in " ".join(stream.getvalue().split())
    assert "in its own unit" in unlike_plan.to_html()
    data = json.loads(unlike_plan.to_json())
    data["certificate"]["missed"] = []
    if missed.by > 1e-4 + 4e-15 * missed.terms:  # else it is at the edge of being stated
        with pytest.raises(CertificateError, match="which the plan does not state"):
            verify_plan(Plan.from_json(json.dumps(data)))
    data["certificate"]["missed"] = [{**missed.model_dump(), "rule": "fixed_budget"}]
    with pytest.raises(CertificateError, match="missed"):
        verify_plan(Plan.from_json(json.dumps(data)))


def test_limits_are_missed_in_their_own_unit() -> None:
    import channelmix as cm
    from channelmix.plan import missed_limits

    curves = cm.ResponseCurves.exponential([10.0, 10.0, 10.0], [5.0, 5.0, 5.0], names=["a", "b", "c"])
    rules = [
        cm.LinearConstraint({"a": 1e9, "c": -1e9, "b": 1.0}, high=10.0),
        cm.LinearConstraint({"a": 1.0, "b": -1.0}, low=0.0),
    ]
    problem = cm.AllocationProblem(curves, cm.FixedBudget(1000.0), rules)
    (missed,) = missed_limits(problem, np.array([300.0000005, 100.0, 300.0]))
    assert missed.rule == "linear_constraint"
    assert missed.limit == 10.0
    assert missed.by == pytest.approx(590.0, rel=1e-3)
    assert missed.terms == pytest.approx(6e11, rel=1e-3)
    assert missed_limits(problem, np.array([300.0, 10.0, 300.0])) == []
    (budget,) = missed_limits(problem, np.array([300.0, 400.01, 300.0]))[:1]
    assert (budget.rule, budget.limit) == ("fixed_budget", 1000.0)


def test_a_row_of_unlike_scale_is_not_broken(unlike_plan: Plan) -> None:
    from channelmix.engine.problem.problem import AllocationProblem
    from channelmix.engine.proof.verify import verify
    from channelmix.plan import claimed

    problem = AllocationProblem.from_dict(unlike_plan.problem)
    solution = claimed(problem, unlike_plan)
    verify(problem, solution)
    spend = solution.spend.copy()
    places = [problem.curves.names.index(name) for name in list(UNLIKE)[:2]]
    spend[places] += np.array([3e-4, -3e-4])
    broken = dataclasses.replace(solution, spend=spend, value=problem.value(spend))
    with pytest.raises(CertificateError, match="breaks a rule"):
        verify(problem, broken)


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        (
            "SpendSpread",
            {
                "planned": 1.0,
                "low": 1.0,
                "quarter": 3.0,
                "median": 2.0,
                "three_quarters": 4.0,
                "high": 5.0,
                "used": 1.0,
            },
        ),
        ("Regret", {"mean": 3.0, "high": 1.0, "worst": 2.0, "open": 0.0}),
        ("Regret", {"mean": 1.0, "high": 3.0, "worst": 2.0, "open": 0.0}),
    ],
)
def test_figures_of_other_documents_are_in_order(kind: str, figures: dict[str, float]) -> None:
    import channelmix.plan.information_value as parts

    part: Any = getattr(parts, kind)
    named = {"cell": "a"} if kind == "SpendSpread" else {}
    with pytest.raises(ValidationError, match="in order"):
        part(**named, **figures)
