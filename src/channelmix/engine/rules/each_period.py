"""A rule on one period's spend, held in every period of a plan over time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import InputError
from channelmix.engine.rules.auxiliary import Auxiliary
from channelmix.engine.rules.rows import Cells, Row, StrictRecord


@dataclass(frozen=True)
class EachPeriod(StrictRecord):
    """Hold a rule in every period on its own, where a plan covers several.

    Without it an amount is of all periods together: bounds on ``sms`` are bounds on all that SMS gets in the plan.
    Rules that look at one cell at a time (`MinimumIfActive`, `PackSize`, `ActivationFee`) look at a cell of one
    period anyway.

    Parameters
    ----------
    rule : constraint
        A rule whose amounts are per period.

    Examples
    --------
    >>> import channelmix as cm
    >>> rule = cm.EachPeriod(cm.SpendBounds({"sms": (0.0, 10.0)}))
    >>> from channelmix.engine.rules import Cells
    >>> cells = Cells(("sms/period 1", "app/period 1", "sms/period 2", "app/period 2"))
    >>> [row.label for row in rule.rows(cells)]
    ['spend_bounds sms period 1', 'spend_bounds sms period 2']
    """

    rule: Any
    """The rule, in amounts per period."""
    kind: Literal["each_period"] = field(default="each_period", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        if isinstance(self.rule, EachPeriod) or not hasattr(self.rule, "rows"):
            raise InputError(f"each_period holds a constraint, not {self.rule!r}")

    @property
    def label(self) -> str:
        """The rule's own name."""
        return str(self.rule.label)

    def rows(self, cells: Cells) -> list[Row]:
        """State the rule's rows once a period."""
        rows = []
        for period, inside, own in _periods(cells):
            for row in self.rule.rows(own):
                weights = np.zeros(len(cells))
                weights[inside] = row.coefficients
                extra = {_key(period, key): weight for key, weight in row.extra.items()}
                label = f"{row.label} period {period}"
                rows.append(dataclasses.replace(row, label=label, coefficients=weights, extra=extra))
        return rows

    def auxiliaries(self, cells: Cells) -> list[Auxiliary]:
        """Bring the rule's variables once a period."""
        return [one for _, found in self.by_period(cells) for one in found]

    def by_period(self, cells: Cells) -> Iterator[tuple[int, list[Auxiliary]]]:
        """Return each period with the variables that the rule brings for it."""
        if not hasattr(self.rule, "auxiliaries"):
            return
        for period, inside, own in _periods(cells):
            found = []
            for one in self.rule.auxiliaries(own):
                mask = np.zeros(len(cells), dtype=bool)
                mask[inside[one.cells]] = True
                found.append(dataclasses.replace(one, key=_key(period, one.key), cells=mask))
            yield period, found


def _key(period: int, key: str) -> str:
    return f"period {period} {key}"


def _periods(cells: Cells) -> Iterator[tuple[int, NDArray[np.intp], Cells]]:
    """Return each period, the places of its cells, and these cells as those of a single period."""
    for period, inside in cells.by_period().items():
        names = tuple(cells.names[i].rpartition("/period ")[0] for i in inside)
        yield period, inside, Cells(names, None if cells.current is None else cells.current[inside])
