"""Reasons of each cell in plain words, every number of them recomputed from curves, rules and prices."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.words import Message, named, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import ObservedRange
from channelmix.plan import BreakEven, CellExplanation, Plan, interval
from channelmix.recommender.optimize.holding import Held, Standing, standing

FAR = 2.0
"""Multiple of today's spend beyond which a curve rests on its shape, not on anything seen."""

NOTHING = 1e-6
"""Share of the plan's spend below which money is rounding."""


@dataclass(frozen=True, eq=False)
class _Holding:
    """The rule that weighs most on a cell, and in how many periods it does."""

    held: Held
    periods: int = 1


def explained(
    plan: Plan,
    problem: AllocationProblem,
    spend: Array,
    break_evens: Mapping[int, tuple[BreakEven | None, BreakEven | None]],
    factors: tuple[float, float],
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
    break_evens : mapping of int to (lower, higher)
        By the cell's place; cells left out are those for which they were not worked out.
    factors : tuple of float
        Lowest and highest factor that was tried for them.
    """
    prices = {one.constraint: one.price for one in plan.shadow_prices}
    holding = _holding(standing(problem, spend, prices), problem.curves.n_cells)
    current = np.array([row.current_spend for row in plan.cells])  # over all periods, as are the next four
    now, planned = (_best_period(plan, problem.marginal(s)) for s in (_evenly(plan, current), spend))
    total, most = problem.by_cell(spend), spend.reshape(plan.span, -1).max(axis=0)
    outcome = problem.by_cell(problem.outcomes(spend))
    today = problem.by_cell(problem.outcomes(_evenly(plan, current))).mean(axis=0)
    nothing = NOTHING * float(spend.sum())
    ranges = (row for row in problem.rows if row.kind == ObservedRange.kind)
    within = {int(i) % len(plan.cells) for row in ranges for i in np.flatnonzero(row.coefficients)}
    cells = []
    for i, row in enumerate(plan.cells):
        low, high = break_evens.get(i, (None, None))
        seen = float(current[i]) / plan.span
        beyond = float(most[i]) / seen if seen > 0.0 and most[i] > 0.0 else None
        extrapolates = most[i] > nothing and (beyond is None or beyond > FAR) and i not in within
        held = holding[i]
        sentences = _Sentences(
            plan.currency,
            float(total[i]),
            float(current[i]),
            nothing,
            problem.scenario.gain > 0.0,
            plan.span,
        )
        reasons: list[Message] = [
            sentences.change(plan.message(row.reason), float(today[i]), float(outcome[:, i].mean())),
            sentences.returns(
                _finite(now[i]),
                _finite(planned[i]),
                prices.get(problem.scenario.limit_label) if problem.scenario.gain else None,
            ),
        ]
        if held is not None:
            reasons.append(sentences.rule(held))
        reasons.append(sentences.sure(outcome[:, i], row.evidence))
        if i in break_evens:
            reasons.append(sentences.stands(low, high, factors))
        if extrapolates:
            reasons.append(sentences.extrapolates(beyond))
        cells.append(
            CellExplanation(
                cell=row.name,
                spend=float(total[i]),
                current_spend=float(current[i]),
                outcome=interval(outcome[:, i]),
                return_now=_finite(now[i]),
                return_planned=_finite(planned[i]),
                rule=None if held is None else held.held.rule,
                price=None if held is None else held.held.price,
                evidence=row.evidence,
                break_evens=i in break_evens,
                lower=low,
                higher=high,
                beyond=beyond,
                extrapolates=bool(extrapolates),
                reasons=reasons,
            )
        )
    return cells


def _evenly(plan: Plan, values: Array) -> Array:
    """Spread amounts of cells over the plan's periods; shape (n_spends,)."""
    return np.tile(values / plan.span, plan.span)


def _best_period(plan: Plan, slopes: Array) -> Array:
    """Return each cell's slope in the period where it is highest; shape (n_cells,)."""
    return np.asarray(slopes.reshape(plan.span, -1).max(axis=0))


def _holding(stand: Standing, n_cells: int) -> list[_Holding | None]:
    """For each cell, the rule that holds it with the largest price, or in most periods, and in how many it does."""
    found: list[_Holding | None] = []
    for i in range(n_cells):
        held = [stand.held(k) for k in range(i, len(stand.money), n_cells)]
        rules = [one for one in held if one is not None]
        if not rules:
            found.append(None)
            continue
        periods = Counter(one.rule for one in rules)
        most = max(rules, key=lambda one: (abs(one.price or 0.0), periods[one.rule]))
        found.append(_Holding(most, periods[most.rule]))
    return found


def _finite(slope: float) -> float | None:
    return float(slope) if math.isfinite(slope) else None


@dataclass(frozen=True)
class _Sentences:
    """Sentences about one cell: its currency, its spend in the plan and today, and what is rounding of it."""

    currency: str
    spend: float
    current: float
    nothing: float
    gains: bool
    """Whether outcome is maximized; else money is saved."""
    span: int
    """Periods that the plan is for."""

    def change(self, reason: str, today: float, planned: float) -> Message:
        """What changes, why, and what the cell brings then."""
        change = self.spend - self.current
        if abs(change) <= self.nothing:
            if self.spend <= self.nothing:
                return say("explain.nothing", reason=reason)
            return say("explain.same", reason=reason, planned=planned)
        code = "explain.more" if change > 0.0 else "explain.less"
        if self.current <= self.nothing:
            code = "explain.start"
        elif self.spend <= self.nothing:
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
        moved = abs(self.spend - self.current) > self.nothing
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

    def sure(self, outcome: Array, evidence: str) -> Message:
        """What the cell brings with 90 % chance, and what that rests on."""
        kinds = [named("evidence_kind", kind) for kind in evidence.split(", ")]
        if self.spend <= self.nothing:
            return say("explain.evidence", evidence=kinds)
        found = interval(outcome)
        return say("explain.sure", low=found.low, high=found.high, evidence=kinds)

    def stands(self, low: BreakEven | None, high: BreakEven | None, factors: tuple[float, float]) -> Message:
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
        return say("explain.stands", low=factors[0], high=factors[1])

    def extrapolates(self, beyond: float | None) -> Message:
        """How far the plan goes beyond what was seen."""
        return say("explain.new") if beyond is None else say(self._code("beyond"), times=beyond)

    def _code(self, name: str) -> str:
        return f"explain.{name}" if self.span == 1 else f"explain.periods_{name}"
