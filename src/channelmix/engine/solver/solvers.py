"""Calling a solver, and the next one where it gives up."""

from __future__ import annotations

import contextlib
import functools
import warnings
from importlib.metadata import version
from typing import Any

__all__ = ["installed_solvers", "solve_program", "solver_version"]

# CVXPY is imported where a program is stated: its import takes as long as a plan, and most plans do without it.

SOLVERS = ("SCIPY", "CLARABEL")
"""Solvers asked in turn where the one wanted gives up; both come with CVXPY."""

SILENT = {"HIGHS": "SCIPY"}
"""CVXPY's own way to HiGHS prints a banner on standard output, SciPy's, to the same solver, does not."""


@functools.cache
def installed_solvers() -> tuple[str, ...]:
    """CVXPY's names of the solvers at hand; looking for them takes longer than a small search."""
    import cvxpy as cp

    return tuple(cp.installed_solvers())


@functools.cache
def solver_version(solver: str = "HIGHS") -> str:
    """Name and version of the linear programming solver."""
    if solver == "HIGHS":
        return f"HiGHS {version('highspy')}"
    return solver


def solve_program(problem: Any, solver: str) -> bool:
    """Solve; False if infeasible. A solver's doubt is no error: every claim is checked without it.

    Where a solver gives up (on badly scaled rules, now and then), the next one is asked.
    """
    import cvxpy as cp

    for name in dict.fromkeys((SILENT.get(solver, solver), *SOLVERS)):
        with warnings.catch_warnings(), contextlib.suppress(cp.SolverError, ValueError):
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            problem.solve(solver=name, ignore_dpp=False)
            if problem.status in (cp.OPTIMAL, cp.OPTIMAL_INACCURATE):
                return True
            if problem.status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE):
                return False
    return False
