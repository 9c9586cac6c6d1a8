"""The peers' own packages, where they are installed (extra `peers`): PyMC-Marketing, and NLopt as Robyn calls it."""

from __future__ import annotations

import importlib.metadata
import time
import warnings
from typing import Any

import numpy as np

from peers.algorithms import Answer
from peers.problems import HillProblem

__all__ = ["PyMCMarketing", "nlopt_auglag", "version"]


def version(package: str) -> str | None:
    """Version of an installed package, or None."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def nlopt_auglag(problem: HillProblem, bounds: tuple[float, float]) -> Answer:
    """What `algorithms.augmented_lagrangian` describes, by NLopt itself."""
    import nlopt

    n = len(problem.scale)
    low = bounds[0] * problem.equal_split
    inner, outer = nlopt.opt(nlopt.LD_SLSQP, n), nlopt.opt(nlopt.LD_AUGLAG, n)
    inner.set_xtol_rel(1e-10)
    outer.set_local_optimizer(inner)
    outer.set_lower_bounds(low)
    outer.set_upper_bounds(np.minimum(bounds[1] * problem.equal_split, problem.budget))
    outer.set_xtol_rel(1e-10)
    outer.set_maxeval(100_000)

    def loss(spend: Any, gradient: Any) -> float:
        if gradient.size:
            gradient[:] = -problem.gradient(spend)
        return -problem.value(spend)

    def excess(spend: Any, gradient: Any) -> float:
        if gradient.size:
            gradient[:] = 1.0
        return float(spend.sum() - problem.budget)

    outer.set_min_objective(loss)
    outer.add_equality_constraint(excess, 1e-8)
    try:
        return Answer(np.asarray(outer.optimize(low)), low)
    except (nlopt.RoundoffLimited, RuntimeError):
        return Answer(low, low, failed=True)


class PyMCMarketing:
    """A fitted `MMM` of PyMC-Marketing with a posterior written by hand: no adstock, one period, all scales 1.

    It is the smallest model that its `optimize_budget` accepts, so that nothing but our Hill curves takes time.

    Parameters
    ----------
    problem : HillProblem
        Parameters of shape (n_channels,) or (n_draws, n_channels).
    """

    def __init__(self, problem: HillProblem) -> None:
        import pandas as pd
        import xarray as xr
        from pymc_marketing.mmm import MMM, BudgetOptimizerWrapper, HillSaturation
        from pymc_marketing.mmm.components.adstock import NoAdstock

        scale, half_saturation, slope = (
            np.atleast_2d(a)[np.newaxis] for a in (problem.scale, problem.half_saturation, problem.slope)
        )
        _, draws, n = scale.shape
        channels = [f"channel{i}" for i in range(n)]
        weeks = pd.date_range("2024-01-01", periods=8, freq="W-MON")
        ones = pd.DataFrame({"date": weeks, **{channel: np.ones(8) for channel in channels}})
        self._problem = problem
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = MMM(
                date_column="date",
                channel_columns=channels,
                target_column="y",
                adstock=NoAdstock(l_max=1),
                saturation=HillSaturation(),
            )
            model.build_model(ones, pd.Series(np.ones(8), name="y"))
            each = ("chain", "draw", "channel")
            posterior = xr.Dataset(
                {
                    "saturation_beta": (each, scale),
                    "saturation_kappa": (each, half_saturation),
                    "saturation_slope": (each, slope),
                    "intercept_contribution": (each[:2], np.zeros((1, draws))),
                    "y_sigma": (each[:2], np.ones((1, draws))),
                    "channel_contribution": (("chain", "draw", "date", "channel"), np.ones((1, draws, 1, n))),
                },
                coords={"chain": [0], "draw": np.arange(draws), "channel": channels},
            )
            model.idata = xr.DataTree.from_dict({"posterior": posterior})
            self._model = BudgetOptimizerWrapper(model, "2024-03-04", "2024-03-04")

    def optimize_budget(self) -> Answer:
        """Call `optimize_budget` with its defaults, but return where it stood if it fails."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            spend, result = self._model.optimize_budget(budget=self._problem.budget, return_if_fail=True)
        n = self._problem.scale.shape[-1]
        start = np.full(n, self._problem.budget / n)
        return Answer(np.asarray(spend.values, dtype=float), start, failed=not result.success)

    def seconds_to_minimize(self) -> float:
        """Time of the minimization alone: the second of two on one compiled `BudgetOptimizer`."""
        from pymc_marketing.mmm.budget_optimizer import BudgetOptimizer

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            optimizer = BudgetOptimizer(
                model=self._model,
                num_periods=self._model.num_periods,
                response_variable="total_media_contribution_original_scale",
            )
            optimizer.allocate_budget(total_budget=self._problem.budget, return_if_fail=True)
            began = time.perf_counter()
            optimizer.allocate_budget(total_budget=self._problem.budget, return_if_fail=True)
        return time.perf_counter() - began
