"""The parts of an allocation problem, checked, and its rules as rows over the cells of every period."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import NoneType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, echo, expect, named, nearest_name
from channelmix.core.sizes import (
    MOST_NUMBERS,
    MOST_OUTCOMES,
    MOST_PRICE_RULES,
    MOST_PRICES_OF_A_CELL,
    MOST_RULE_CELLS,
    MOST_RULES,
    MOST_WEIGHTS,
    within,
)
from channelmix.engine.problem.bounds import propagate
from channelmix.engine.problem.matrix import matrix_of
from channelmix.engine.response import ResponseCurves
from channelmix.engine.response.carryover import Carryover, Delay
from channelmix.engine.rules import (
    Auxiliary,
    Cells,
    Constraint,
    FixedBudget,
    ReachTarget,
    Risk,
    Row,
    SafeImprovement,
    Scenario,
    TargetOutcome,
    rule_from_dict,
    rule_to_dict,
)
from channelmix.engine.rules.rows import number

_JOIN = "join those on the same cells"
_OF_RULES = ("delay", "cells", "auxiliaries", "rule_names", "rows", "row_box", "row_bounds", "charges")
"""What is worked out of rules and names alone."""

_OF_CURVES = ("response", "lossy")
"""What is worked out of curves, rules and names."""

_FEWER = "state fewer rules, on fewer cells or over longer periods"


@dataclass(frozen=True, eq=False)
class Statement:
    """Curves, scenario, constraints and charges; see `AllocationProblem`, which evaluates spend under them."""

    curves: ResponseCurves
    scenario: Any
    constraints: Sequence[Any] = ()
    risk: Any = None
    carryover: Carryover | None = None
    charge: Mapping[str, float] | None = None
    current: Mapping[str, float] | None = field(default=None, kw_only=True)
    losses: ResponseCurves | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        expect(self.curves, "curves", ResponseCurves)
        _expect_kind(self.scenario, Scenario, "scenario")
        if self.risk is not None:
            _expect_kind(self.risk, Risk, "risk")
        expect(self.carryover, "carryover", Carryover, NoneType)
        expect(self.constraints, "constraints", Iterable)
        if isinstance(self.risk, ReachTarget) and not isinstance(self.scenario, FixedBudget):
            raise InputError("reach_target maximizes the chance within a fixed_budget, in no other scenario")
        if isinstance(self.scenario, TargetOutcome) and self.risk is not None and not self.risk.with_target:
            raise InputError(
                f"{self.risk.kind} has no effect on a target_outcome, which is reached on average at the lowest cost: "
                "leave the risk out, or use it with a fixed_budget"
            )
        object.__setattr__(self, "constraints", tuple(self.constraints))
        self._check_sizes()
        for rule in self.constraints:
            _expect_kind(rule, Constraint, "a constraint")
        expect(self.losses, "losses", ResponseCurves, NoneType)
        if self.losses is not None:
            _check_losses(self.losses, self.curves)
        # Errors in names and shapes are found here, not in the middle of a search.
        _ = self.delay, self.rows, self.charges, self.baseline

    def but(self, **changes: Any) -> Self:
        """Return the same problem with some parts changed, like `dataclasses.replace`.

        What rules say is taken over where it cannot change: on other curves of the same cells, and with another risk.
        """
        kept: tuple[str, ...] = ()
        curves = changes.get("curves", self.curves)
        if not changes.keys() - {"curves", "losses", "risk"} and curves.names == self.curves.names:
            kept = _OF_RULES if changes.keys() - {"risk"} else (*_OF_RULES, *_OF_CURVES)
        other = object.__new__(type(self))
        other.__dict__.update({f.name: getattr(self, f.name) for f in dataclasses.fields(self)} | changes)
        other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        other.__post_init__()
        return other

    def _check_sizes(self) -> None:
        rules, spends = len(self.constraints), math.prod(self.shape)
        horizon = 1 if self.carryover is None else self.carryover.horizon
        fewer = "plan on fewer draws, longer periods or fewer cells"
        within(
            MOST_OUTCOMES,
            self.curves.n_draws * self.curves.n_cells * horizon,
            "draws x cells x periods",
            fewer,
        )
        numbers = sum(array.size for block in self.curves.blocks for array in block.parameters.values())
        within(MOST_NUMBERS, numbers, "numbers that describe the curves", fewer)
        within(MOST_RULES, rules, "rules", _JOIN)
        within(MOST_RULE_CELLS, rules * spends, "rules x cells x periods", _JOIN)

    @cached_property
    def delay(self) -> Delay | None:
        """The carry-over of this problem's cells; None for a typical period."""
        return None if self.carryover is None else self.carryover.over(self.curves.n_cells)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a spend: (n_cells,), or (periods, n_cells)."""
        n = self.curves.n_cells
        return (n,) if self.delay is None else (self.delay.periods, n)

    @cached_property
    def cells(self) -> Cells:
        """The cells' names and current spend, as rules read them; over several periods, one cell for each period."""
        periods = None if self.delay is None else self.delay.periods
        return Cells(self.curves.names, self._current, n_periods=periods)

    @property
    def _current(self) -> Array | None:
        if self.current is None:
            return None
        spend = np.zeros(self.curves.n_cells)
        places = {name: i for i, name in enumerate(self.curves.names)}
        for name, amount in self.current.items():
            if name not in places:
                raise InputError(
                    f'current spend on an unknown cell "{name}"{nearest_name(name, self.curves.names)}'
                )
            number(amount, f"current spend on {name}")
            spend[places[name]] = amount
        return np.broadcast_to(spend, self.shape).ravel()

    @cached_property
    def auxiliaries(self) -> tuple[Auxiliary, ...]:
        """Auxiliary variables of the constraints; those of equal keys are one, with fees and charges added up."""
        found: dict[str, Auxiliary] = {}
        for rule in self.constraints:
            for one in rule.auxiliaries(self.cells):
                old = found.get(one.key)
                if old is not None:
                    one = dataclasses.replace(one, fee=one.fee + old.fee, charge=one.charge + old.charge)
                found[one.key] = one
        return tuple(found.values())

    @cached_property
    def rule_names(self) -> tuple[str, ...]:
        """Names of the scenario and of each constraint; equal names are distinguished by a number."""
        taken: dict[str, int] = {}
        return tuple(_unused(rule.label, taken) for rule in (self.scenario, *self.constraints))

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """All rows of the scenario and the constraints; equal labels are distinguished by a number."""
        labels: dict[str, int] = {}
        rows: list[Row] = []
        weights = 0
        fees = {one.key: one.fee for one in self.auxiliaries if one.fee}
        cells = dataclasses.replace(self.cells, fees=fees)
        for rule, name in zip((self.scenario, *self.constraints), self.rule_names, strict=True):
            for r in rule.rows(cells):
                label = _unused(r.label, labels)
                same = r.rule == name and r.label == label
                rows.append(r if same else dataclasses.replace(r, rule=name, label=label))
                weights += 1 + len(r.coefficients.values) + len(r.extra)
            within(MOST_WEIGHTS, weights, "rows and weights of all rules", _FEWER)
        return tuple(rows)

    @cached_property
    def row_bounds(self) -> tuple[NDArray[np.intp], Array, Array, Array]:
        """The rows that bound one cell and nothing else: its place, its weight, and the limits; (n_such,) each."""
        alone = [row for row in self.rows if row.is_bound]
        places = np.array([row.coefficients.places[0] for row in alone], dtype=np.intp)
        weights = np.array([row.coefficients.values[0] for row in alone])
        return places, weights, np.array([row.low for row in alone]), np.array([row.high for row in alone])

    @cached_property
    def row_box(self) -> tuple[Array, Array]:
        """Least and most spend on each cell by the rows on spend alone, each of shape (n_spends,)."""
        rows = [row for row in self.rows if not row.outcome]
        box_low, box_high = np.zeros(len(self.cells)), np.full(len(self.cells), np.inf)
        if rows:
            # An auxiliary variable has no upper bound here, except that fees and states are never negative.
            free = [
                (min(row.extra.values(), default=0.0), max(row.extra.values(), default=0.0)) for row in rows
            ]
            high = [math.inf if least < 0.0 else row.high for row, (least, _) in zip(rows, free, strict=True)]
            low = [-math.inf if most > 0.0 else row.low for row, (_, most) in zip(rows, free, strict=True)]
            weights = [(row.coefficients.places, row.coefficients.values) for row in rows]
            propagate(matrix_of(weights, len(self.cells)), np.array(low), np.array(high), box_low, box_high)
        return box_low, box_high

    @cached_property
    def charges(self) -> Array:
        """Charge per unit of spend of each cell; shape (n_cells,), or (periods * n_cells,)."""
        charges = np.zeros(len(self.cells))
        for selector, rate in (self.charge or {}).items():
            number(rate, f"the charge of {selector}")
            charges[self.cells.select(selector)] += float(rate)
        return charges

    @cached_property
    def response(self) -> ResponseCurves:
        """The cells' curves at their prices; with carry-over, a curve for each cell and period of the horizon."""
        curves = self._at_prices(self.curves)
        return curves.shared() if self.delay is None else self.delay.curves(curves)

    @cached_property
    def lossy(self) -> ResponseCurves | None:
        """What the cells lose at their prices, a curve for each of `response`; None where nothing is lost."""
        if self.losses is None:
            return None
        losses = self._at_prices(self.losses)
        return losses.shared() if self.delay is None else self.delay.losses(losses)

    def _at_prices(self, curves: ResponseCurves) -> ResponseCurves:
        changes = 0
        for rule in self.constraints:
            changed = rule.curves(curves)
            if changed is not curves:
                curves, changes = changed, changes + 1
                deepest = max(len(block.kinds) for block in curves.blocks) - 1
                within(MOST_PRICES_OF_A_CELL, deepest, "rules on the prices of one cell", _JOIN)
                within(MOST_PRICE_RULES, changes, "rules on prices", _JOIN)
        return curves

    @property
    def tail(self) -> tuple[float, float] | None:
        """Weight of the worst draws in the objective and their share of all draws; None for the mean of all."""
        worst: tuple[float, float] | None = (
            None if self.risk is None else self.risk.worst_draws(self.curves.n_draws)
        )
        return worst

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
        spend, places = np.zeros(len(self.cells)), self._places
        for name, amount in mix.items():
            chosen = places.get(name)
            if not chosen:
                raise InputError(
                    f'safe_improvement improves on an unknown cell "{name}"{nearest_name(name, self.cells.names)}'
                )
            spend[chosen] = amount
        return spend.reshape(self.shape)

    @property
    def _places(self) -> dict[str, list[int]]:
        """Places of the cells by name, with and without their period."""
        places: dict[str, list[int]] = {}
        for i, names in enumerate(zip(self.cells.names, self.cells.bases, strict=True)):
            for name in set(names):
                places.setdefault(name, []).append(i)
        return places

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
        if self.losses is not None:
            data["losses"] = self.losses.to_dict()
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
            if not isinstance(data, Mapping):
                raise InputError(f"problem: it must be an object with its parts, not {echo(data)}")
            unknown = set(data) - {f.name for f in dataclasses.fields(Statement)}
            if unknown:
                raise InputError(f"problem: unknown parts: {', '.join(sorted(map(named, unknown))[:10])}")
            within(MOST_RULES, len(data["constraints"]), "rules", _JOIN)
            return cls(
                ResponseCurves.from_dict(data["curves"], MOST_NUMBERS),
                rule_from_dict(data["scenario"]),
                [rule_from_dict(rule) for rule in data["constraints"]],
                risk=rule_from_dict(data["risk"]) if "risk" in data else None,
                carryover=Carryover.from_dict(data["carryover"]) if "carryover" in data else None,
                charge=data.get("charge"),
                current=data.get("current"),
                losses=ResponseCurves.from_dict(data["losses"]) if "losses" in data else None,
            )
        except InputError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
            raise InputError(f"problem: damaged data ({echo(error)})") from None


def _expect_kind(value: Any, base: type[Scenario | Constraint | Risk], what: str) -> None:
    if not isinstance(value, base):
        raise InputError(f"{what} must be one of {', '.join(base.registered())}, not {echo(value)}")


def _check_losses(losses: ResponseCurves, curves: ResponseCurves) -> None:
    if losses.names != curves.names:
        raise InputError("losses must be of the same cells as the curves, in the same order")
    if losses.n_draws not in (1, curves.n_draws):
        raise InputError(f"losses have {losses.n_draws} draws, the curves {curves.n_draws}")
    for block in losses.as_shared().shapes:
        # A convex piece is bounded from above alone, and losses must be from below.
        turns = block.inflection()
        if (np.isfinite(turns) & (turns > 0.0)).any():
            raise InputError(f"losses must not rise faster the more is spent, as {block.kind} curves may")
        if not np.isfinite(block.steepest()).all():
            raise InputError(f"losses must have a finite slope, which {block.kind} curves may not have")


def _unused(name: str, taken: dict[str, int]) -> str:
    """Return `name`, with a number where it is taken already, and take it; `taken` counts how often each was."""
    chosen = name
    while chosen in taken:
        taken[name] += 1
        chosen = f"{name} ({taken[name]})"
    taken[chosen] = 1
    return chosen
