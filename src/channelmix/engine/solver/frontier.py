"""The frontier: what more or less money would bring, and what safety costs, with a proven gap at every point."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution, Status
from channelmix.engine.rules import FixedBudget, MeanCVaR
from channelmix.engine.rules.risk import tail_mean

Solve = Callable[..., Solution]


@dataclass(frozen=True, eq=False)
class FrontierPoint:
    """One point of a frontier; amounts in the curves' own units.

    Parameters
    ----------
    amount : float
        Budget.
    weight : float
        Weight of the worst draws in the objective; 0 for the mean.
    spend : ndarray of the problem's shape
        Best spend found; NaN where the rules cannot hold.
    money : float
        What it takes.
    outcome : float
        Mean outcome less charges.
    tail : float
        Mean outcome less charges over the worst draws (the worst tenth unless the problem says otherwise).
    value, upper_bound, gap : float
        Of the point's own objective; see `Solution`.
    marginal : float or None
        Worth of one more unit of budget; None where the budget does not bind.
    status : Status
    """

    amount: float
    weight: float
    spend: Array
    money: float
    outcome: float
    tail: float
    value: float
    upper_bound: float
    gap: float
    marginal: float | None
    status: Status

    def to_dict(self) -> dict[str, Any]:
        """Write JSON-ready data; numbers that do not exist are null."""
        data = {key: getattr(self, key) for key in ("amount", "weight", "money", "outcome", "tail", "value")}
        data |= {"upper_bound": self.upper_bound, "gap": self.gap, "marginal": self.marginal}
        numbers = {k: v if v is not None and np.isfinite(v) else None for k, v in data.items()}
        finite = np.isfinite(self.spend).all()
        return {**numbers, "status": str(self.status), "spend": self.spend.tolist() if finite else None}


def budget_frontier(
    solve: Solve,
    problem: AllocationProblem,
    amounts: Sequence[float],
    *,
    gap: float = 1e-4,
    time_limit: float = 60.0,
) -> Iterator[FrontierPoint]:
    """Solve for each budget in turn; each begins from the one before it.

    Parameters
    ----------
    solve : callable
        `channelmix.solve`.
    problem : AllocationProblem
        With a `FixedBudget`, which the amounts replace.
    amounts : sequence of float
        Budgets, in the order wanted; a rising one makes the most of each answer.
    gap : float
        Gap to close at every point.
    time_limit : float
        Seconds for all points together; a point that is out of time still states its honest gap.

    Yields
    ------
    FrontierPoint
        As soon as it is found.

    Raises
    ------
    KeyboardInterrupt
        After the point whose search Ctrl-C has ended.
    """
    if not isinstance(problem.scenario, FixedBudget):
        raise InputError(f"a frontier over budgets needs a fixed_budget, not a {problem.scenario.kind}")
    amounts = [float(amount) for amount in amounts]
    problems = [dataclasses.replace(problem, scenario=FixedBudget(amount)) for amount in amounts]
    yield from _points(solve, problems, gap, time_limit)


def risk_frontier(
    solve: Solve,
    problem: AllocationProblem,
    weights: Sequence[float],
    *,
    tail: float = 0.1,
    gap: float = 1e-4,
    time_limit: float = 60.0,
) -> Iterator[FrontierPoint]:
    """Solve for each weight of the worst draws in turn, from 0 (the mean alone) to 1 (the worst alone).

    Parameters are those of `budget_frontier`; `tail` is the share of draws that are the worst.
    """
    problems = [problem.but(risk=MeanCVaR(float(weight), tail)) for weight in weights]
    yield from _points(solve, problems, gap, time_limit)


def _points(
    solve: Solve, problems: Sequence[AllocationProblem], gap: float, time_limit: float
) -> Iterator[FrontierPoint]:
    deadline = time.perf_counter() + time_limit
    starts: list[dict[str, float]] = []
    for left, problem in zip(range(len(problems), 0, -1), problems, strict=True):
        share = max((deadline - time.perf_counter()) / left, 1e-3)
        solution = solve(problem, gap, share, starts=starts)
        weight, tail = problem.tail or (0.0, 0.1)
        found = np.isfinite(solution.spend).all()
        if found:
            names = problem.cells.names
            starts = [dict(zip(names, solution.spend.ravel().tolist(), strict=True))]
        net = problem.net_draws(solution.spend) if found else np.array([np.nan])
        budget = float(problem.scenario.limit) if problem.scenario.limit is not None else np.nan
        yield FrontierPoint(
            amount=budget,
            weight=weight,
            spend=solution.spend,
            money=problem.money(solution.spend) if found else np.nan,
            outcome=float(net.mean()),
            tail=tail_mean(net, tail) if found else np.nan,
            value=solution.value,
            upper_bound=solution.upper_bound,
            gap=solution.gap,
            marginal=solution.shadow_prices.get(problem.scenario.limit_label),
            status=solution.status,
        )
        if solution.report.interrupted:  # Ctrl-C ended the search for this point: no further one is wanted
            raise KeyboardInterrupt
