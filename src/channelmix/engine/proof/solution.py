"""Solution: the answer to an allocation problem, and the proof that no better one exists."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.core.errors import CertificateError, InputError, echo
from channelmix.core.sizes import MOST_TILTS, within
from channelmix.engine.rules.rows import Side


class Status(StrEnum):
    """What is known of a solution."""

    OPTIMAL = "optimal"
    """The proven gap is at most the gap requested."""
    NOT_CERTIFIED = "not_certified"
    """A limit was reached first: the best spend found and its honest gap."""
    INFEASIBLE = "infeasible"
    """No spend obeys all rules; a minimal conflicting set of them is named."""
    UNBOUNDED = "unbounded"
    """Ever more spend on a cell keeps paying off; the cell is named."""


@dataclass(frozen=True, eq=False)
class Proof:
    """A split tree over the box of spend, and prices at its leaves, in standard units.

    Nodes stand in preorder. A node that splits names a cell and a threshold: its first child holds spend up
    to the threshold, its second spend from there on. A leaf holds one price a row: positive against the row's
    upper side, negative against its lower side. Any prices give a valid bound by weak duality.

    Parameters
    ----------
    cell : ndarray of int, shape (n_nodes,)
        Cell split on, in canonical order; -1 for a leaf.
    threshold : ndarray of shape (n_nodes,)
        Spend split at; 0 for a leaf.
    prices : ndarray of shape (n_leaves, n_rows)
        Prices of each leaf, in preorder.
    infeasible : ndarray of bool, shape (n_leaves,)
        Leaves whose prices prove that no spend in them obeys the rows (a Farkas vector).
    grids : tuple of ndarray
        Spend at which each cell's upper bound is computed: a hint, since any grid is valid and a bad one only weakens
        the bound.
    draw_weights : tuple of ndarray of shape (n_draws,), optional
        Weights of the draws at each leaf, where the worst draws count.
    limit : float, optional
        Money, in the user's unit, beyond which no spend can be better, where the scenario sets no limit.
    witness : ndarray of the problem's shape, optional
        What could be spent if there were no rules on shares. With it the tree bounds total spend: such rules are
        infeasible where they leave nothing to spend.
    """

    cell: NDArray[np.int64]
    threshold: Array
    prices: Array
    infeasible: NDArray[np.bool_]
    grids: tuple[Array, ...]
    draw_weights: tuple[Array, ...] = ()
    limit: float | None = None
    witness: Array | None = None

    @classmethod
    def of_nothing(cls, rows: int, *, infeasible: bool) -> Self:
        """Return a single leaf without prices, where bounds on single cells conflict or nothing limits a cell."""
        return cls(np.array([-1]), np.zeros(1), np.zeros((1, rows)), np.array([infeasible]), ())

    def to_dict(self) -> dict[str, Any]:
        """Write the proof as JSON-ready data."""
        more: dict[str, Any] = {} if self.limit is None else {"limit": self.limit}
        if self.witness is not None:
            more["witness"] = self.witness.tolist()
        if self.draw_weights:
            more["tilts"] = [
                [np.flatnonzero(t).tolist(), t[t != 0.0].tolist(), len(t)] for t in self.draw_weights
            ]
        return {
            **more,
            "cell": self.cell.tolist(),
            "threshold": self.threshold.tolist(),
            "prices": self.prices.tolist(),
            "infeasible": self.infeasible.tolist(),
            "grids": [grid.tolist() for grid in self.grids],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        CertificateError
            If the data are damaged.
        InputError
            If they weigh more draws at more leaves than `channelmix.core.sizes` allows.
        """
        try:
            tilts = list(data.get("tilts", ()))
            within(MOST_TILTS, sum(_draws_of(*one) for one in tilts), "leaves x draws of the proof")
            return cls(
                np.asarray(data["cell"], dtype=np.int64),
                np.asarray(data["threshold"], dtype=float),
                np.asarray(data["prices"], dtype=float),
                np.asarray(data["infeasible"], dtype=bool),
                tuple(np.asarray(grid, dtype=float) for grid in data["grids"]),
                tuple(_weights_of(*one) for one in tilts),
                None if data.get("limit") is None else float(data["limit"]),
                None if data.get("witness") is None else np.asarray(data["witness"], dtype=float),
            )
        except InputError:
            raise
        except (
            KeyError,
            TypeError,
            ValueError,
            OverflowError,
            IndexError,
            AttributeError,
            RecursionError,
        ) as error:
            raise CertificateError(f"the proof is damaged: {echo(error)}") from None


def _draws_of(_places: Any, _weights: Any, draws: int) -> int:
    if int(draws) < 0:
        raise ValueError("weights for fewer than no draws")
    return int(draws)


def _weights_of(places: Any, weights: Any, draws: int) -> Array:
    draw_weights = np.zeros(int(draws))
    draw_weights[np.asarray(places, dtype=np.int64)] = np.asarray(weights, dtype=float)
    return draw_weights


@dataclass(frozen=True)
class SearchReport:
    """Effort of the search, and whether Ctrl-C stopped it; kept with the solution, not in a plan."""

    nodes: int
    relaxations: int
    seconds: float
    solver: str
    interrupted: bool = False


@dataclass(frozen=True, eq=False)
class Solution:
    """Best spend found and what is proven about it, in the user's units and order.

    Parameters
    ----------
    status : Status
        See `Status`.
    spend : ndarray of shape (n_cells,) or (periods, n_cells)
        Spend on each cell; NaN where infeasible.
    value, upper_bound, gap : float
        Objective reached (minus the money spent for a target outcome), proven upper bound on any feasible objective,
        and ``(upper_bound - value) / AllocationProblem.size``.
    requested_gap : float
        The gap asked for.
    shadow_prices : mapping of str to float
        Worth of one more unit of each binding row's right-hand side, in the plan's basin.
    conflicts : tuple of str
        Names of a minimal set of conflicting rules, or of the cell without limit; else empty.
    baseline : ndarray of the shape of spend, optional
        What a `SafeImprovement` improves on where its own mix breaks a rule: that mix, scaled to the available money
        and moved as little as the rules require.
    mend : mapping of str to float
        By how much rows must be relaxed, least in total, to make the problem feasible, in the unit of each row's limit;
        empty unless infeasible.
    mend_sides : mapping of str to str
        Which limit of each of these rows must give way: ``low`` or ``high``.
    proof : Proof
        What `verify` checks.
    report : SearchReport
        Effort of the search.
    """

    status: Status
    spend: Array
    value: float
    upper_bound: float
    gap: float
    requested_gap: float
    shadow_prices: Mapping[str, float]
    conflicts: tuple[str, ...]
    proof: Proof
    report: SearchReport
    baseline: Array | None = None
    mend: Mapping[str, float] = field(default_factory=dict)
    mend_sides: Mapping[str, Side] = field(default_factory=dict)


def relative_gap(upper_bound: float, value: float, size: float) -> float:
    """``(upper_bound - value) / size``, all in money (see `AllocationProblem.size`); 0 where nothing is left to gain.

    >>> relative_gap(101.0, 100.0, 100.0)
    0.01
    """
    missing = max(upper_bound - value, 0.0)
    return missing / size if size > 0.0 else (0.0 if missing == 0.0 else math.inf)
