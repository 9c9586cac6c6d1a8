"""The reasons of each cell, with every number recomputed from curves, rules and prices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import SPEND_MOVED
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import ObservedRange
from channelmix.plan import BreakEven, CellExplanation, Grounds, Plan, interval
from channelmix.recommender.explain.break_even import FACTORS, BreakEvenPair
from channelmix.recommender.optimize.holding import Held, Standing, standing

FAR = 2.0
"""Multiple of today's spend beyond which a curve is extrapolated: it rests on its shape, not on observations."""


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
    rounding = SPEND_MOVED * float(spend.sum())
    ranges = (row for row in problem.rows if row.kind == ObservedRange.kind)
    within = {int(i) % len(plan.cells) for row in ranges for i in row.coefficients.places}
    grounds = Grounds.of(plan.assumptions, plan.message)
    cells = []
    for i, row in enumerate(plan.cells):
        today = float(current[i]) / plan.span
        beyond = float(most[i]) / today if today > 0.0 and most[i] > 0.0 else None
        extrapolates = bool(most[i] > rounding and (beyond is None or beyond > FAR) and i not in within)
        held, (low, high) = holding[i], break_evens.get(i, (None, None))
        return_now, return_planned = _finite(slope_now[i]), _finite(slope[i])
        amounts = float(total[i]), float(current[i]), rounding
        sentences = _Sentences(plan.currency, *amounts, problem.scenario.gain > 0.0, plan.span)
        reasons = [
            sentences.change(plan.message(row.reason), float(outcome_now[i]), float(outcome[:, i].mean())),
            sentences.returns(return_now, return_planned, budget_price),
            None if held is None else sentences.rule(held),
            sentences.sure(outcome[:, i], grounds.of_cell(row)),
            sentences.stands(low, high) if i in break_evens else None,
            sentences.extrapolates(beyond) if extrapolates else None,
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
                reasons=[reason for reason in reasons if reason is not None],
                ways=grounds.ways_of(row),
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
class _Sentences:
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

    def change(self, reason: str, today: float, planned: float) -> Message:
        """What changes, why, and what the cell brings then."""
        change = self.spend - self.current
        if abs(change) <= self.rounding:
            if self.spend <= self.rounding:
                return say("explain.nothing", reason=reason)
            return say("explain.same", reason=reason, planned=planned)
        code = "explain.more" if change > 0.0 else "explain.less"
        if self.current <= self.rounding:
            code = "explain.start"
        elif self.spend <= self.rounding:
            code = "explain.stop"
        return say(
            code,
            c=self.currency,
            before=self.current,
            after=self.spend,
            reason=reason,
            planned=planned,
            today=today,
        )

    def returns(self, now: float | None, planned: float | None, price: float | None) -> Message:
        """What the next unit brings, at the plan and today, and what one of the budget is worth."""
        moved = abs(self.spend - self.current) > self.rounding
        code = f"{self._code('next')}{'_moved' * moved}{'_priced' * (price is not None)}"
        after, before = (say("explain.no_limit") if slope is None else slope for slope in (planned, now))
        return say(code, c=self.currency, after=after, before=before, price=price)

    def rule(self, holding: _Holding) -> Message:
        """The rule that binds, and what another limit would bring."""
        held, code = holding.held, self._code("rule")
        if held.price is not None:
            code += f"_{'higher' if held.higher else 'lower'}_{'gain' if self.gains else 'save'}"
        more = None if held.price is None else abs(held.price)
        return say(code, rule=held.rule, periods=holding.periods, all=self.span, c=self.currency, more=more)

    def sure(self, outcome: Array, grounds: list[str]) -> Message:
        """What the cell brings with 90 % chance, and what that rests on."""
        if self.spend <= self.rounding:
            return say("explain.evidence", evidence=grounds)
        found = interval(outcome)
        return say("explain.sure", low=found.low, high=found.high, evidence=grounds)

    def stands(self, low: BreakEven | None, high: BreakEven | None) -> Message:
        """How wrong the curve may be before the plan changes materially."""
        match [one for one in (low, high) if one is not None]:
            case [one]:
                return say("explain.factor", factor=one.factor, change=one.change)
            case [one, other]:
                return say(
                    "explain.factors",
                    factor=one.factor,
                    change=one.change,
                    other=other.factor,
                    turn=other.change,
                )
        return say("explain.stands", low=FACTORS[0], high=FACTORS[1])

    def extrapolates(self, beyond: float | None) -> Message:
        """How far the plan goes beyond what was seen."""
        return say("explain.new") if beyond is None else say(self._code("beyond"), times=beyond)

    def _code(self, name: str) -> str:
        return f"explain.{name}" if self.span == 1 else f"explain.periods_{name}"
