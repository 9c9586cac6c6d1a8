"""The relaxation of a box with very many cells: Newton's method on smooth concave curves.

A linear program cuts every curve into segments; with thousands of cells it takes longer than there is time. Here each
shape of curve has one table of its mean's least concave majorant, with slopes in between, and each step maximizes a
quadratic model of all cells under the rows with Clarabel. Its prices prove the bound, as a linear program's do.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import clarabel
import numpy as np
from scipy.sparse import csc_array, diags_array, eye_array, vstack

from channelmix.core.arrays import Array, Indices, Mask
from channelmix.core.tolerances import ROW_TOLERANCE
from channelmix.engine.problem.standard_form import StandardForm
from channelmix.engine.response.envelope import concave_hull
from channelmix.engine.response.families import Family
from channelmix.engine.solver.nearest_point import SOLVED
from channelmix.engine.solver.relaxation import Relaxed, prices_at_limits

TABLE = np.unique(np.concatenate([np.linspace(0.0, 1.0, 129), np.geomspace(1e-6, 1.0, 161)]))
"""Where a shape's mean curve is tabulated, as a share of its range."""

BENDS = np.geomspace(1e-4, 1e2, 121)
"""Where it is tabulated besides, in the curve's own unit: what may be spent may be a million times that."""

STEPS = 12
"""Most steps of Newton's method: each squares the distance, once it is short."""

HALVINGS = 12
"""Bisection steps in the search for how far along a step outcome rises."""

MANY = 0.1
"""Share of the variables from which on a row speaks of many: a limit of all money is at its limit as a rule."""

BROKEN = 1e-10
"""Violation of a row, as a share of its reach, from which on it is no longer left out."""

FIRST_SECONDS = 1.0
"""Time that the first step gets however late it is: with it there are prices, and a bound that says something."""

LEAST_CURVATURE = 0.02
"""Part of its slope that a straight piece is taken to lose within its spend: a step along it must end somewhere."""


@dataclass(frozen=True, eq=False)
class _Top:
    """Least concave majorant of a shape's mean, and its slopes, all at `spend`; slopes fall."""

    spend: Array
    height: Array
    slope: Array

    @classmethod
    def of(cls, shape: Family, low: float, high: float) -> _Top:
        if high <= low:
            return cls(np.array([low, low + 1.0]), np.zeros(2), np.zeros(2))
        own = shape.units()
        bends = np.append(shape.knots(), [] if own is None else own[0] * BENDS)
        points = np.union1d(low + TABLE * (high - low), bends[(bends > low) & (bends < high)])
        mean = shape.value(points[np.newaxis]).mean(axis=0)
        x, y = concave_hull(points, mean)
        with np.errstate(invalid="ignore"):
            slope = shape.derivative(x[np.newaxis]).mean(axis=0)
        chords = np.diff(y) / np.diff(x)
        before = np.append(2.0 * chords[0], chords)
        after = np.append(chords, 0.0)
        slope = np.where(np.isfinite(slope), slope, before)
        return cls(x, y, np.clip(slope, after, np.maximum(before, after)))

    @property
    def bend(self) -> Array:
        """By how much the slope falls per unit of spend in each piece."""
        return -np.diff(self.slope) / np.diff(self.spend)


class SmoothProgram:
    """Maximize the sum of cells' concave majorants less charges, subject to the rows; see `Relaxation`.

    Parameters
    ----------
    form : StandardForm
        Without whole numbers, risk, and rows of outcome.
    """

    def __init__(self, form: StandardForm) -> None:
        self._form = form
        self._curves = form.curves.as_shared()
        self.solves = 0
        entries = np.diff(form.A.indptr)
        self._kept: Mask = (form.low == form.high) | (entries < 2) | (entries > MANY * form.n_variables)
        self._every = eye_array(form.n_variables, format="csr")
        n = form.n_cells
        low, high = form.box_low[:n] / self._curves.unit, form.box_high[:n] / self._curves.unit
        self._tops = [
            _Top.of(shape, float(low[own].min()), float(high[own].max()))
            for shape, own in zip(self._curves.shapes, self._curves.places, strict=True)
        ]
        self._settings = clarabel.DefaultSettings()
        self._settings.verbose = False
        # By one thread: others wait for each other longer than they work, and where the machine is busy they spin.
        self._settings.direct_solve_method = "qdldl"
        self._settings.tol_gap_abs = self._settings.tol_gap_rel = self._settings.tol_feas = 1e-9

    def solve(self, low: Array, high: Array, start: Array, enough: float, deadline: float) -> Relaxed | None:
        """Return the best variables in a box with the rows' prices there; None if none are found in time.

        Parameters
        ----------
        low, high : ndarray of shape (n_variables,)
        start : ndarray of shape (n_variables,)
            Where to begin; it obeys the rows, as nearly as the answer is to.
        enough : float
            Rise of the objective, in standard units, that is not worth another step.
        deadline : float
            Value of `time.perf_counter` at which to begin no more steps.
        """
        form, at, prices = self._form, start, None
        obeys, price = bool(self._broken(start, ROW_TOLERANCE).sum() == 0), None
        for _ in range(STEPS):
            slope, bend = self._slopes(at, price)
            found = self._step(at, slope, bend, low, high, deadline)
            if found is None:
                break
            to, prices = found
            price = (prices @ form.A + form.charge)[: form.n_cells]
            move = to - at
            rise = float((slope - form.charge) @ move)
            part = self._along(at, move) if obeys else 1.0
            at = at + part * move
            if (obeys and rise <= enough and part > 0.0) or time.perf_counter() >= deadline:
                break
            obeys = True
        if prices is None:
            return None
        return Relaxed(low, high, prices_at_limits(form, prices), None, at)

    def _broken(self, variables: Array, tolerance: float) -> Mask:
        """Mark the rows that are broken."""
        form, left = self._form, self._form.A @ variables
        return np.asarray((left > form.high + tolerance) | (left < form.low - tolerance))

    def _slopes(self, variables: Array, price: Array | None = None) -> tuple[Array, Array]:
        """Slope and curvature of the objective's curves at some variables; (n_variables,), (n_cells,).

        The curvature is that between a cell's spend and where its slope is its price, where one is given, of shape
        (n_cells,): what a curve does beyond is told by neither its slope nor its curvature where it is.
        """
        form, curves, n = self._form, self._curves, self._form.n_cells
        slope, bend = np.zeros(form.n_variables), np.zeros(n)
        for top, own in zip(self._tops, curves.places, strict=True):
            unit, factor = curves.unit[own], form.gain * curves.factor[own]
            spend = variables[own] / unit
            steep = np.interp(spend, top.spend, top.slope)
            piece = np.clip(np.searchsorted(top.spend, spend, side="right") - 1, 0, len(top.spend) - 2)
            curved = top.bend[piece]
            if price is not None:
                asked = price[own] * unit / np.where(factor > 0.0, factor, 1.0)
                goal = np.interp(-asked, -top.slope, top.spend)
                away = np.abs(goal - spend) > top.spend[piece + 1] - top.spend[piece]
                between = (steep - asked) / np.where(away, goal - spend, 1.0)
                curved = np.where(away & (factor > 0.0), np.maximum(between, 0.0), curved)
            least = LEAST_CURVATURE * steep / np.maximum(top.spend[piece + 1], 1e-300)
            slope[own], bend[own] = factor / unit * steep, factor / unit**2 * np.maximum(curved, least)
        return slope, bend + 1e-12

    def chords(self, variables: Array) -> tuple[Array, Array, Array]:
        """The straight piece of the majorant that each cell is on, and by how much it lies above the curve there.

        Returns
        -------
        low, high, above : ndarray of shape (n_cells,)
        """
        curves, n = self._curves, self._form.n_cells
        low, high, above = np.empty(n), np.empty(n), np.empty(n)
        for top, own in zip(self._tops, curves.places, strict=True):
            spend = variables[own] / curves.unit[own]
            piece = np.clip(np.searchsorted(top.spend, spend) - 1, 0, len(top.spend) - 2)
            low[own], high[own] = (curves.unit[own] * top.spend[piece + side] for side in (0, 1))
            above[own] = curves.factor[own] * np.interp(spend, top.spend, top.height)
        return low, high, above - self._form.curves.mean_value(np.maximum(variables[:n], 0.0))

    def _along(self, at: Array, move: Array) -> float:
        """How far to go along a move: as long as the objective rises."""
        charge, first, last = self._form.charge, 0.0, 1.0
        if float((self._slopes(at + move)[0] - charge) @ move) >= 0.0:
            return 1.0
        for _ in range(HALVINGS):
            middle = 0.5 * (first + last)
            if float((self._slopes(at + middle * move)[0] - charge) @ move) > 0.0:
                first = middle
            else:
                last = middle
        return first

    def _step(
        self, at: Array, slope: Array, bend: Array, low: Array, high: Array, deadline: float
    ) -> tuple[Array, Array] | None:
        """Maximize the quadratic model around some variables; return the best ones and the rows' prices.

        Rows over a few variables couple what is apart otherwise, and few of them are at their limits: they are left out
        until they are broken.
        """
        while True:
            found = self._maximized(at, slope, bend, low, high, deadline)
            if found is None:
                return None
            broken = self._broken(found[0], BROKEN) & ~self._kept
            if not broken.any():
                return found
            self._kept |= broken

    def _maximized(
        self, at: Array, slope: Array, bend: Array, low: Array, high: Array, deadline: float
    ) -> tuple[Array, Array] | None:
        form, n, every = self._form, self._form.n_cells, self._every
        left = deadline - time.perf_counter()
        if np.isfinite(left):
            self._settings.time_limit = max(left, 0.0 if self.solves else FIRST_SECONDS)
        exact = form.low == form.high
        equal = np.flatnonzero(exact & self._kept)
        above = np.flatnonzero(np.isfinite(form.high) & ~exact & self._kept)
        below = np.flatnonzero(np.isfinite(form.low) & ~exact & self._kept)
        floor, cap = self._bounded(low, high)
        table = vstack([form.A[equal], form.A[above], -form.A[below], -every[floor], every[cap]])
        limits = np.concatenate([form.low[equal], form.high[above], -form.low[below], -low[floor], high[cap]])
        cones = [clarabel.ZeroConeT(len(equal)), clarabel.NonnegativeConeT(len(limits) - len(equal))]
        weights, cost = np.zeros(form.n_variables), form.charge - slope
        weights[:n] = bend
        cost[:n] -= bend * at[:n]
        found = clarabel.DefaultSolver(
            csc_array(diags_array(weights)), cost, csc_array(table), limits, cones, self._settings
        ).solve()
        if found.status not in SOLVED:
            return None
        self.solves += 1
        dual, prices = np.array(found.z), np.zeros(form.A.shape[0])
        ends = np.cumsum([len(equal), len(above), len(below)])
        prices[equal] = dual[: ends[0]]
        prices[above] += dual[ends[0] : ends[1]]
        prices[below] -= dual[ends[1] : ends[2]]
        return np.array(found.x), prices

    def _bounded(self, low: Array, high: Array) -> tuple[Indices, Indices]:
        """The variables with a lower and an upper bound: those of the root's box follow from rows, which have prices.

        Adstocked spend is bounded by spend.
        """
        form, own = self._form, np.zeros(self._form.n_variables, dtype=bool)
        own[form.spends] = True
        own[form.n_variables - len(form.auxiliaries) :] = True
        return np.flatnonzero(own | (low > form.box_low)), np.flatnonzero(high < form.box_high)
