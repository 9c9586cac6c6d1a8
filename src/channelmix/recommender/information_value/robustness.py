"""How a plan stands it that the truth is one draw and not their mean, and what caution costs."""

from __future__ import annotations

import dataclasses

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import MeanCVaR, SafeImprovement
from channelmix.engine.rules.risk import tail_mean
from channelmix.engine.solver.by_draw import DrawOptima
from channelmix.engine.solver.solve import solve
from channelmix.plan import CautiousPlan, Regret, SpendSpread

TAIL = 0.1
"""Share of the draws that are the worst."""

WEIGHT = 0.5
"""Weight of the worst draws in the plan that weighs them against the mean."""

USED = 1e-6
"""Share of what a split spends from which on a cell counts as used."""


def spread(names: tuple[str, ...], plan: Array, optima: DrawOptima) -> list[SpendSpread]:
    """Quantiles of what the draws' best splits spend on each cell."""
    low, quarter, median, three, high = np.quantile(optima.spend, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    least = USED * optima.spend.sum(axis=1, keepdims=True)
    used = (optima.spend > least).mean(axis=0)
    return [
        SpendSpread(
            cell=name,
            planned=float(plan[i]),
            low=float(low[i]),
            quarter=float(quarter[i]),
            median=float(median[i]),
            three_quarters=float(three[i]),
            high=float(high[i]),
            used=float(used[i]),
        )
        for i, name in enumerate(names)
    ]


def regret(worth: Array, optima: DrawOptima) -> Regret:
    """What a plan worth so much in each draw, shape (n_draws,), forgoes against the draws' best splits."""
    best = np.maximum(optima.value, worth)
    missed = best - worth
    return Regret(
        mean=float(missed.mean()),
        high=float(np.quantile(missed, 0.9)),
        worst=float(missed.max()),
        open=max(0.0, float((optima.upper_bound - best).mean())),
    )


def cautious_plans(
    problem: AllocationProblem, baseline: dict[str, float] | None, *, gap: float, time_limit: float
) -> list[CautiousPlan]:
    """Plan for the worst draws, and say what that gives up on average.

    Parameters
    ----------
    problem : AllocationProblem
        With as many draws as tail measures need; its own risk is left aside.
    baseline : dict of cell name to spend, optional
        What a safe improvement is to improve on; without it none is planned.
    gap, time_limit : float
        Of each plan; the time is for all of them together.
    """
    plain = dataclasses.replace(problem, risk=None)
    best = solve(plain, min(gap, 1e-4), time_limit / 3.0)
    names = problem.curves.names
    starts = [dict(zip(names, best.spend.tolist(), strict=True))]
    tail = tail_mean(plain.net_draws(best.spend), TAIL)
    risks: dict[Message, object] = {}
    if baseline is not None:
        risks[say("caution.safe")] = SafeImprovement(baseline, TAIL)
    risks[say("caution.half")] = MeanCVaR(WEIGHT, TAIL)
    against = None if baseline is None else plain.net_draws([baseline.get(name, 0.0) for name in names])
    plans = []
    for name, risk in risks.items():
        found = solve(dataclasses.replace(problem, risk=risk), gap, time_limit / 3.0, starts=starts)
        if not np.isfinite(found.spend).all():  # no split improves on a baseline that breaks the rules
            continue
        outcome = plain.net(found.spend)
        reached = plain.value(found.spend)
        # A safe improvement is judged by the mean too, and its proof tells what a better one could still bring.
        most = found.upper_bound if isinstance(risk, SafeImprovement) else reached
        worst = tail_mean(plain.net_draws(found.spend), TAIL)
        plans.append(
            CautiousPlan(
                name=name,
                outcome=outcome,
                gap=found.gap,
                given_up_low=max(best.value - most, 0.0),
                given_up_high=max(best.upper_bound - reached, 0.0),
                tail_outcome=worst,
                tail_gained=worst - tail,
                safer=None
                if against is None
                else _worst_gain(plain, found.spend, against) - _worst_gain(plain, best.spend, against),
                spend=dict(zip(names, found.spend.tolist(), strict=True)),
            )
        )
        if found.report.interrupted:
            raise KeyboardInterrupt
    return plans


def _worst_gain(problem: AllocationProblem, spend: Array, against: Array) -> float:
    """Mean over the worst tenth of the gains on a split worth `against` in each draw."""
    return tail_mean(problem.net_draws(spend) - against, TAIL)
