"""Rules between periods."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from channelmix.core.errors import InputError
from channelmix.engine.rules.rows import Cells, Row, StrictRecord, number


def _chosen(cells: Cells, selector: str) -> list[tuple[int, NDArray[np.float64]]]:
    """Return each period with weights of 1 on the cells that are selected in it, where any are."""
    chosen, marked = cells.select(selector), []
    for period, inside in cells.by_period().items():
        weights = np.zeros(len(cells))
        weights[inside] = chosen[inside]
        if weights.any():
            marked.append((period, weights))
    return marked


@dataclass(frozen=True)
class Pacing(StrictRecord):
    """Let a selection's spend change from one period to the next by no more than a share.

    Parameters
    ----------
    relative : float
        Largest change up or down, as a share of the period before.
    selector : str
        The cells whose sum is paced.
    """

    relative: float
    """Largest change from one period to the next, as a share of the period before (0.25 is a quarter)."""
    selector: str = "all"
    """The cells whose total spend is paced."""
    kind: Literal["pacing"] = field(default="pacing", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        number(self.relative, "the relative change of pacing")

    @property
    def label(self) -> str:
        """The rule's name, with its selector unless that is ``all``."""
        return self.kind if self.selector == "all" else f"{self.kind} {self.selector}"

    def rows(self, cells: Cells) -> list[Row]:
        """State two rows for each period but the first; none where one typical period is planned."""
        rows = []
        for (_, before), (period, after) in itertools.pairwise(_chosen(cells, self.selector)):
            for side, factor in (("up", 1.0 + self.relative), ("down", 1.0 - self.relative)):
                weights = after - factor * before
                low, high = (-math.inf, 0.0) if side == "up" else (0.0, math.inf)
                rows.append(Row(self.label, f"{self.label} period {period} {side}", weights, low, high))
        return rows


@dataclass(frozen=True)
class Phasing(StrictRecord):
    """Spread a selection's spend over the periods as given, instead of leaving that to the plan.

    Parameters
    ----------
    parts : sequence of float
        What each period gets, in proportion.
    selector : str
        The cells whose sum is spread so.
    """

    parts: tuple[float, ...]
    """One number a period: what the selection gets in it, in proportion (1, 1, 2 gives the third period half)."""
    selector: str = "all"
    """The cells whose total spend is spread so."""
    kind: Literal["phasing"] = field(default="phasing", kw_only=True, repr=False)
    """Which rule this is."""

    def __post_init__(self) -> None:
        if not isinstance(self.parts, list | tuple) or not self.parts:
            raise InputError("phasing needs one number a period")
        for part in self.parts:
            number(part, "a part of phasing")
        if not any(self.parts):
            raise InputError("phasing needs a part above 0")
        object.__setattr__(self, "parts", tuple(float(part) for part in self.parts))

    @property
    def label(self) -> str:
        """The rule's name, with its selector unless that is ``all``."""
        return self.kind if self.selector == "all" else f"{self.kind} {self.selector}"

    def rows(self, cells: Cells) -> list[Row]:
        """State one row a period, its spend beside all; none where one typical period is planned."""
        chosen = _chosen(cells, self.selector)
        if not chosen:
            return []
        if len(chosen) != len(self.parts):
            raise InputError(f"{self.label} has {len(self.parts)} parts, the plan {len(chosen)} periods")
        whole, total = np.sum([weights for _, weights in chosen], axis=0), math.fsum(self.parts)
        return [
            Row(self.label, f"{self.label} period {period}", weights - part / total * whole, 0.0, 0.0)
            for (period, weights), part in zip(chosen, self.parts, strict=True)
        ]
