"""Constraints: business rules on one period's spend, one small class each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import InputError
from channelmix.engine.rules.auxiliary import Auxiliary, Change
from channelmix.engine.rules.rows import Cells, Row, Selecting, StrictRecord, amount, number, share

LONGEST_NAME = 100
"""Characters of the longest name that a user may give to a rule."""
# Plans tell rules apart by these; only a linear_constraint, whose name it is by default, may be called its kind.
_OTHER_KINDS = (
    "fixed_budget",
    "target_outcome",
    "flexible_budget",
    "max_profit",
    "spend_bounds",
    "group_share",
    "change_limit",
    "keep_working",
    "minimum_if_active",
    "at_most_active",
    "activation_fee",
    "pack_size",
    "price_tiers",
    "contact_cap",
    "service_level",
    "reputation_limit",
    "pacing",
    "phasing",
    "each_period",
)


@dataclass(frozen=True)
class SpendBounds(StrictRecord):
    """Keep the total spend on each selection between two amounts.

    Parameters
    ----------
    bounds : mapping of selector to (low, high)
        Amounts in currency per period, for the sum over the cells selected; ``None`` leaves a side open.
    """

    bounds: Mapping[str, tuple[float | None, float | None]]
    """For each selector, lowest and highest total spend on it, in currency per period; null: open."""
    kind: Literal["spend_bounds"] = field(default="spend_bounds", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        if not isinstance(self.bounds, Mapping) or not self.bounds:
            raise InputError("spend_bounds needs a mapping with at least one selector")
        for selector, pair in self.bounds.items():
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                raise InputError(f"spend_bounds of {selector} needs two amounts, low and high, not {pair!r}")
            low, high = pair
            amount(low, f"the low bound of {selector}")
            amount(high, f"the high bound of {selector}")
            if low is not None and high is not None and low > high:
                raise InputError(f"the bounds of {selector} cross: low {low:g} is above high {high:g}")

    @property
    def label(self) -> str:
        """The rule's name with its selectors."""
        return f"spend_bounds {', '.join(self.bounds)}"

    def rows(self, cells: Cells) -> list[Row]:
        """State one row a selector."""
        return [
            Row(
                self.label,
                f"spend_bounds {selector}",
                cells.select(selector).astype(float),
                -math.inf if low is None else float(low),
                math.inf if high is None else float(high),
            )
            for selector, (low, high) in self.bounds.items()
        ]


@dataclass(frozen=True)
class GroupShare(Selecting):
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
    kind: Literal["group_share"] = field(default="group_share", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        share(self.low, f"the low share of {self.selector}")
        share(self.high, f"the high share of {self.selector}")
        if self.low > self.high:
            raise InputError(
                f"the shares of {self.selector} cross: low {self.low:g} is above high {self.high:g}"
            )

    def rows(self, cells: Cells) -> list[Row]:
        """State ``selected - share * total`` against 0, a row for each share that binds at all."""
        chosen = cells.select(self.selector).astype(float)
        rows = []
        if self.low > 0.0:
            rows.append(Row(self.label, f"{self.label} low", chosen - self.low, 0.0, math.inf))
        if self.high < 1.0:
            rows.append(Row(self.label, f"{self.label} high", chosen - self.high, -math.inf, 0.0))
        return rows


@dataclass(frozen=True)
class ChangeLimit(Selecting):
    """Keep each selected cell near its current spend.

    Parameters
    ----------
    selector : str
        The cells to hold; each of them is limited on its own.
    relative : float, optional
        Largest change as a share of the cell's current spend (0.25: a quarter up or down).
    absolute : float, optional
        Largest change in currency per period. With both, both hold.
    switching_cost : float, optional
        Outcome lost per unit of spend changed, up or down.
    """

    selector: str = "all"
    """The cells held near their current spend, each on its own."""
    relative: float | None = None
    """Largest change up or down, as a share of the cell's current spend (0.25 is a quarter)."""
    absolute: float | None = None
    """Largest change up or down, in currency per period."""
    switching_cost: float | None = None
    """What changing costs: outcome lost per unit of spend changed on a cell, up or down."""
    kind: Literal["change_limit"] = field(default="change_limit", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        amount(self.relative, "the relative change")
        amount(self.absolute, "the absolute change")
        amount(self.switching_cost, "the switching cost")
        if self.relative is None and self.absolute is None and self.switching_cost is None:
            raise InputError("change_limit needs relative, absolute or switching_cost")

    def rows(self, cells: Cells) -> list[Row]:
        """State one row a selected cell."""
        current = cells.current_spend(self.label)
        rows: list[Row] = []
        if self.relative is None and self.absolute is None:
            return rows
        for i in np.flatnonzero(cells.select(self.selector)):
            relative = math.inf if self.relative is None else self.relative * current[i]
            width = min(relative, math.inf if self.absolute is None else self.absolute)
            one = _unit(len(cells), i)
            label = f"change_limit {cells.names[i]}"
            rows.append(Row(self.label, label, one, max(0.0, current[i] - width), current[i] + width))
        return rows

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Bring the change of each selected cell, if changing costs anything."""
        if not self.switching_cost:
            return []
        current = cells.current_spend(self.label)
        return [
            Change(
                f"change:{i}",
                _unit(len(cells), i) > 0.0,
                charge=float(self.switching_cost),
                current=float(current[i]),
            )
            for i in np.flatnonzero(cells.select(self.selector))
        ]


@dataclass(frozen=True)
class KeepWorking(StrictRecord):
    """Keep every selected cell that has current spend at a share of it, at least: do not abandon what works.

    Parameters
    ----------
    selector : str
        The cells to keep.
    floor : float
        Share of current spend that each of them keeps.
    """

    selector: str = "all"
    """The cells to keep working."""
    floor: float = 0.5
    """Share of its current spend that each cell keeps, between 0 and 1."""
    kind: Literal["keep_working"] = field(default="keep_working", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        share(self.floor, "the floor of keep_working")

    @property
    def label(self) -> str:
        """The rule's name, with its selector unless that is ``all``."""
        return self.kind if self.selector == "all" else f"{self.kind} {self.selector}"

    def rows(self, cells: Cells) -> list[Row]:
        """State one row a selected cell with current spend."""
        current = cells.current_spend(self.label)
        return [
            Row(
                self.label,
                f"keep_working {cells.names[i]}",
                _unit(len(cells), i),
                self.floor * float(current[i]),
                math.inf,
            )
            for i in np.flatnonzero(cells.select(self.selector))
            if self.floor * current[i] > 0.0
        ]


@dataclass(frozen=True)
class LinearConstraint(StrictRecord):
    """Keep a weighted sum of spend between two amounts.

    Parameters
    ----------
    coefficients : mapping of selector to float
        Weight of each selected cell's spend; weights of overlapping selectors add up.
    low, high : float, optional
        Amounts in currency per period times the weights' unit; ``None`` leaves a side open.
    name : str
        What messages call the rule, in at most 100 printable characters; not the kind of another rule.
    """

    coefficients: Mapping[str, float]
    """For each selector, the weight of the spend it selects; weights of overlapping selectors add up."""
    low: float | None = None
    """Lowest weighted sum, in currency per period; null leaves it open."""
    high: float | None = None
    """Highest weighted sum, in currency per period; null leaves it open."""
    name: str = "linear_constraint"
    """What messages call this rule, in at most 100 printable characters."""
    kind: Literal["linear_constraint"] = field(default="linear_constraint", kw_only=True, repr=False)
    """Which rule this is."""

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
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError(f"the bounds of {self.name} cross: low {self.low:g} is above high {self.high:g}")

    @property
    def label(self) -> str:
        """The name that the user gave."""
        return self.name

    def rows(self, cells: Cells) -> list[Row]:
        """State the weighted sum."""
        weights = np.zeros(len(cells))
        for selector, weight in self.coefficients.items():
            weights += weight * cells.select(selector)
        low = -math.inf if self.low is None else float(self.low)
        high = math.inf if self.high is None else float(self.high)
        return [Row(self.label, self.label, weights, low, high)]


def _rule_name(name: str) -> None:
    """Raise InputError unless messages and plans can call a rule by this name."""
    what = "the name of a linear_constraint must be"
    if not isinstance(name, str):
        raise InputError(f"{what} text, not {name!r}")
    if len(name) > LONGEST_NAME:
        raise InputError(f"{what} at most {LONGEST_NAME} characters long, not {len(name)}")
    if not name or not name.isprintable() or name != name.strip():
        raise InputError(f"{what} a name in printable characters without spaces around it, not {name!r}")
    if name in _OTHER_KINDS:
        raise InputError(f"{what} a name other than a kind of rule, not {name!r}")


def _unit(length: int, index: np.intp) -> NDArray[np.float64]:
    row = np.zeros(length)
    row[index] = 1.0
    return row
