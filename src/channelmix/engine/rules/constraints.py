"""Constraints on amounts and shares of spend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from channelmix.core.errors import InputError, echo
from channelmix.engine.rules.auxiliary import Auxiliary, Change
from channelmix.engine.rules.base import Constraint, Rule, Selecting, SelectingAll, unit_mask
from channelmix.engine.rules.rows import Cells, OutOfRangeError, Row, amount, number, share

LONGEST_NAME = 100
"""Characters of the longest name that a user may give to a rule."""


@dataclass(frozen=True)
class SpendBounds(Constraint, kind="spend_bounds"):
    """Keep the total spend on each selection between two amounts.

    Parameters
    ----------
    bounds : mapping of selector to (low, high)
        Amounts in currency per period, for the sum over the cells selected; ``None`` leaves a side open.
    """

    bounds: Mapping[str, tuple[float | None, float | None]]
    """For each selector, lowest and highest total spend on it, in currency per period; null leaves a side open."""

    def __post_init__(self) -> None:
        if not isinstance(self.bounds, Mapping) or not self.bounds:
            raise InputError("spend_bounds needs a mapping with at least one selector")
        for selector, pair in self.bounds.items():
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                raise InputError(
                    f"spend_bounds of {selector} needs two amounts, low and high, not {echo(pair)}"
                )
            amount(pair[0], f"the low bound of {selector}")
            amount(pair[1], f"the high bound of {selector}")
            _ordered(*pair, f"the bounds of {selector}")

    @property
    def label(self) -> str:
        """The rule's kind with its selectors."""
        return f"{self.kind} {', '.join(self.bounds)}"

    def rows(self, cells: Cells) -> list[Row]:
        """State one row for each selector."""
        return [
            self.row(
                cells.select(selector).astype(float),
                *_open(*pair),
                label=f"{self.kind} {selector}",
                part=selector,
            )
            for selector, pair in self.bounds.items()
        ]


@dataclass(frozen=True)
class GroupShare(Selecting, kind="group_share"):
    """Keep a selection's share of total spend between two shares.

    Parameters
    ----------
    selector : str
        Any set of cells: a market, a channel, a purpose, or parts joined by ``/``.
    low, high : float
        Shares of total spend, between 0 and 1.
    """

    selector: str
    """The cells whose share of spend is limited: all, a market, channel, purpose or parts joined by "/"."""
    low: float = 0.0
    """Lowest share of total spend, between 0 and 1."""
    high: float = 1.0
    """Highest share of total spend, between 0 and 1."""

    def __post_init__(self) -> None:
        share(self.low, f"the low share of {self.selector}")
        share(self.high, f"the high share of {self.selector}")
        _ordered(self.low, self.high, f"the shares of {self.selector}")

    def rows(self, cells: Cells) -> list[Row]:
        """State ``selected - share * total`` against 0, a row for each share that can bind."""
        chosen = cells.select(self.selector).astype(float)
        rows = []
        if self.low > 0.0:
            rows.append(self.row(chosen - self.low, low=0.0, label=f"{self.label} low", side="low"))
        if self.high < 1.0:
            rows.append(self.row(chosen - self.high, high=0.0, label=f"{self.label} high", side="high"))
        return rows


@dataclass(frozen=True)
class ChangeLimit(Selecting, kind="change_limit"):
    """Keep the spend on each selected cell close to what it is today.

    Parameters
    ----------
    selector : str
        The cells; each of them is limited separately.
    relative : float, optional
        Largest change as a share of the cell's current spend (0.25: a quarter up or down).
    absolute : float, optional
        Largest change in currency per period. If both are given, both hold.
    switching_cost : float, optional
        Outcome lost per unit of spend changed, up or down.
    """

    selector: str = "all"
    """The cells whose spend is kept close to today's, each separately."""
    relative: float | None = None
    """Largest change up or down, as a share of the cell's current spend (0.25 is a quarter)."""
    absolute: float | None = None
    """Largest change up or down, in currency per period."""
    switching_cost: float | None = None
    """Cost of a change: outcome lost per unit of spend by which a cell changes, up or down."""

    def __post_init__(self) -> None:
        amount(self.relative, "the relative change")
        amount(self.absolute, "the absolute change")
        amount(self.switching_cost, "the switching cost")
        if self.relative is None and self.absolute is None and self.switching_cost is None:
            raise InputError("change_limit needs relative, absolute or switching_cost")

    def rows(self, cells: Cells) -> list[Row]:
        """State one row for each selected cell, if changes are limited."""
        current = cells.current_spend(self.label)
        if self.relative is None and self.absolute is None:
            return []
        rows = []
        for i in self.chosen(cells):
            relative = math.inf if self.relative is None else self.relative * current[i]
            width = min(relative, math.inf if self.absolute is None else self.absolute)
            rows.append(self.cell_row(cells, i, max(0.0, current[i] - width), current[i] + width))
        return rows

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Return the change of each selected cell, if a change has a cost."""
        if not self.switching_cost:
            return []
        current, charge = cells.current_spend(self.label), float(self.switching_cost)
        return [
            Change(f"change:{i}", unit_mask(len(cells), i), charge=charge, current=float(current[i]))
            for i in self.chosen(cells)
        ]


@dataclass(frozen=True)
class KeepWorking(SelectingAll, kind="keep_working"):
    """Keep at least a share of the current spend on every selected cell: do not abandon what works.

    Parameters
    ----------
    selector : str
        The cells to keep.
    floor : float
        Share of its current spend that each of them keeps.
    """

    selector: str = "all"
    """The cells to keep working."""
    floor: float = 0.5
    """Share of its current spend that each cell keeps, between 0 and 1."""

    def __post_init__(self) -> None:
        share(self.floor, "the floor of keep_working")

    def rows(self, cells: Cells) -> list[Row]:
        """State one row for each selected cell with current spend."""
        least = self.floor * cells.current_spend(self.label)
        return [self.cell_row(cells, i, float(least[i])) for i in self.chosen(cells) if least[i] > 0.0]


@dataclass(frozen=True)
class LinearConstraint(Constraint, kind="linear_constraint"):
    """Keep a weighted sum of spend between two amounts.

    Parameters
    ----------
    coefficients : mapping of selector to float
        Weight of each selected cell's spend; weights of overlapping selectors add up.
    low, high : float, optional
        Amounts in currency per period times the weights' unit; ``None`` leaves a side open.
    name : str
        The rule's name in messages, at most 100 printable characters; not the kind of another rule.
    """

    coefficients: Mapping[str, float]
    """For each selector, the weight of the spend it selects; weights of overlapping selectors add up."""
    low: float | None = None
    """Lowest weighted sum, in currency per period; null leaves it open."""
    high: float | None = None
    """Highest weighted sum, in currency per period; null leaves it open."""
    name: str = "linear_constraint"
    """The rule's name in messages, at most 100 printable characters."""

    def __post_init__(self) -> None:
        _rule_name(self.name)
        if not isinstance(self.coefficients, Mapping) or not self.coefficients:
            raise InputError(f"{self.name} needs a mapping with at least one coefficient")
        for selector, weight in self.coefficients.items():
            number(weight, f"the coefficient of {selector}", minimum=-math.inf)
        amount(self.low, f"low of {self.name}", minimum=-math.inf)
        amount(self.high, f"high of {self.name}", minimum=-math.inf)
        if self.low is None and self.high is None:
            raise InputError(f"{self.name} needs low, high or both")
        _ordered(self.low, self.high, f"the bounds of {self.name}")

    @property
    def label(self) -> str:
        """The name that the user gave."""
        return self.name

    def rows(self, cells: Cells) -> list[Row]:
        """State the weighted sum."""
        weights = np.zeros(len(cells))
        for selector, weight in self.coefficients.items():
            weights += weight * cells.select(selector)
        return [self.row(weights, *_open(self.low, self.high))]


@dataclass(frozen=True)
class ObservedRange(Constraint, kind="observed_range"):
    """Keep a cell's spend within the range that its response was estimated on.

    Plans from a company's own history have this rule; a profile does not state it.

    Parameters
    ----------
    cell : str
        Name of the cell.
    low, high : float
        Amounts in currency per period.
    """

    for_profiles = False
    cell: str
    low: float
    high: float

    def __post_init__(self) -> None:
        number(self.low, f"the least spend observed on {self.cell}")
        number(self.high, f"the most spend observed on {self.cell}")
        _ordered(self.low, self.high, f"the observed range of {self.cell}")

    @property
    def label(self) -> str:
        """The rule's kind in words, and the cell."""
        return f"observed range {self.cell}"

    def rows(self, cells: Cells) -> list[Row]:
        """State the range, over all periods together."""
        chosen = cells.select(self.cell).astype(float)
        return [self.row(chosen, float(self.low), float(self.high), part=self.cell)]


def _ordered(low: float | None, high: float | None, what: str) -> None:
    """Raise InputError if a low limit is above the high one."""
    if low is not None and high is not None and low > high:
        raise InputError(f"{what} cross: low {low:g} is above high {high:g}")


def _open(low: float | None, high: float | None) -> tuple[float, float]:
    """Return two limits as numbers, infinite where a side is open."""
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)


def _rule_name(name: str) -> None:
    """Raise OutOfRangeError unless messages and plans can call a rule by this name."""
    what = "the name of a linear_constraint"
    if not isinstance(name, str):
        raise OutOfRangeError(what, "text", name)
    if len(name) > LONGEST_NAME:
        raise OutOfRangeError(what, f"at most {LONGEST_NAME} characters long", name)
    if not name or not name.isprintable() or name != name.strip():
        raise OutOfRangeError(what, "a name in printable characters without spaces around it", name)
    # Plans tell rules apart by their names, which are their kinds by default.
    if name in Rule.registered() and name != LinearConstraint.kind:
        raise OutOfRangeError(what, "a name other than a kind of rule", name)
