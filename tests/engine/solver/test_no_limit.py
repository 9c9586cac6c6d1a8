"""Scenarios without a limit of money: the search sets one of its own, which must not show."""

from __future__ import annotations

import numpy as np
import pytest

import channelmix as cm


def test_far_limit_of_money_does_not_loosen_a_safe_improvement() -> None:
    """Spending nothing is no improvement, so the limit comes from the mix to improve on: 1e6 let the tail slip."""
    curves = cm.ResponseCurves.concat(
        [
            cm.ResponseCurves.power(
                [[0.02], [0.06], [0.07], [0.05]], [[0.81], [0.68], [0.95], [0.87]], names=["sms"]
            ),
            cm.ResponseCurves.exponential(
                [[0.18], [0.06], [0.16], [0.08]], [[7.0], [4.8], [3.1], [4.0]], names=["im"]
            ),
            cm.ResponseCurves.logistic(
                [[0.27], [0.26], [0.25], [0.19]], [[1.5], [1.48], [1.09], [1.05]], names=["app"]
            ),
        ]
    )
    current = {"sms": 1.37, "im": 0.48, "app": 2.54}
    risk = cm.SafeImprovement(current, tail=0.66)
    problem = cm.AllocationProblem(curves, cm.MaxProfit(), risk=risk, charge={"all": 0.05})
    solution = cm.solve(problem, 1e-3)
    assert solution.status is cm.Status.OPTIMAL
    assert solution.value <= solution.upper_bound
    improvement = np.sort(problem.net_draws(solution.spend) - problem.net_draws(list(current.values())))
    assert (
        improvement[:2].sum() + 0.64 * improvement[2] >= -1e-6
    )  # the mean of the worst 2.64 draws, times 2.64
    assert solution.proof.limit is not None
    assert solution.proof.limit < 100.0  # rules may be broken by a millionth of what this allows
    cm.verify(problem, solution)


@pytest.mark.parametrize("scenario", [cm.MaxProfit(), cm.FlexibleBudget(min_marginal_roi=0.5)])
def test_conflict_without_a_limit_of_money_is_named(scenario: cm.MaxProfit | cm.FlexibleBudget) -> None:
    curves = cm.ResponseCurves.hill([3.0, 2.0], [4.0, 1.0], [2.0, 1.0], names=["sms", "app"])
    rules = [cm.AtMostActive(0, "sms"), cm.ServiceLevel(0.8, "all", spend={"sms": 2.6, "app": 2.5})]
    solution = cm.solve(cm.AllocationProblem(curves, scenario, rules))
    assert solution.conflicts == ("at_most_active sms", "service_level all")
    assert solution.mend == {"at_most_active sms": pytest.approx(1.0)}


def test_no_limit_of_money_does_not_break_the_solver_that_looks_for_a_conflict() -> None:
    cells = ["FR/sms", "FR/app", "DE/sms"]
    curves = cm.ResponseCurves.hill([3.0, 2.0, 1.0], [4.0, 1.0, 1.0], [2.0, 1.0, 1.5], names=cells)
    rules = [
        cm.ChangeLimit("FR", relative=0.2675, switching_cost=0.0466),
        cm.ServiceLevel(0.8, "all", spend={"FR/sms": 2.04, "FR/app": 2.22}),
        cm.SpendBounds({"FR/sms": (0.447, 9.042)}),
    ]
    problem = cm.AllocationProblem(
        curves, cm.MaxProfit(), rules, charge={"all": 0.0314}, current={"FR/app": 0.06}
    )
    assert cm.solve(problem).conflicts == ("change_limit FR", "spend_bounds FR/sms")


def test_nothing_is_the_plan_where_nothing_pays_whatever_the_rules_speak_of() -> None:
    curves = cm.ResponseCurves.logarithmic([0.7], [2.0], names=["sms"])
    scenario = cm.FlexibleBudget(min_roi=0.8, min_marginal_roi=0.25)
    problem = cm.AllocationProblem(curves, scenario, [cm.MinimumIfActive("sms", 4.5)])
    solution = cm.solve(problem, time_limit=5.0)
    assert solution.status is cm.Status.OPTIMAL
    assert solution.spend.tolist() == [0.0]
    cm.verify(problem, solution)


@pytest.mark.parametrize("scenario", [cm.MaxProfit(), cm.FlexibleBudget(min_roi=1.2)])
def test_shortest_time_limit_still_gives_a_plan_no_worse_than_nothing(
    scenario: cm.MaxProfit | cm.FlexibleBudget,
) -> None:
    """A plan that loses more than nothing does would not prove the limit of money that nothing has proven."""
    rng = np.random.default_rng(5)
    curves = cm.ResponseCurves.hill(
        rng.lognormal(3.0, 1.0, (50, 15)), rng.lognormal(2.0, 0.5, (50, 15)), rng.uniform(1.5, 4.0, (50, 15))
    )
    rules = [cm.GroupShare(curves.names[0], high=0.2)]
    for risk in (None, cm.WorstCase()):
        problem = cm.AllocationProblem(curves, scenario, rules, risk=risk)
        solution = cm.solve(problem, time_limit=1e-3)
        assert solution.value >= 0.0
        cm.verify(problem, solution)


def test_what_cells_could_bring_without_limit_closes_no_gap() -> None:
    """A nearly linear curve allows so much money that any plan is rounding beside what all cells could bring."""
    curves = cm.ResponseCurves.power([1.3, 2.0], [0.985, 0.4], names=["a", "b"])
    solution = cm.solve(cm.AllocationProblem(curves, cm.MaxProfit()), time_limit=5.0)
    problem = cm.AllocationProblem(curves, cm.MaxProfit())
    assert cm.verify(problem, solution).gap == pytest.approx(solution.gap)
    if solution.status is cm.Status.OPTIMAL:
        # The exact optimum: each cell alone where its slope is 1.
        best = sum(
            (k * p) ** (p / (1 - p)) * k - (k * p) ** (1 / (1 - p)) for k, p in ((1.3, 0.985), (2.0, 0.4))
        )
        assert solution.value == pytest.approx(best, rel=1e-3)
    else:
        assert solution.gap > 1e-4
