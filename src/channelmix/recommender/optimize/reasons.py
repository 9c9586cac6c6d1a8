"""Why each cell gets what it gets, in a few words that its numbers bear out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.tolerances import SPEND_MOVED
from channelmix.core.words import Message, say
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.proof.solution import Solution, Status
from channelmix.engine.rules import GroupShare, ObservedRange, TargetOutcome
from channelmix.plan import is_wide
from channelmix.profile import Cell
from channelmix.recommender.optimize.holding import Held, Standing, standing

SATURATED = 0.1
"""Share of what a unit brings on average up to which the next one brings next to nothing: a cell is saturated."""

ALIKE = 1e-3
"""Share by which returns may differ and still count as one."""

COARSE = 0.02
"""Share by which a return may be out of line where little money is: a plan is exact in value, not in returns."""

REACHED = 1e-3
"""Share of a target, or of a required return, by which a plan may exceed it and still just reach it."""

STEPS = np.geomspace(1e-4, 1.0, 33)
"""Spends at which a required return is looked for, as a share of the money at hand."""


def reasons(
    problem: AllocationProblem,
    solution: Solution,
    cells: tuple[Cell, ...],
    currency: str,
    seen: Mapping[int, tuple[float, float]] | None = None,
) -> list[Message]:
    """State why each cell gets what it gets in each period: the rule that holds it, or how its return compares.

    Parameters
    ----------
    problem, solution
        What was solved, and the answer.
    cells : tuple of Cell
        In the order of the problem's curves.
    currency : str
        What money is counted in.
    seen : mapping of int to (float, float), optional
        Least and most that was ever spent on cells with history, by their places.
    """
    spend = solution.spend.ravel()
    proven = solution.status is Status.OPTIMAL and not is_wide(solution.gap)
    why = _Why(problem, spend, solution.shadow_prices, proven, currency, seen or {})
    return [why.line(i, cell) for i, cell in enumerate(cells * (len(spend) // len(cells)))]


def said_of_all_periods(why: list[Message], spend: Array, marginal: Array, n_cells: int) -> list[Message]:
    """Return for each cell the reason that stands for all its periods, of reasons a cell and period.

    Beside it stands what the next unit brings in the best period: the reason is that of the period with the most spend
    among those where it brings as much, or whose reason is of the same kind as there. Periods without spend count where
    all are without.

    >>> why = [say("reason.kept", rule="a"), say("reason.held", rule="b")]
    >>> said_of_all_periods(why, np.array([9.0, 1.0]), np.array([1.0, 2.0]), 1)
    ['held by b']
    """
    said = []
    for cell in range(n_cells):
        every = list(range(cell, len(spend), n_cells))
        places = [k for k in every if spend[k] > 0.0] or every
        best = max(places, key=lambda k: marginal[k])
        least = _nearly(float(marginal[best]))
        alike = [k for k in places if marginal[k] >= least or why[k].code == why[best].code]
        said.append(why[max(alike, key=lambda k: spend[k])])
    return said


@dataclass(frozen=True, eq=False)
class _Why:
    """Words about the cells of one plan."""

    problem: AllocationProblem
    spend: Array
    prices: Mapping[str, float]
    proven: bool
    currency: str
    seen: Mapping[int, tuple[float, float]]

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
    def charges(self) -> Array:
        """Charges and losses of the next unit of spend on each cell; shape (n_spends,)."""
        return self.problem.charge_slopes(self.spend)

    @cached_property
    def keeps_baseline(self) -> bool:
        """Whether the plan is the mix that it may only improve on."""
        baseline = self.problem.baseline
        return baseline is not None and np.array_equal(self.spend, np.ravel(baseline))

    @cached_property
    def saturated(self) -> NDArray[np.bool_]:
        """Mark the cells on which the next unit brings next to nothing beside the average one."""
        spent, brought = (
            self.problem.by_cell(sums) for sums in (self.spend, self.problem.mean_outcomes(self.spend))
        )
        average = brought / np.where(spent > 0.0, spent, 1.0)
        slope = self.marginal + self.charges  # what the curve itself brings
        return np.asarray(slope <= SATURATED * self.problem.each_period(average))

    def line(self, i: int, cell: Cell) -> Message:
        """Say why a cell gets what it gets."""
        stand, held = self.stand, self.stand.held(i)
        if self.problem.scenario.limit == 0.0:
            return say("reason.no_budget")
        if stand.empty[i] and not held and self.charges[i] > 0.0 and self.marginal[i] <= 0.0:
            return _harm(cell)
        if self.most[i] <= 0.0:
            kept = None if stand.empty[i] else stand.less[i]
            nothing = _why_nothing(cell)
            return say("reason.nothing_kept", reason=nothing, rule=kept.rule) if kept else nothing
        if stand.off[i]:
            return say("reason.off", rule=stand.off[i])
        if self.keeps_baseline:
            return say("reason.no_safe_change")
        if held:
            return self._stopped(held, i, cell.name, kept=stand.kept(i))
        if not stand.by_return:
            return say("reason.no_chance" if stand.empty[i] else "reason.raises_chance")
        return self._without_money(i) if stand.empty[i] else self._with_money(i, cell)

    def _stopped(self, held: Held, i: int, cell: str, *, kept: bool) -> Message:
        """Name the rule that stops a cell; the range that history has seen says up to where."""
        place = i % self.problem.curves.n_cells
        if held.kind != ObservedRange.kind or place not in self.seen:
            return say("reason.kept" if kept else "reason.held", rule=held.name_beside(cell))
        least, most = self.seen[place]
        rule = self.problem.constraints[self.problem.rule_names.index(held.rule) - 1].inner
        if kept:
            code = "reason.never_less" if rule.low >= (1.0 - ALIKE) * least else "reason.never_less_mix"
            return say(code, currency=self.currency, amount=least)
        code = "reason.never_more" if rule.high <= (1.0 + ALIKE) * most else "reason.never_more_mix"
        return say(code, currency=self.currency, amount=most)

    def _without_money(self, i: int) -> Message:
        """Why a cell gets nothing though no rule holds it."""
        stand, marginal = self.stand, self.marginal
        if isinstance(self.problem.scenario, TargetOutcome) and self.spend.sum() <= 0.0:
            return say("reason.target_reached")
        if stand.wants_more[i]:
            crowding = stand.crowded[i]
            return say("reason.left_none", rule=crowding) if crowding else self._within_the_gap(i, more=True)
        if stand.pays[i]:
            return say("reason.larger_sum")
        if self._is_free:
            return say("reason.little_more")
        short = self._short_of_what_is_asked(i)
        if short:
            return short
        givers = stand.givers.copy()
        givers[i] = False
        least = float(np.min(marginal[givers], initial=np.inf))
        if givers.any() and _nearly(float(marginal[i])) <= least:
            return say("reason.others")
        if self.problem.draw_weights(self.spend) is not None:
            return say("reason.worst_draws_less")
        return self._left_out(i, givers)

    def _left_out(self, i: int, givers: NDArray[np.bool_]) -> Message:
        """Why a cell gets nothing though its next unit brings no less than that of cells with money."""
        stand, marginal, scenario = self.stand, self.marginal, self.problem.scenario
        tied = self._tied_by_shares(i)
        if tied:
            return tied
        if isinstance(scenario, TargetOutcome) and self._beyond_target:
            return say("reason.target_reached")
        if self._at_min_roi and marginal[i] < scenario.min_roi:
            return say("reason.below_roi", roi=scenario.min_roi)
        if givers.any():
            return say("reason.better_where_it_is")
        keepers = {k: stand.less[k] for k in map(int, np.flatnonzero(~stand.empty)) if stand.kept(k)}
        rules = {k: keeper.rule for k, keeper in keepers.items() if keeper}
        if not rules:
            return say("reason.little_more")
        return say("reason.left_none", rule=rules[min(rules, key=lambda k: marginal[k])])

    def _tied_by_shares(self, i: int) -> Message | None:
        """Name the share of spend that keeps a cell from what would pay by itself; None where none does.

        A plan of nothing is at the limits of all shares: a unit on the cell takes others elsewhere, which do not pay.
        """
        stand = self.stand
        if stand.rises[i] <= stand.base + stand.room:
            return None
        own, crowding = stand.more[i], stand.crowded[i]
        if own is not None and own.kind == GroupShare.kind:
            return say("reason.held", rule=own.rule)
        return say("reason.left_none", rule=crowding) if crowding else None

    def _with_money(self, i: int, cell: Cell) -> Message:
        """Why a cell gets what it gets though no rule holds it there."""
        stand, marginal = self.stand, self.marginal
        if self.saturated[i]:
            return say("reason.demand_met" if cell.purpose == "service" else "reason.saturated")
        money = float(stand.money[i])
        if stand.rises[i] > money + COARSE * abs(money) + stand.room:
            crowding = stand.crowded[i]
            return say("reason.makes_room", rule=crowding) if crowding else self._within_the_gap(i, more=True)
        if stand.falls[i] < money - COARSE * abs(money) - stand.room:
            return self._within_the_gap(i, more=False)
        if self._is_free:
            return _more_harm(cell) if self.charges[i] > 0.0 else say("reason.little_more")
        if self._buys_what_pays:
            return self._up_to_here(i)
        if self.spend[i] < (1.0 - SPEND_MOVED) * self.current[i]:
            return self._cut(i)
        if self.problem.draw_weights(self.spend) is not None:
            stopped = stand.wants_more & np.array([rule is not None for rule in stand.more])
            best = float(np.max(marginal[stand.givers & ~stopped]))
            if marginal[i] < (1.0 - ALIKE) * best:
                return say("reason.worst_draws_more")
        # At a corner of its curve a cell brings enough up to here, and its next unit does not.
        at_corner = stand.rises[i] < stand.money[i] - stand.room
        return self._up_to_here(i) if at_corner else say("reason.best")

    def _cut(self, i: int) -> Message:
        """Say where the money of a cell that gets less than today is gone."""
        stand, marginal, scenario = self.stand, self.marginal, self.problem.scenario
        grows = self._grows
        if marginal[grows].max(initial=-math.inf) >= _nearly(float(marginal[i])):
            return say("reason.elsewhere")
        if scenario.limit is not None and scenario.limit < float(self.current.sum()):
            return say("reason.smaller_budget")
        if isinstance(scenario, TargetOutcome):
            return say("reason.target_no_more")
        if self._at_min_roi and marginal[i] < scenario.min_roi:
            return say("reason.more_below_roi", roi=scenario.min_roi)
        rules = {k: stand.less[k] for k in np.flatnonzero(grows & stand.wants_less)}
        for k in sorted(rules, key=lambda k: float(self.current[k] - self.spend[k])):
            held = rules[k]
            if held:
                return say("reason.makes_room", rule=held.rule)
        return self._up_to_here(i)

    def _up_to_here(self, i: int) -> Message:
        """Say that the next unit is not worth its money: it pays no more, or less than that of other cells."""
        if not self._buys_what_pays:
            return say("reason.best_up_to_here")
        stand, asked, own = self.stand, float(self.problem.scenario.price), float(self.marginal[i])
        if own > (1.0 + COARSE) * asked and stand.crowded[i]:
            return say("reason.more_needs_more", rule=stand.crowded[i])
        if own < (1.0 - COARSE) * asked and stand.freed[i]:
            return say("reason.makes_room", rule=stand.freed[i])
        return say("reason.pays_up_to_here")

    def _within_the_gap(self, i: int, *, more: bool) -> Message:
        """Say why a return out of line with the others moves no money."""
        if self.problem.draw_weights(self.spend) is not None:
            return say("reason.worst_draws_less" if self.stand.empty[i] else "reason.worst_draws_more")
        return say(f"reason.{'little' if self.proven else 'open'}_{'more' if more else 'less'}")

    def _short_of_what_is_asked(self, i: int) -> Message | None:
        """Say that a cell's return misses what the scenario asks of every unit; None if it asks for none."""
        scenario = self.problem.scenario
        asked = float(scenario.price) if self._buys_what_pays else 0.0
        nothing = float(self.spend.sum()) <= 0.0
        if nothing and getattr(scenario, "min_roi", None):
            asked = float(scenario.min_roi)
        if not asked or self.marginal[i] >= asked:
            return None
        if float(scenario.price) == asked == 1.0:
            return say("reason.cost")
        best = float(self.marginal.max())
        if nothing and self._highest < asked:
            return say("reason.none_returns", currency=self.currency, asked=asked, best=best)
        return say("reason.below_asked", asked=asked, currency=self.currency)

    @cached_property
    def _highest(self) -> float:
        """What the best unit anywhere brings, as far as the money at hand reaches."""
        size = max(self.scale, float(self.problem.scenario.limit or 0.0))
        return max(
            float(self.problem.marginal(np.full(len(self.spend), step)).max())
            for step in (0.0, *size * STEPS)
        )

    @cached_property
    def _grows(self) -> NDArray[np.bool_]:
        """Mark the cells that get more than today."""
        return np.asarray(self.spend > (1.0 + SPEND_MOVED) * self.current)

    @cached_property
    def _is_free(self) -> bool:
        """Whether money is left that nothing is charged for."""
        return bool(self.stand.money.max(initial=0.0) <= self.stand.room)

    @cached_property
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


def _harm(cell: Cell) -> Message:
    return say("reason.opt_outs" if cell.purpose == "promotion" else "reason.harm")


def _more_harm(cell: Cell) -> Message:
    return say("reason.more_opt_outs" if cell.purpose == "promotion" else "reason.more_harm")


def _nearly(value: float) -> float:
    """A little less than a return, by as much as returns may differ that count as one."""
    return value * (1.0 - ALIKE) if value > 0.0 else value * (1.0 + ALIKE)


def _why_nothing(cell: Cell) -> Message:
    """Why no amount of money on the cell brings anything."""
    if cell.purpose == "service" and not cell.inbound_contacts:
        return say("reason.no_contacts")
    return say(
        "reason.reaches_nobody"
        if cell.purpose != "service" and cell.reachable <= 0.0
        else "reason.brings_nothing"
    )
