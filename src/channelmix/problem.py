"""AllocationProblem: curves, scenario, constraints and charges, in the user's units and a standard form."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.carryover import Carryover, Delay
from channelmix.errors import InputError, nearest_name
from channelmix.formulation import TailRisk, formulate
from channelmix.response import ResponseCurves
from channelmix.response.discounted import Discounted
from channelmix.rules import (
    CONSTRAINTS,
    RISKS,
    SCENARIOS,
    Auxiliary,
    Cells,
    FixedBudget,
    MeanCVaR,
    PriceTiers,
    ReachTarget,
    Row,
    SafeImprovement,
    WorstCase,
    rule_from_dict,
    rule_to_dict,
)
from channelmix.rules.auxiliary import Change
from channelmix.rules.base import number
from channelmix.rules.risk import tail_mean, tail_weights
from channelmix.standard import REACHED, StandardForm

__all__ = ["AllocationProblem"]

Array = NDArray[np.float64]


BASELINE_TOLERANCE = 1e-6
"""Violation of a rule that counts as rounding in a mix to improve on, as a share of its total."""


@dataclass(frozen=True, eq=False)
class AllocationProblem:
    """Reach a scenario's aim within its limits and the constraints.

    The objective is ``gain * net outcome - price * money`` with the scenario's `gain` and `price`: net outcome is the
    mean outcome of all cells less charges, money is spend with activation fees.

    Parameters
    ----------
    curves : ResponseCurves
        Response of every cell; amounts everywhere below are in the curves' own unit of spend.
    scenario : FixedBudget, TargetOutcome, FlexibleBudget or MaxProfit
        What is asked for.
    constraints : sequence of constraints
        `SpendBounds`, `GroupShare`, `ChangeLimit`, `KeepWorking`, `LinearConstraint`, `MinimumIfActive`,
        `AtMostActive`, `ActivationFee`, `PackSize`.
    risk : MeanRisk, MeanCVaR, WorstCase, SafeImprovement or ReachTarget, optional
        How the draws count: by their mean if not given. `SafeImprovement` adds a rule: see `safe`.
    carryover : Carryover, optional
        Plans several periods instead of a typical one. Amounts of the scenario and the constraints are then over all
        periods together; a cell of one period is selected with ``period 3`` as a further part of its name.
    charge : mapping of selector to float, optional
        Cost per unit of spend that comes on top of spend itself (fatigue, for instance), in outcome per unit
        of spend. Charges of overlapping selectors add up.
    current : mapping of selector to float, optional
        Spend today on each cell by name, per period; cells not named have none. `KeepWorking` and `ChangeLimit` need
        it.

    Raises
    ------
    InputError
        If a name is unknown or a number is out of range.

    Examples
    --------
    >>> curves = ResponseCurves.power([1.0, 2.0], [0.5, 0.5], names=["sms", "app"])
    >>> budget = rule_from_dict({"kind": "fixed_budget", "amount": 10.0})
    >>> AllocationProblem(curves, budget).value([2.0, 8.0])
    7.07...
    """

    curves: ResponseCurves
    scenario: Any
    constraints: Sequence[Any] = ()
    risk: Any = None
    carryover: Carryover | None = None
    charge: Mapping[str, float] | None = None
    current: Mapping[str, float] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.curves, ResponseCurves):
            raise InputError("curves must be a ResponseCurves")
        if not isinstance(self.scenario, tuple(SCENARIOS.values())):
            raise InputError(f"scenario must be one of {', '.join(SCENARIOS)}, not {self.scenario!r}")
        if self.risk is not None and not isinstance(self.risk, tuple(RISKS.values())):
            raise InputError(f"risk must be one of {', '.join(RISKS)}, not {self.risk!r}")
        if self.carryover is not None and not isinstance(self.carryover, Carryover):
            raise InputError(f"carryover must be a Carryover, not {self.carryover!r}")
        if isinstance(self.risk, ReachTarget) and not isinstance(self.scenario, FixedBudget):
            raise InputError(
                "reach_target asks for the best chance within a fixed_budget, for no other scenario"
            )
        object.__setattr__(self, "constraints", tuple(self.constraints))
        for rule in self.constraints:
            if not isinstance(rule, tuple(CONSTRAINTS.values())):
                raise InputError(f"a constraint must be one of {', '.join(CONSTRAINTS)}, not {rule!r}")
        # Unknown names and shapes that do not fit are found here, not in the middle of a search.
        _ = self.delay, self.rows, self.charges, self.baseline

    @cached_property
    def delay(self) -> Delay | None:
        """The carry-over over this problem's cells; None where one typical period is planned."""
        return None if self.carryover is None else self.carryover.over(self.curves.n_cells)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a spend: (n_cells,), or (periods, n_cells)."""
        n = self.curves.n_cells
        return (n,) if self.delay is None else (self.delay.periods, n)

    @cached_property
    def cells(self) -> Cells:
        """The cells' names and current spend, as rules read them; one cell a period where there are several."""
        return Cells(self._names, self._current)

    @property
    def _names(self) -> tuple[str, ...]:
        if self.delay is None:
            return self.curves.names
        return tuple(
            f"{name}/period {t + 1}" for t in range(self.delay.periods) for name in self.curves.names
        )

    @property
    def _current(self) -> Array | None:
        if self.current is None:
            return None
        spend = np.zeros(self.curves.n_cells)
        for name, amount in self.current.items():
            if name not in self.curves.names:
                raise InputError(
                    f'current spend on an unknown cell "{name}"{nearest_name(name, self.curves.names)}'
                )
            number(amount, f"current spend on {name}")
            spend[self.curves.names.index(name)] = amount
        return np.broadcast_to(spend, self.shape).ravel()

    @cached_property
    def auxiliaries(self) -> tuple[Auxiliary, ...]:
        """Variables beside spend that the constraints bring; equal keys are one, with fees and charges added up."""
        found: dict[str, Auxiliary] = {}
        for rule in self.constraints:
            for one in rule.auxiliaries(self.cells) if hasattr(rule, "auxiliaries") else ():
                old = found.get(one.key)
                if old is not None:
                    one = dataclasses.replace(one, fee=one.fee + old.fee, charge=one.charge + old.charge)
                found[one.key] = one
        return tuple(found.values())

    @cached_property
    def rule_names(self) -> tuple[str, ...]:
        """What the scenario and each constraint are called; equal names are told apart by a number."""
        taken: set[str] = set()
        return tuple(_unused(rule.label, taken) for rule in (self.scenario, *self.constraints))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every row of the scenario and the constraints; equal labels are told apart by a number."""
        labels: set[str] = set()
        rows: list[Row] = []
        fees = {one.key: one.fee for one in self.auxiliaries if one.fee}
        for rule, name in zip((self.scenario, *self.constraints), self.rule_names, strict=True):
            for r in rule.rows(dataclasses.replace(self.cells, fees=fees)):
                rows.append(dataclasses.replace(r, rule=name, label=_unused(r.label, labels)))
        return tuple(rows)

    @cached_property
    def charges(self) -> Array:
        """Charge per unit of spend of each cell; shape (n_cells,), or (periods * n_cells,)."""
        charges = np.zeros(len(self.cells))
        for selector, rate in (self.charge or {}).items():
            number(rate, f"the charge of {selector}")
            charges += float(rate) * self.cells.select(selector)
        return charges

    @cached_property
    def response(self) -> ResponseCurves:
        """The curves of what acts: those of the cells at their prices, or one a cell and period of the horizon."""
        curves = self.curves
        for rule in self.constraints:
            if isinstance(rule, PriceTiers):
                chosen = Cells(curves.names).select(rule.selector)
                curves = curves.discounted(chosen, rule.tiers)
        return curves if self.delay is None else self.delay.curves(curves)

    def acting(self, spend: Any) -> Array:
        """Spend that acts: adstocked where there is a carry-over; shape (response.n_cells,)."""
        array = np.asarray(spend, dtype=float).ravel()
        return array if self.delay is None else self.delay.matrix @ array + self.delay.start

    @cached_property
    def anyway(self) -> float:
        """Mean outcome of what was spent before the plan, which no spend of the plan can claim."""
        if self.delay is None:
            return 0.0
        return float(self.response.mean_value(self.delay.start).sum())

    def gross(self, spend: Any) -> float:
        """Mean outcome of all cells at `spend`, of the problem's shape, before charges."""
        return float(self.response.mean_value(self.acting(spend)).sum()) - self.anyway

    def net(self, spend: Any) -> float:
        """Mean outcome of all cells at `spend` less charges."""
        array = np.asarray(spend, dtype=float).ravel()
        extra = sum(one.charge * one.value(array) for one in self.auxiliaries if one.charge)
        return self.gross(spend) - float(self.charges @ array) - extra

    def money(self, spend: Any) -> float:
        """Money that `spend` takes: its sum and the fees that it makes due."""
        array = np.asarray(spend, dtype=float).ravel()
        return float(array.sum()) + sum(one.fee * one.value(array) for one in self.auxiliaries if one.fee)

    def net_draws(self, spend: Any) -> Array:
        """Outcome of all cells at `spend` less charges, of every draw; shape (n_draws,)."""
        array = np.asarray(spend, dtype=float).ravel()
        extra = sum(one.charge * one.value(array) for one in self.auxiliaries if one.charge)
        return np.asarray(self.outcomes(array).sum(axis=1) - float(self.charges @ array) - extra)

    def outcomes(self, spend: Any) -> Array:
        """Outcome of every draw and curve of `response` at `spend`, before charges; shape (n_draws, n_curves)."""
        drawn = self.response.value(self.acting(spend))
        return drawn if self.delay is None else drawn - self.response.value(self.delay.start)

    def charged(self, spend: Any) -> Array:
        """What the spend on each cell costs beside itself, changes of spend included; shape (n_spends,)."""
        array = np.asarray(spend, dtype=float).ravel()
        charged = self.charges * array
        for one in self.auxiliaries:
            if one.charge:
                charged = charged + np.where(one.cells, one.charge * one.value(array), 0.0)
        return np.asarray(charged)

    def marginal(self, spend: Any, weights: Array | None = None) -> Array:
        """Net outcome of the next unit of spend on each cell, to the right; shape (n_spends,).

        `weights`, of shape (n_draws,), weigh the draws; without them their mean counts.
        """
        array = np.asarray(spend, dtype=float).ravel()
        slopes = self.response.derivative(self.acting(array))
        slope = slopes.mean(axis=0) if weights is None else weights @ slopes
        if self.delay is not None:
            slope = slope @ self.delay.matrix
        for one in self.auxiliaries:
            if isinstance(one, Change) and one.charge:
                up = array[one.cells] >= one.current
                slope[one.cells] -= np.where(up, one.charge, -one.charge)
        return np.asarray(slope - self.charges)

    def draw_weights(self, spend: Any) -> Array | None:
        """Weights of the draws in the objective at `spend`, the worst of them told there; None for their mean."""
        if self.tail is None or not self.tail[0]:
            return None
        worst = tail_weights(self.net_draws(spend), self.tail[1])
        return np.asarray((1.0 - self.tail[0]) / len(worst) + self.tail[0] * worst)

    def at_first_price(self, spend: Any) -> Array:
        """Spend on each cell that would buy as much without price tiers; shape (n_cells,), for one period."""
        bought = np.array(spend, dtype=float)
        for i in range(self.curves.n_cells):
            curve = self.response.cell(i)
            while isinstance(curve, Discounted):
                bought[i] = curve.buys(bought[i : i + 1])[0]
                curve = curve.inner
        return bought

    @property
    def tail(self) -> tuple[float, float] | None:
        """Weight of the worst draws in the objective, and which share of the draws they are; None for the mean."""
        if isinstance(self.risk, MeanCVaR):
            return self.risk.weight, self.risk.tail
        if isinstance(self.risk, WorstCase):
            return 1.0, 1.0 / self.curves.n_draws
        return (0.0, self.risk.tail) if isinstance(self.risk, SafeImprovement) else None

    @cached_property
    def baseline(self) -> Array | None:
        """Spend that a `SafeImprovement` improves on, of the problem's shape; None without one."""
        if not isinstance(self.risk, SafeImprovement):
            return None
        mix = self.risk.current if self.risk.current is not None else self.current
        if mix is None:
            raise InputError(
                "safe_improvement needs the current mix: state it with SafeImprovement(current=...)"
            )
        spend = np.zeros(len(self.cells))
        for name, amount in mix.items():
            chosen = [
                i for i, cell in enumerate(self.cells.names) if name in (cell, cell.rpartition("/period ")[0])
            ]
            if not chosen:
                raise InputError(
                    f'safe_improvement improves on an unknown cell "{name}"{nearest_name(name, self.cells.names)}'
                )
            spend[chosen] = amount
        return spend.reshape(self.shape)

    def chance(self, spend: Any) -> float:
        """Share of draws in which net outcome reaches the target of a `ReachTarget`."""
        target = self.risk.outcome
        return float((self.net_draws(spend) >= target - REACHED * abs(target)).mean())

    def value(self, spend: Any) -> float:
        """Objective at `spend`, of the problem's shape; a chance with a `ReachTarget`."""
        if isinstance(self.risk, ReachTarget):
            return self.chance(spend)
        gained = self.scenario.gain * self.net(spend) if self.scenario.gain else 0.0
        if self.tail is not None and self.tail[0] and self.scenario.gain:
            net = self.net_draws(spend)
            gained += self.scenario.gain * self.tail[0] * (tail_mean(net, self.tail[1]) - float(net.mean()))
        return float(gained - (self.scenario.price * self.money(spend) if self.scenario.price else 0.0))

    def size(self, spend: Any) -> float:
        """Denominator of the gap: the larger of the objective's size and gross outcome (if that is what counts)."""
        if isinstance(self.risk, ReachTarget):
            return 1.0
        return max(abs(self.value(spend)), float(self.scenario.gain) * self.gross(spend))

    def violation(self, spend: Any) -> float:
        """Largest violation of any rule at `spend`, in units of spend (of outcome for a target); 0 if all hold."""
        largest = self.broken(spend)
        if self.baseline is not None and self.tail is not None:
            gain = self.net_draws(spend) - self.net_draws(self.baseline)
            largest = max(largest, -tail_mean(gain, self.tail[1]))
        return largest

    def broken(self, spend: Any, *, outcomes: bool = True) -> float:
        """Like `violation`, of scenario and constraints alone, or of those of them that do not ask for outcome."""
        array = np.asarray(spend, dtype=float).ravel()
        extra = {one.key: one.value(array) for one in self.auxiliaries}
        outcome = self.net(spend) if any(row.outcome for row in self.rows) else 0.0
        largest = float(np.max(-array, initial=0.0))
        for row in self.rows:
            if row.outcome and not outcomes:
                continue
            # Divided by its largest weight, a row's violation is an amount of spend.
            weight = float(np.abs(row.coefficients).max(initial=0.0)) or row.outcome or 1.0
            largest = max(largest, row.violation(array, extra, outcome) / weight)
        return largest

    def improving_on(self, baseline: Any) -> Self:
        """Return the same problem with another mix to improve on, of the problem's shape."""
        mix = dict(zip(self.cells.names, np.ravel(baseline).tolist(), strict=True))
        return dataclasses.replace(self, risk=dataclasses.replace(self.risk, current=mix))

    @property
    def needs_baseline(self) -> bool:
        """Whether the mix to improve on breaks a rule, so that one nearby must take its place."""
        if self.baseline is None:
            return False
        return self.broken(self.baseline, outcomes=False) > BASELINE_TOLERANCE * float(self.baseline.sum())

    @cached_property
    def standard(self) -> StandardForm:
        """The same problem in canonical order and in units that are powers of two."""
        risk = None
        if isinstance(self.risk, ReachTarget):
            risk = TailRisk(0.0, 1.0, target=float(self.risk.outcome))
        if self.tail is not None:
            floor = None if self.baseline is None else self.net_draws(self.baseline)
            risk = TailRisk(*self.tail, floor)
        return StandardForm.of(
            formulate(
                self.response,
                self.rows,
                self.charges,
                gain=self.scenario.gain,
                price=self.scenario.price,
                auxiliaries=self.auxiliaries,
                delay=self.delay,
                risk=risk,
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Write the problem as JSON-ready data."""
        data: dict[str, Any] = {
            "curves": self.curves.to_dict(),
            "scenario": rule_to_dict(self.scenario),
            "constraints": [rule_to_dict(rule) for rule in self.constraints],
        }
        if self.carryover is not None:
            data["carryover"] = self.carryover.to_dict()
        if self.risk is not None:
            data["risk"] = rule_to_dict(self.risk)
        if self.charge is not None:
            data["charge"] = dict(self.charge)
        if self.current is not None:
            data["current"] = dict(self.current)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        InputError
            If the data are damaged.
        """
        try:
            unknown = set(data) - {
                "curves",
                "scenario",
                "constraints",
                "risk",
                "carryover",
                "charge",
                "current",
            }
            if unknown:
                raise InputError(f"problem: unknown parts: {', '.join(sorted(unknown))}")
            return cls(
                ResponseCurves.from_dict(data["curves"]),
                rule_from_dict(data["scenario"]),
                [rule_from_dict(rule) for rule in data["constraints"]],
                risk=rule_from_dict(data["risk"]) if "risk" in data else None,
                carryover=Carryover.from_dict(data["carryover"]) if "carryover" in data else None,
                charge=data.get("charge"),
                current=data.get("current"),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"problem: damaged data ({error!r})") from None


def _unused(name: str, taken: set[str]) -> str:
    """Return `name`, with a number where it is taken already, and take it."""
    candidates = itertools.chain([name], (f"{name} ({k})" for k in itertools.count(2)))
    chosen = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(chosen)
    return chosen
