"""What money must bring in a plan, and for each cell the rule that keeps it from getting more or less."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from channelmix.core.arrays import Array, Mask
from channelmix.core.tolerances import SPEND_SHOWN
from channelmix.engine.problem.problem import AllocationProblem
from channelmix.engine.rules import (
    ActivationFee,
    AtMostActive,
    EachPeriod,
    GroupShare,
    MinimumIfActive,
    PackSize,
    ReachTarget,
    Row,
)
from channelmix.engine.rules.auxiliary import Change, OnOff
from channelmix.engine.rules.risk import tail_mean

SAFE = "safe_improvement"
"""What the rule against losses is called."""

TIE = 1e-3
"""Share of a return by which two may differ and still count as one: as far as a plan's prices are confirmed."""

DUST = 1e-6
"""Share of the average return below which a return is as good as none."""

TIGHT = 1e-3
"""Share of what a row reaches within which it is at its limit, as for a plan's prices."""

NEAR = 1e-4
"""Share of a cell's spend below and above which its curve may have a corner that the plan stands on."""

SWITCHES = (ActivationFee, AtMostActive, MinimumIfActive)
"""Rules that may switch a cell off."""

STEPS = (1.0 / 256.0, 1.0 / 64.0, 1.0 / 16.0, 1.0 / 4.0, 1.0)
"""Spends at which a cell that is off might have paid, as a share of the plan's spend."""


@dataclass(frozen=True)
class Held:
    """A rule that stops a cell at its spend.

    Parameters
    ----------
    rule : str
        Its name.
    higher : bool
        Whether a higher limit would set the cell free, else a lower one.
    price : float, optional
        Worth of one more unit in the limit, in the objective; None where it is not known.
    kind : str
        The rule's kind.
    """

    rule: str
    higher: bool = True
    price: float | None = None
    kind: str = ""

    def name_beside(self, cell: str) -> str:
        """Return the rule's name where the cell is named already: without it, if the rule selects that cell alone."""
        return self.kind if self.rule == f"{self.kind} {cell}" else self.rule


@dataclass(frozen=True, eq=False)
class Standing:
    """Where every cell of a plan stands, in each period; arrays have shape (n_spends,).

    Parameters
    ----------
    base : float
        What the last unit of money must bring.
    money : ndarray
        The same on each cell: shares of total spend make money dearer or cheaper for the cells they do not select.
    rises, falls : ndarray
        What the next unit on a cell brings, and what its last one brought, as the objective weighs the draws.
    room : float
        By how much returns may differ and still count as one.
    empty : ndarray of bool
        Cells without money.
    more, less : list of Held or None
        The rule by which a cell cannot get more, or less, whether that would pay or not.
    off : list of str
        The rule that switches off a cell which would pay at some spend; else empty.
    crowded, freed : list of str
        The rule about a share of total spend for which others need more with the cell, or get room by it; else empty.
    pays : ndarray of bool
        Whether some spend on the cell alone would bring more than money must.
    exact : ndarray of bool
        Cells to which a rule gives an exact share of total spend, each by itself.
    by_return : bool
        Whether the plan is judged by what spend returns; not where a chance counts.
    """

    base: float
    money: Array
    rises: Array
    falls: Array
    room: float
    empty: Mask
    more: list[Held | None]
    less: list[Held | None]
    off: list[str]
    crowded: list[str]
    freed: list[str]
    pays: Mask
    exact: Mask
    by_return: bool

    @property
    def wants_more(self) -> Mask:
        """Mark the cells whose next unit brings more than money must."""
        return np.asarray(self.rises > self.money + self.room)

    @property
    def wants_less(self) -> Mask:
        """Mark the cells whose last unit brought less than money must."""
        return np.asarray(~self.empty & (self.falls < self.money - self.room))

    @property
    def givers(self) -> Mask:
        """Mark the cells with money that no rule alone keeps there."""
        return ~self.empty & ~self.wants_less

    def kept(self, cell: int) -> bool:
        """Whether a rule keeps money on a cell, rather than from it."""
        if self.by_return:
            return bool(self.wants_less[cell] if not self.exact[cell] else self._falls_short(cell))
        return not self.empty[cell] and self.more[cell] is None

    def held(self, cell: int) -> Held | None:
        """Return the rule that stops a cell short of what would pay; None where none does."""
        if self.kept(cell):
            return self.less[cell]
        if self.exact[cell] and self.by_return:
            return self.more[cell] if self.rises[cell] > self.base + self.room else None
        # The first unit of a cell may bring little where a larger sum would pay.
        stopped = self.wants_more[cell] or (self.empty[cell] and self.pays[cell]) or not self.by_return
        return self.more[cell] if stopped else None

    def _falls_short(self, cell: int) -> bool:
        """Whether the last unit on a cell brought less than money must bring anywhere.

        Shares that are all exact leave open which of them has the price: money is no dearer for one cell by it.
        """
        return bool(not self.empty[cell] and self.falls[cell] < self.base - self.room)


def standing(problem: AllocationProblem, spend: Array, prices: Mapping[str, float]) -> Standing:
    """Work out what money must bring, and what stops each cell.

    A rule stops a cell where more on it alone, or less, would break one of the rule's rows; a share of total spend is
    read as an amount wherever money is scarce. Prices choose between several such rows. What money must bring is what
    the scenario and prices say, as far as marginal returns leave that open: no less than what the next unit brings on
    a cell that is free to get more, and no more than what the last one brought on a cell that is free to give.

    Parameters
    ----------
    problem : AllocationProblem
    spend : ndarray of shape (n_spends,)
    prices : mapping of str to float
        Shadow prices by label. Rules that fix a cell's spend may have none.
    """
    total = float(spend.sum())
    today = 0.0 if problem.cells.current is None else float(problem.cells.current.sum())
    empty = np.asarray(spend <= SPEND_SHOWN * total)
    asked = -sum(prices.get(row.label, 0.0) * row.outcome for row in problem.rows)
    by_return = not isinstance(problem.risk, ReachTarget)
    binds = any(any(_at_limits(problem, row, spend)) for row in problem.rows if _is_scenario(problem, row))
    scarce = binds or problem.scenario.price > 0.0
    more, less = _stopping(problem, spend, prices, shares=not scarce)
    exact = np.array([_is_exact(*rows) for rows in zip(more, less, strict=True)])
    rises, falls = _slopes(problem, spend, asked)
    changes = _costs_of_change(problem, spend)
    for i, (_, charge) in changes.items():
        rises[i], falls[i] = rises[i] + charge, falls[i] - charge
    shift = _shares(problem, prices) if scarce else np.zeros(len(spend))
    base = _price_of_money(problem, prices, asked)
    known = bool(prices) or not binds
    if binds and by_return:
        free = np.array([row is None for row in more]) & ~_switched_off(problem, spend)
        gives = np.array([row is None for row in less]) & ~empty
        free[list(changes)] = gives[list(changes)] = False
        least = float(np.max((rises - shift)[free], initial=-math.inf))
        most = float(np.min((falls - shift)[gives], initial=math.inf))
        low, high = min(least, most), max(least, most)
        base = min(max(base, low) if math.isfinite(low) else base, high)
        known = known or (math.isfinite(low) and high - low <= TIE * abs(high))
    if total <= 0.0:  # of nothing, every return is the required one
        base = max(base, getattr(problem.scenario, "min_roi", None) or 0.0)
    money = base + shift
    average = problem.gross(spend) / total if total > 0.0 else 0.0
    room = (TIE * abs(base) if math.isfinite(base) else 0.0) + DUST * abs(average)
    worth = float(problem.scenario.gain) + asked
    priced = known and by_return and problem.draw_weights(spend) is None
    pays = _pays(problem, money + room, total or today or 1.0)
    safe = Held(SAFE) if _risks_all_it_may(problem, spend) else None
    named: tuple[list[Held | None], list[Held | None]] = ([], [])
    for into, rows, slopes in zip(named, (more, less), (rises, falls), strict=True):
        for i, row in enumerate(rows):
            gain = (float(slopes[i]) - float(money[i])) * worth
            found = None if row is None else _named(*row, prices, i, gain if priced else None)
            into.append(found or (Held(changes[i][0]) if i in changes else safe))
    wanted = pays | (rises > money + room)
    off = _off_by(problem, spend, wanted)
    crowded, freed = (_by_shares_of_others(problem, spend, prices, high=high) for high in (False, True))
    return Standing(
        base, money, rises, falls, room, empty, *named, off, crowded, freed, pays, exact, by_return
    )


def _is_scenario(problem: AllocationProblem, row: Row) -> bool:
    return row.rule == problem.rule_names[0]


def _at_limits(problem: AllocationProblem, row: Row, spend: Array) -> tuple[bool, bool]:
    """Whether a row is at its low and at its high limit."""
    values = {one.key: one.value(spend) for one in problem.auxiliaries if one.key in row.extra}
    parts = [weight * values[key] for key, weight in row.extra.items()]
    parts += [row.outcome * problem.net(spend)] if row.outcome else []
    left = np.array([*(row.coefficients.values * spend[row.coefficients.places]), *parts])
    reach, sum_ = float(np.abs(left).sum()), float(left.sum())
    low, high = (
        math.isfinite(limit) and side * (limit - sum_) <= TIGHT * max(reach, abs(limit))
        for side, limit in ((-1.0, row.low), (1.0, row.high))
    )
    return low, high


def _stopping(
    problem: AllocationProblem, spend: Array, prices: Mapping[str, float], *, shares: bool
) -> tuple[list[tuple[Row, bool] | None], list[tuple[Row, bool] | None]]:
    """For each cell, the row that more spend on it would break, and the one that less would, with the limit's side.

    A share of total spend speaks of the cells that it selects; of the others only where `shares` tells that the total
    is not given.
    """
    n = len(spend)
    found: dict[bool, list[tuple[Row, bool] | None]] = {True: [None] * n, False: [None] * n}
    pulls = {True: np.full(n, -1.0), False: np.full(n, -1.0)}
    for row in problem.rows:
        if _is_scenario(problem, row):
            continue
        price = prices.get(row.label, 0.0)
        for higher, tight in zip((False, True), _at_limits(problem, row, spend), strict=True):
            weights = row.coefficients
            for i, weight in zip(weights.places, weights.values.tolist(), strict=True) if tight else ():
                if weight < 0.0 and not shares and _is_share(row):
                    continue
                up = (weight > 0.0) == higher
                pull = abs(price * weight) if (price > 0.0) == higher else 0.0
                if pull > pulls[up][i]:
                    pulls[up][i], found[up][i] = pull, (row, higher)
    return found[True], found[False]


def _by_shares_of_others(
    problem: AllocationProblem, spend: Array, prices: Mapping[str, float], *, high: bool
) -> list[str]:
    """For each cell, the dearest rule that gives others a share of spend that they are at; else empty."""
    named = [""] * len(spend)
    for row in sorted(problem.rows, key=lambda row: abs(prices.get(row.label, 0.0))):
        if _is_share(row) and _at_limits(problem, row, spend)[high]:
            for i in row.coefficients.places[row.coefficients.values < 0.0]:
                named[i] = row.rule
    return named


def _is_exact(more: tuple[Row, bool] | None, less: tuple[Row, bool] | None) -> bool:
    """Whether the rows that stop a cell both ways are one rule that gives it alone an exact share of total spend."""
    if more is None or less is None or more[0].rule != less[0].rule or not _is_share(more[0]):
        return False
    return int(np.count_nonzero(more[0].coefficients.values > 0.0)) == 1


def _is_share(row: Row) -> bool:
    return row.kind == GroupShare.kind


def _named(row: Row, higher: bool, prices: Mapping[str, float], cell: int, gain: float | None) -> Held:
    """Name a row that stops a cell, with its price; one that is about the cell alone is worth what the cell gains."""
    if row.kind == PackSize.kind:  # whole packs: no limit that a unit of money would move
        return Held(row.rule, higher, kind=row.kind)
    price = prices.get(row.label)
    if price is not None and (price > 0.0) == higher:
        return Held(row.rule, higher, price, row.kind)
    if gain is None or not math.isfinite(gain) or len(row.coefficients.places) > 1:
        return Held(row.rule, higher, kind=row.kind)
    return Held(row.rule, higher, gain / float(row.coefficients[cell]), row.kind)


def _slopes(problem: AllocationProblem, spend: Array, asked: float) -> tuple[Array, Array]:
    """What the next unit on each cell brings and what the last one brought, as the objective weighs draws.

    `asked` is what rows that ask for outcome would pay for it: they speak of the mean.
    """
    gain, weights = float(problem.scenario.gain), problem.draw_weights(spend)
    sides = []
    for factor in (1.0, 1.0 + NEAR, 1.0 - NEAR):
        slope = problem.marginal(factor * spend)
        if weights is not None and gain + asked > 0.0:
            slope = (gain * problem.marginal(factor * spend, weights) + asked * slope) / (gain + asked)
        sides.append(slope)
    at, after, before = sides
    return np.minimum(at, after), np.maximum(at, before)


def _price_of_money(problem: AllocationProblem, prices: Mapping[str, float], asked: float) -> float:
    """Net outcome that the last unit of money must bring, by what the scenario and its rows charge for it."""
    charged, worth = float(problem.scenario.price), float(problem.scenario.gain) + asked
    for row in problem.rows:
        if _is_scenario(problem, row):
            # Money weighs alike on every cell.
            charged += prices.get(row.label, 0.0) * float(row.coefficients[0])
    if worth > 0.0:
        return charged / worth
    return math.inf if charged > 0.0 else 0.0


def _shares(problem: AllocationProblem, prices: Mapping[str, float]) -> Array:
    """What shares of total spend charge the cells that they do not select: money is that much cheaper or dearer."""
    shift = np.zeros(len(problem.cells))
    for row in problem.rows:
        if _is_share(row) and row.coefficients.min() < 0.0:
            price = prices.get(row.label, 0.0)
            shift[row.coefficients.places] += price * row.coefficients.min()
    return shift


def _switched_off(problem: AllocationProblem, spend: Array) -> Mask:
    """Mark the cells that an on/off state keeps without money."""
    off = np.zeros(len(spend), dtype=bool)
    for one in problem.auxiliaries:
        if isinstance(one, OnOff) and one.value(spend) == 0.0:
            off |= one.cells
    return off


def _costs_of_change(problem: AllocationProblem, spend: Array) -> dict[int, tuple[str, float]]:
    """Cells that stay at today's spend where changing it costs: the rule, and what it charges for a unit."""
    found: dict[int, tuple[str, float]] = {}
    for rule, name in zip(problem.constraints, problem.rule_names[1:], strict=True):
        for one in rule.auxiliaries(problem.cells):
            if isinstance(one, Change) and one.value(spend) <= 0.5 * NEAR * one.current:
                i = int(np.argmax(one.cells))
                found[i] = name, one.charge + (found[i][1] if i in found else 0.0)
    return found


def _risks_all_it_may(problem: AllocationProblem, spend: Array) -> bool:
    """Whether a rule against losses leaves no room for more risk."""
    if problem.baseline is None or problem.tail is None:
        return False
    gain = problem.net_draws(spend) - problem.net_draws(problem.baseline)
    return tail_mean(gain, problem.tail[1]) <= TIGHT * abs(problem.gross(spend))


def _pays(problem: AllocationProblem, money: Array, scale: float) -> Mask:
    """Mark the cells on which some spend would bring more than money must."""
    pays = np.zeros(len(money), dtype=bool)
    for step in (scale * share for share in STEPS):
        brings = problem.each_period(problem.alone(step)) - problem.charges * step
        pays |= brings > money * step
    return pays


def _off_by(problem: AllocationProblem, spend: Array, wanted: Mask) -> list[str]:
    """For each cell without money that is wanted, the rule that switches it off; else empty."""
    off = [""] * len(spend)
    values = {one.key: one.value(spend) for one in problem.auxiliaries}
    for rule, name in zip(problem.constraints, problem.rule_names[1:], strict=True):
        counts = isinstance(rule.inner, AtMostActive)
        for states in _states(problem, rule) if isinstance(rule.inner, SWITCHES) else ():
            full = not counts or sum(values[one.key] for one in states) >= rule.inner.count
            for one in states:
                for i in np.flatnonzero(one.cells & wanted & (values[one.key] == 0.0)):
                    if full and (not off[i] or counts):
                        off[i] = name
    return off


def _states(problem: AllocationProblem, rule: Any) -> list[list[OnOff]]:
    """On/off states of a rule, of each period by themselves where it holds in each."""
    per_period = isinstance(rule, EachPeriod)
    found = rule.by_period(problem.cells) if per_period else [rule.auxiliaries(problem.cells)]
    return [[one for one in states if isinstance(one, OnOff)] for states in found]
