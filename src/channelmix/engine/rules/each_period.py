"""A rule on one period's spend, held in every period of a plan over time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from channelmix.core.arrays import Indices
from channelmix.core.errors import InputError, echo
from channelmix.engine.rules.auxiliary import Auxiliary
from channelmix.engine.rules.base import Constraint, rule_from_dict
from channelmix.engine.rules.rows import Cells, Row


@dataclass(frozen=True)
class EachPeriod(Constraint, kind="each_period"):
    """Hold a rule in every period separately, where a plan covers several.

    Without it an amount is for all periods together: bounds on ``sms`` are bounds on all that SMS gets in the plan.
    Rules about single cells (`MinimumIfActive`, `PackSize`, `ActivationFee`) are about a cell of one period anyway.

    Parameters
    ----------
    rule : constraint
        A rule whose amounts are per period.

    Examples
    --------
    >>> import channelmix as cm
    >>> rule = cm.EachPeriod(cm.SpendBounds({"sms": (0.0, 10.0)}))
    >>> from channelmix.engine.rules import Cells
    >>> [row.label for row in rule.rows(Cells(("sms", "app"), n_periods=2))]
    ['spend_bounds sms period 1', 'spend_bounds sms period 2']
    """

    for_profiles = False
    rule: Any
    """The rule, in amounts per period."""

    def __post_init__(self) -> None:
        if isinstance(self.rule, EachPeriod) or not isinstance(self.rule, Constraint):
            raise InputError(f"each_period holds a constraint, not {echo(self.rule)}")

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """See `Stated.from_fields`."""
        return cls(**{**fields, "rule": rule_from_dict(fields["rule"])})

    @property
    def label(self) -> str:
        """The rule's own name."""
        return str(self.rule.label)

    @property
    def inner(self) -> Constraint:
        """The rule that it holds in each period."""
        rule: Constraint = self.rule
        return rule

    def rows(self, cells: Cells) -> list[Row]:
        """State the rule's rows for each period."""
        rows = []
        before: tuple[Any, list[Row]] = None, []
        for period, inside, own in _periods(cells):
            if own is not before[0]:
                before = own, self.inner.rows(own)
            for row in before[1]:
                weights = row.coefficients.moved(inside, len(cells))
                extra = {_key(period, key): weight for key, weight in row.extra.items()}
                label = f"{row.label} period {period}"
                rows.append(
                    Row(
                        row.rule, label, weights, row.low, row.high,
                        extra, row.outcome, row.kind, row.part, period, row.side,
                    )
                )  # fmt: skip
        return rows

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Return the rule's variables for each period."""
        return [one for found in self.by_period(cells) for one in found]

    def by_period(self, cells: Cells) -> Iterator[list[Auxiliary]]:
        """Return, for each period, the variables of the rule in it."""
        before: tuple[Any, list[Auxiliary]] = None, []
        for period, inside, own in _periods(cells):
            if own is not before[0]:
                before = own, self.inner.auxiliaries(own)
            found = []
            for one in before[1]:
                mask = np.zeros(len(cells), dtype=bool)
                mask[inside[one.cells]] = True
                found.append(dataclasses.replace(one, key=_key(period, one.key), cells=mask))
            yield found


def _key(period: int, key: str) -> str:
    return f"period {period} {key}"


def _periods(cells: Cells) -> Iterator[tuple[int, Indices, Cells]]:
    """Return each period, the places of its cells, and these cells as those of a typical period.

    Periods in turn that are alike, as they are where spend today is the same in each, have the very same cells.
    """
    own = None
    for period, inside in cells.by_period().items():
        current = None if cells.current is None else cells.current[inside]
        same = own is not None and (current is None or np.array_equal(current, own.current_spend("")))
        if own is None or not same:
            own = Cells(cells.base_names, current)
        yield period, inside, own
