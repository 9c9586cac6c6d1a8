"""How robust a plan is if one draw is the truth rather than their mean, and what caution costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import MeanCVaR, SafeImprovement
from channelmix.engine.rules.risk import tail_mean
from channelmix.engine.solver.by_draw import DrawOptima
from channelmix.engine.solver.solve import solve
from channelmix.plan import CautiousPlan, Regret, SpendSpread
from channelmix.recommender.resolve import by_name, resolve

TAIL = 0.1
"""Share of draws that count as the worst."""

WEIGHT = 0.5
"""Weight of the worst draws in the plan that trades them off against the mean."""

USED = 1e-6
"""Share of a split's spend above which a cell counts as used."""


def spread(names: tuple[str, ...], plan: Array, optima: DrawOptima) -> list[SpendSpread]:
    """Quantiles, over the draws, of what their best splits spend on each cell."""
    ends = ("low", "quarter", "median", "three_quarters", "high")
    quantiles = np.quantile(optima.spend, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    used = (optima.spend > USED * optima.spend.sum(axis=1, keepdims=True)).mean(axis=0)
    return [
        SpendSpread(
            cell=name,
            planned=float(plan[i]),
            used=float(used[i]),
            **dict(zip(ends, quantiles[:, i].tolist(), strict=True)),
        )
        for i, name in enumerate(names)
    ]


def regret(worth: Array, optima: DrawOptima) -> Regret:
    """What a plan forgoes against the best split of each draw; `worth` is its objective by draw, shape (n_draws,)."""
    best = np.maximum(optima.value, worth)
    missed = best - worth
    return Regret(
        mean=float(missed.mean()),
        high=float(np.quantile(missed, 0.9)),
        worst=float(missed.max()),
        open=max(0.0, float((optima.upper_bound - best).mean())),
    )


def cautious_plans(
    problem: AllocationProblem, baseline: Mapping[str, float] | None, *, gap: float, time_limit: float
) -> list[CautiousPlan]:
    """Plan for the worst draws, and report what that gives up on average.

    Parameters
    ----------
    problem : AllocationProblem
        With as many draws as tail measures need; its own risk is ignored.
    baseline : mapping of cell name to spend, optional
        What a safe improvement has to improve on; without it none is planned.
    gap : float
        Relative gap of each plan.
    time_limit : float
        Seconds for all plans together.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C ended the search for a plan.
    """
    plain = problem.but(risk=None)
    best = solve(plain, min(gap, 1e-4), time_limit / 3.0)
    best_draws = plain.net_draws(best.spend)
    risks: dict[Message, object] = {}
    against = None
    if baseline is not None:
        risks[say("caution.safe")] = SafeImprovement(baseline, TAIL)
        against = plain.net_draws([baseline.get(name, 0.0) for name in problem.curves.names])
    risks[say("caution.half")] = MeanCVaR(WEIGHT, TAIL)
    plans = []
    for name, risk in risks.items():
        found = resolve(problem.but(risk=risk), best.spend, gap, time_limit / 3.0)
        if not np.isfinite(found.spend).all():  # no split improves on a baseline that breaks the rules
            continue
        draws, reached = plain.net_draws(found.spend), plain.value(found.spend)
        # A safe improvement maximizes the mean too, so that its proof bounds what a better one could bring.
        most = found.upper_bound if isinstance(risk, SafeImprovement) else reached
        plans.append(
            CautiousPlan(
                name=name,
                outcome=plain.net(found.spend),
                gap=found.gap,
                given_up_low=max(best.value - most, 0.0),
                given_up_high=max(best.upper_bound - reached, 0.0),
                tail_outcome=tail_mean(draws, TAIL),
                tail_gained=tail_mean(draws, TAIL) - tail_mean(best_draws, TAIL),
                safer=None
                if against is None
                else tail_mean(draws - against, TAIL) - tail_mean(best_draws - against, TAIL),
                spend=by_name(problem, found.spend),
            )
        )
    return plans
