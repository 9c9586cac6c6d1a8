"""The reasons of each cell, with every number recomputed from curves, rules and prices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.wording import amount, short
from channelmix.effectiveness.own.overlay import RANGE
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.plan import BreakEven, CellExplanation, Plan, interval
from channelmix.recommender.explain.break_even import FACTORS, BreakEvenPair
from channelmix.recommender.optimize.holding import Held, Standing, standing

FAR = 2.0
"""Multiple of today's spend beyond which a curve is extrapolated: it rests on its shape, not on observations."""

ROUNDING = 1e-6
"""Share of the plan's spend below which money is rounding."""


@dataclass(frozen=True, eq=False)
class _Holding:
    """The rule that weighs most on a cell, and in how many periods it holds the cell."""

    held: Held
    periods: int


def explain_cells(
    plan: Plan,
    problem: AllocationProblem,
    spend: Array,
    break_evens: Mapping[int, BreakEvenPair],
) -> list[CellExplanation]:
    """Explain every cell of a plan.

    Parameters
    ----------
    plan : Plan
        With spend.
    problem : AllocationProblem
        That the plan was made on.
    spend : ndarray of shape (n_spends,)
        The plan's spend.
    break_evens : mapping of int to pair of BreakEven
        Lower and higher break-even by the index of the cell; cells left out are those for which none were computed.
    """
    prices = {one.constraint: one.price for one in plan.shadow_prices}
    budget_price = prices.get(problem.scenario.limit_label) if problem.scenario.gain else None
    holding = _holding(standing(problem, spend, prices), problem.curves.n_cells)
    # Sums over all periods, but for what concerns the period with the most spend or the highest return.
    current = np.array([row.current_spend for row in plan.cells])
    evenly = np.tile(current / plan.span, plan.span)
    total, outcome = problem.by_cell(spend), problem.by_cell(problem.outcomes(spend))
    outcome_now = problem.by_cell(problem.outcomes(evenly)).mean(axis=0)
    slope_now, slope, most = (
        values.reshape(plan.span, -1).max(axis=0)
        for values in (problem.marginal(evenly), problem.marginal(spend), spend)
    )
    rounding = ROUNDING * float(spend.sum())
    ranges = (row for row in problem.rows if row.rule.startswith(RANGE))
    within = {int(i) % len(plan.cells) for row in ranges for i in np.flatnonzero(row.coefficients)}
    cells = []
    for i, row in enumerate(plan.cells):
        today = float(current[i]) / plan.span
        beyond = float(most[i]) / today if today > 0.0 and most[i] > 0.0 else None
        extrapolates = bool(most[i] > rounding and (beyond is None or beyond > FAR) and i not in within)
        held, (low, high) = holding[i], break_evens.get(i, (None, None))
        return_now, return_planned = _finite(slope_now[i]), _finite(slope[i])
        words = _Words(
            plan.currency,
            float(total[i]),
            float(current[i]),
            rounding,
            problem.scenario.gain > 0.0,
            plan.span,
        )
        reasons = [
            words.change(row.reason, float(outcome_now[i]), float(outcome[:, i].mean())),
            words.returns(return_now, return_planned, budget_price),
            "" if held is None else words.rule(held),
            words.sure(outcome[:, i], row.evidence),
            words.stands(low, high) if i in break_evens else "",
            words.extrapolates(beyond) if extrapolates else "",
        ]
        cells.append(
            CellExplanation(
                cell=row.name,
                spend=float(total[i]),
                current_spend=float(current[i]),
                outcome=interval(outcome[:, i]),
                return_now=return_now,
                return_planned=return_planned,
                rule=None if held is None else held.held.rule,
                price=None if held is None else held.held.price,
                evidence=row.evidence,
                break_evens=i in break_evens,
                lower=low,
                higher=high,
                beyond=beyond,
                extrapolates=extrapolates,
                reasons=[reason for reason in reasons if reason],
            )
        )
    return cells


def _holding(stand: Standing, n_cells: int) -> list[_Holding | None]:
    """For each cell, the rule with the highest price or else in most periods that holds it, and in how many it does."""
    found: list[_Holding | None] = []
    for i in range(n_cells):
        rules = [held for k in range(i, len(stand.money), n_cells) if (held := stand.held(k)) is not None]
        periods = Counter(one.rule for one in rules)
        most = max(rules, key=lambda one: (abs(one.price or 0.0), periods[one.rule]), default=None)
        found.append(None if most is None else _Holding(most, periods[most.rule]))
    return found


def _finite(slope: float) -> float | None:
    return float(slope) if math.isfinite(slope) else None


@dataclass(frozen=True)
class _Words:
    """Sentences about one cell."""

    currency: str
    spend: float
    """In the plan, over all periods."""
    current: float
    """Today, over as many periods."""
    rounding: float
    """Spend below which money counts as none."""
    gains: bool
    """Whether outcome is maximized; otherwise money is saved."""
    span: int
    """Number of periods that the plan is for."""

    def change(self, reason: str, today: float, planned: float) -> str:
        change = self.spend - self.current
        if abs(change) <= self.rounding:
            what = f"Nothing, as today: {reason}." if self.spend <= self.rounding else f"As today: {reason}."
            return what if self.spend <= self.rounding else f"{what} It brings {short(planned)}."
        verb = "More" if change > 0.0 else "Less"
        return (
            f"{verb}, {self._money(self.current)} to {self._money(self.spend)}: {reason}. "
            f"It brings {short(planned)} instead of {short(today)}."
        )

    def returns(self, now: float | None, planned: float | None, price: float | None) -> str:
        after, before = self._of(planned), self._of(now)
        brings = "brings" if self.span == 1 else "brings, in its best period,"
        if abs(self.spend - self.current) <= self.rounding:
            words = f"The next {self.currency} {brings} {after}"
        else:
            there = " there" if self.span == 1 else ""
            words = f"The next {self.currency} {brings} {after}{there}; at today's spend it brings {before}"
        return f"{words}; the budget's is worth {price:.2f}." if price is not None else f"{words}."

    def rule(self, holding: _Holding) -> str:
        held = holding.held
        binds = f"The rule {held.rule} binds"
        if self.span > 1:
            binds = f"{binds} in {holding.periods} of {self.span} periods"
        if held.price is None:
            return f"{binds}."
        verb, more = ("bring", " more") if self.gains else ("save", "")
        more = f"{abs(held.price):.2f}{more}"
        limit = f"a limit {'higher' if held.higher else 'lower'} by one {self.currency}"
        if self.span == 1:
            return f"{binds}: {limit} would {verb} {more}."
        return f"{binds}: {limit} in one of them would {verb} up to {more}."

    def sure(self, outcome: Array, evidence: str) -> str:
        if self.spend <= self.rounding:
            return f"Evidence: {evidence}."
        found = interval(outcome)
        return f"With 90 % chance it brings {short(found.low)} to {short(found.high)}; evidence: {evidence}."

    def stands(self, low: BreakEven | None, high: BreakEven | None) -> str:
        parts = [f"{one.factor:.2f} times as high, {one.change}" for one in (low, high) if one is not None]
        if not parts:
            return f"No factor of its curve from {FACTORS[0]:.2g} to {FACTORS[1]:.2g} changes the plan materially."
        return f"If its curve were {'; if it were '.join(parts)}."

    def extrapolates(self, beyond: float | None) -> str:
        if beyond is None:
            return "Nothing is spent on it today: what it brings was never seen here."
        that = "That is" if self.span == 1 else "In the period with the most it gets"
        return f"{that} {beyond:.1f} times today's spend: what it brings there was never seen here."

    def _money(self, value: float) -> str:
        return f"{self.currency} {amount(value)}" if value > self.rounding else "nothing"

    def _of(self, slope: float | None) -> str:
        return "without limit" if slope is None else f"{slope:.2f}"
