"""Why each cell gets what it gets, in a few words that its numbers bear out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution, Status
from channelmix.engine.rules import TargetOutcome
from channelmix.profile import Cell
from channelmix.recommender.optimize.holding import Standing, standing

SATURATED = 0.95
"""Share of the outcome at twice its spend from which on a cell counts as saturated."""

SAME = 1e-6
"""Share of today's spend by which a cell may move and still counts as left where it is."""

ALIKE = 1e-3
"""Share by which returns may differ and still count as one."""

COARSE = 0.02
"""Share by which a return may be out of line where little money is: a plan is exact in value, not in returns."""

REACHED = 1e-3
"""Share of a target, or of a required return, by which a plan may exceed it and still just reach it."""

STEPS = np.geomspace(1e-4, 1.0, 33)
"""Spends at which a required return is looked for, as a share of the money at hand."""


def reasons(
    problem: AllocationProblem, solution: Solution, cells: tuple[Cell, ...], currency: str
) -> list[str]:
    """One line a cell and period: the rule that holds it, or what its return makes of it.

    Parameters
    ----------
    problem, solution
        What was solved, and the answer.
    cells : tuple of Cell
        In the order of the problem's curves.
    currency : str
        What money is counted in.
    """
    spend = solution.spend.ravel()
    why = _Why(problem, spend, solution.shadow_prices, solution.status is Status.OPTIMAL, currency)
    return [why.line(i, cell) for i, cell in enumerate(cells * (len(spend) // len(cells)))]


def said_of_all_periods(why: list[str], spend: Array, marginal: Array, n_cells: int) -> list[str]:
    """Return for each cell the reason that stands for all its periods, of reasons a cell and period.

    Beside it stands what the next unit brings in the best period: the reason is that of the period with the most spend
    among those where it brings as much, or whose reason is of the same kind as there. Periods without spend count where
    all are without.

    >>> said_of_all_periods(["kept by a", "held by b"], np.array([9.0, 1.0]), np.array([1.0, 2.0]), 1)
    ['held by b']
    """
    said = []
    for cell in range(n_cells):
        every = list(range(cell, len(spend), n_cells))
        places = [k for k in every if spend[k] > 0.0] or every
        best = max(places, key=lambda k: marginal[k])
        least = _nearly(float(marginal[best]))
        alike = [k for k in places if marginal[k] >= least or _kind(why[k]) == _kind(why[best])]
        said.append(why[max(alike, key=lambda k: spend[k])])
    return said


def _kind(reason: str) -> str:
    """Return what a reason says, without the rule that it names."""
    return reason.partition(" by ")[0]


@dataclass(frozen=True, eq=False)
class _Why:
    """Words about the cells of one plan."""

    problem: AllocationProblem
    spend: Array
    prices: Mapping[str, float]
    proven: bool
    currency: str

    @cached_property
    def stand(self) -> Standing:
        return standing(self.problem, self.spend, self.prices)

    @cached_property
    def current(self) -> Array:
        current = self.problem.cells.current
        return np.zeros(len(self.spend)) if current is None else np.asarray(current)

    @cached_property
    def marginal(self) -> Array:
        """What the next unit on each cell brings on average over the draws: the number beside the reason."""
        return self.problem.marginal(self.spend)

    @cached_property
    def scale(self) -> float:
        return float(self.spend.sum()) or float(self.current.sum()) or 1.0

    @cached_property
    def most(self) -> Array:
        """What all of the money would bring on each cell alone."""
        alone = np.full(self.problem.curves.n_cells, self.scale)
        return self.problem.each_period(self.problem.curves.mean_value(alone))

    @cached_property
    def saturated(self) -> NDArray[np.bool_]:
        """Mark the cells on which twice the spend would bring hardly more, over all periods together."""
        reached, twice = (
            self.problem.each_period(
                self.problem.by_cell(self.problem.outcomes(factor * self.spend).mean(axis=0))
            )
            for factor in (1.0, 2.0)
        )
        return np.asarray(reached >= SATURATED * twice)

    def line(self, i: int, cell: Cell) -> str:
        """Say why a cell gets what it gets."""
        stand, held = self.stand, self.stand.held(i)
        if self.problem.scenario.limit == 0.0:
            return "no budget"
        if stand.empty[i] and not held and self.problem.charges[i] > 0.0 and self.marginal[i] <= 0.0:
            return _harm(cell)
        if self.most[i] <= 0.0:
            kept = None if stand.empty[i] else stand.less[i]
            return f"{_why_nothing(cell)}, kept by {kept.rule}" if kept else _why_nothing(cell)
        if stand.off[i]:
            return f"off: {stand.off[i]}"
        if held:
            rule = held.rule.removesuffix(f" {cell.name}")  # the line is about this cell anyway
            return f"{'kept by' if stand.kept(i) else 'held by'} {rule}"
        if not stand.by_return:
            chance = "the chance of the target"
            return f"does not raise {chance}" if stand.empty[i] else f"raises {chance}"
        return self._without_money(i) if stand.empty[i] else self._with_money(i, cell)

    def _without_money(self, i: int) -> str:
        """Why a cell gets nothing though no rule holds it."""
        stand, marginal = self.stand, self.marginal
        if stand.wants_more[i]:
            crowding = stand.crowded[i]
            return f"left no money by {crowding}" if crowding else self._within_the_gap(i, more=True)
        if stand.pays[i]:
            return "only a larger sum would pay"
        if self._is_free:
            return "little to gain from more"
        short = self._short_of_what_is_asked(i)
        if short:
            return short
        givers = stand.givers.copy()
        givers[i] = False
        least = float(np.min(marginal[givers], initial=np.inf))
        if givers.any() and _nearly(float(marginal[i])) <= least:
            return "returns less than the others"
        if self.problem.draw_weights(self.spend) is not None:
            return "returns less, the worst draws counted"
        return self._left_out(i, givers)

    def _left_out(self, i: int, givers: NDArray[np.bool_]) -> str:
        """Why a cell gets nothing though its next unit brings no less than that of cells with money."""
        stand, marginal, scenario = self.stand, self.marginal, self.problem.scenario
        if isinstance(scenario, TargetOutcome) and self._beyond_target:
            return "the target is reached without it"
        if self._at_min_roi and marginal[i] < scenario.min_roi:
            return f"would bring the ROI below {scenario.min_roi:g}"
        if givers.any():
            return "the money returns more where it is"
        kept = [k for k in np.flatnonzero(~stand.empty) if stand.kept(int(k)) and stand.less[k]]
        if not kept:
            return "little to gain from more"
        keeper = stand.less[min(kept, key=lambda k: marginal[k])]
        return f"left no money by {keeper.rule}" if keeper else ""

    def _with_money(self, i: int, cell: Cell) -> str:
        """Why a cell gets what it gets though no rule holds it there."""
        stand, marginal = self.stand, self.marginal
        if self.saturated[i]:
            return "demand met" if cell.purpose == "service" else "audience saturated"
        money = float(stand.money[i])
        if stand.rises[i] > money + COARSE * abs(money) + stand.room:
            crowding = stand.crowded[i]
            return f"makes room for {crowding}" if crowding else self._within_the_gap(i, more=True)
        if stand.falls[i] < money - COARSE * abs(money) - stand.room:
            return self._within_the_gap(i, more=False)
        if self._is_free:
            return _more_harm(cell) if self.problem.charges[i] > 0.0 else "little to gain from more"
        if self._buys_what_pays:
            return "pays up to here"
        if self.spend[i] < (1.0 - SAME) * self.current[i]:
            return self._cut(i)
        if self.problem.draw_weights(self.spend) is not None:
            best = float(np.max(marginal[stand.givers & ~stand.wants_more]))
            if marginal[i] < (1.0 - ALIKE) * best:
                return "returns more, the worst draws counted"
        # At a corner of its curve a cell brings enough up to here, and its next unit does not.
        return "pays up to here" if stand.rises[i] < stand.money[i] - stand.room else "best return left"

    def _cut(self, i: int) -> str:
        """Say where the money of a cell that gets less than today is gone."""
        stand, marginal, scenario = self.stand, self.marginal, self.problem.scenario
        grows = self.spend > (1.0 + SAME) * self.current
        better = marginal >= _nearly(float(marginal[i]))
        if (grows & better).any():
            return "returns more elsewhere"
        if scenario.limit is not None and scenario.limit < float(self.current.sum()):
            return "smaller budget"
        if isinstance(scenario, TargetOutcome):
            return "the target needs no more"
        if self._at_min_roi and marginal[i] < scenario.min_roi:
            return f"more would bring the ROI below {scenario.min_roi:g}"
        rules = {k: stand.less[k] for k in np.flatnonzero(grows & stand.wants_less)}
        for k in sorted(rules, key=lambda k: float(self.current[k] - self.spend[k])):
            held = rules[k]
            if held:
                return f"makes room for {held.rule}"
        return "pays up to here"

    def _within_the_gap(self, i: int, *, more: bool) -> str:
        """Say why a return out of line with the others moves no money."""
        if self.problem.draw_weights(self.spend) is not None:
            way = "less" if self.stand.empty[i] else "more"
            return f"returns {way}, the worst draws counted"
        what = "more" if more else "less"
        return f"little to gain from {what}" if self.proven else f"{what} may pay: not certified"

    def _short_of_what_is_asked(self, i: int) -> str:
        """Say that a cell's return misses what the scenario asks of every unit; empty if it asks for none."""
        scenario = self.problem.scenario
        asked = float(scenario.price) if self._buys_what_pays else 0.0
        nothing = float(self.spend.sum()) <= 0.0
        if nothing and getattr(scenario, "min_roi", None):
            asked = float(scenario.min_roi)
        if not asked or self.marginal[i] >= asked:
            return ""
        if float(scenario.price) == asked == 1.0:
            return "returns less than it costs"
        best = float(self.marginal.max())
        if nothing and self._highest < asked:
            return f"no {self.currency} returns {asked:g}, the best first one {best:.2f}"
        return f"returns less than {asked:g} per {self.currency}"

    @cached_property
    def _highest(self) -> float:
        """What the best unit anywhere brings, as far as the money at hand reaches."""
        size = max(self.scale, float(self.problem.scenario.limit or 0.0))
        return max(
            float(self.problem.marginal(np.full(len(self.spend), step)).max())
            for step in (0.0, *size * STEPS)
        )

    @property
    def _is_free(self) -> bool:
        """Whether money is left that nothing is charged for."""
        return bool(self.stand.money.max(initial=0.0) <= self.stand.room)

    @property
    def _buys_what_pays(self) -> bool:
        """Whether money is spent as long as a unit brings what the scenario asks of it, without any other limit."""
        scenario = self.problem.scenario
        return bool(scenario.gain and scenario.price and self.stand.base <= scenario.price + self.stand.room)

    @cached_property
    def _at_min_roi(self) -> bool:
        """Whether the plan just reaches a minimum ROI."""
        least = getattr(self.problem.scenario, "min_roi", None)
        return least is not None and self.problem.net(self.spend) <= (
            1.0 + REACHED
        ) * least * self.problem.money(self.spend)

    @property
    def _beyond_target(self) -> bool:
        return self.problem.net(self.spend) > (1.0 + REACHED) * float(self.problem.scenario.amount)


def _harm(cell: Cell) -> str:
    return "opt-outs cost more than it brings" if cell.purpose == "promotion" else "does more harm than good"


def _more_harm(cell: Cell) -> str:
    promotion = cell.purpose == "promotion"
    return f"more would {'cost more in opt-outs than it brings' if promotion else 'do more harm than good'}"


def _nearly(value: float) -> float:
    """A little less than a return, by as much as returns may differ that count as one."""
    return value * (1.0 - ALIKE) if value > 0.0 else value * (1.0 + ALIKE)


def _why_nothing(cell: Cell) -> str:
    """Why no amount of money on the cell brings anything."""
    if cell.purpose == "service":
        return "brings nothing" if cell.inbound_contacts else "no inbound contacts"
    return "brings nothing" if cell.reachable > 0.0 else "reaches nobody"
