"""AllocationProblem: curves, scenario, constraints and charges, in the user's units and a standard form."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.errors import InputError, nearest_name
from channelmix.response import ResponseCurves
from channelmix.rules import CONSTRAINTS, SCENARIOS, Cells, Row, rule_from_dict, rule_to_dict
from channelmix.rules.base import number
from channelmix.standard import StandardForm

__all__ = ["AllocationProblem"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AllocationProblem:
    """Maximize the mean outcome of all cells, less charges, within a scenario and its constraints.

    Parameters
    ----------
    curves : ResponseCurves
        Response of every cell; amounts everywhere below are in the curves' own unit of spend.
    scenario : FixedBudget
        What is asked for.
    constraints : sequence of constraints
        `SpendBounds`, `GroupShare`, `ChangeLimit`, `KeepWorking`, `LinearConstraint`.
    risk : None
        The mean over draws is maximized; no other attitude to risk is supported yet.
    carryover : None
        One typical period is planned; carry-over between periods is not supported yet.
    charge : mapping of selector to float, optional
        Cost per unit of spend that comes on top of spend itself (fatigue, for instance), in outcome per unit
        of spend. Charges of overlapping selectors add up.
    current : mapping of selector to float, optional
        Spend today on each cell by name; cells not named have none. `KeepWorking` and `ChangeLimit` need it.

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
    risk: None = None
    carryover: None = None
    charge: Mapping[str, float] | None = None
    current: Mapping[str, float] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.curves, ResponseCurves):
            raise InputError("curves must be a ResponseCurves")
        if not isinstance(self.scenario, tuple(SCENARIOS.values())):
            raise InputError(f"scenario must be one of {', '.join(SCENARIOS)}, not {self.scenario!r}")
        for name in ("risk", "carryover"):
            if getattr(self, name) is not None:
                raise InputError(f"{name} is not supported in this version: leave it None")
        object.__setattr__(self, "constraints", tuple(self.constraints))
        for rule in self.constraints:
            if not isinstance(rule, tuple(CONSTRAINTS.values())):
                raise InputError(f"a constraint must be one of {', '.join(CONSTRAINTS)}, not {rule!r}")
        _ = self.rows, self.charges  # unknown names are found here, not in the middle of a search

    @cached_property
    def cells(self) -> Cells:
        """The cells' names and current spend, as rules read them."""
        if self.current is None:
            return Cells(self.curves.names)
        spend = np.zeros(self.curves.n_cells)
        for name, amount in self.current.items():
            if name not in self.curves.names:
                raise InputError(
                    f'current spend on an unknown cell "{name}"{nearest_name(name, self.curves.names)}'
                )
            number(amount, f"current spend on {name}")
            spend[self.curves.names.index(name)] = amount
        return Cells(self.curves.names, spend)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Every row of the scenario and the constraints; equal names are told apart by a number."""
        rules: set[str] = set()
        labels: set[str] = set()
        rows: list[Row] = []
        for rule in (self.scenario, *self.constraints):
            name = _unused(rule.label, rules)
            for r in rule.rows(self.cells):
                rows.append(Row(name, _unused(r.label, labels), r.coefficients, r.low, r.high))
        return tuple(rows)

    @cached_property
    def charges(self) -> Array:
        """Charge per unit of spend of each cell; shape (n_cells,)."""
        charges = np.zeros(self.curves.n_cells)
        for selector, rate in (self.charge or {}).items():
            number(rate, f"the charge of {selector}")
            charges += float(rate) * self.cells.select(selector)
        return charges

    def gross(self, spend: Any) -> float:
        """Mean outcome of all cells at `spend` of shape (n_cells,), before charges."""
        return float(self.curves.mean_value(spend).sum())

    def value(self, spend: Any) -> float:
        """Objective at `spend` of shape (n_cells,): mean outcome less charges."""
        return self.gross(spend) - float(self.charges @ np.asarray(spend, dtype=float))

    def violation(self, spend: Any) -> float:
        """Largest violation of any rule at `spend`, in units of spend; 0 if every rule holds."""
        array = np.asarray(spend, dtype=float)
        below = float(np.max(-array, initial=0.0))
        # Divided by its largest weight, a row's violation is an amount of spend.
        rows = (row.violation(array) / float(np.abs(row.coefficients).max() or 1.0) for row in self.rows)
        return max(below, *rows)

    @cached_property
    def standard(self) -> StandardForm:
        """The same problem in canonical order and in units that are powers of two."""
        return StandardForm.of(self.curves, self.rows, self.charges)

    def to_dict(self) -> dict[str, Any]:
        """Write the problem as JSON-ready data."""
        data: dict[str, Any] = {
            "curves": self.curves.to_dict(),
            "scenario": rule_to_dict(self.scenario),
            "constraints": [rule_to_dict(rule) for rule in self.constraints],
        }
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
            unknown = set(data) - {"curves", "scenario", "constraints", "charge", "current"}
            if unknown:
                raise InputError(f"problem: unknown parts: {', '.join(sorted(unknown))}")
            return cls(
                ResponseCurves.from_dict(data["curves"]),
                rule_from_dict(data["scenario"]),
                [rule_from_dict(rule) for rule in data["constraints"]],
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
