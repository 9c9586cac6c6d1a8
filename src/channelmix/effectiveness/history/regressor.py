"""The marketing-mix estimator: a company's own history becomes draws of its channels' response curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.effectiveness.history.backtest import backtest
from channelmix.effectiveness.history.diagnostics import alike_in_markets, diagnose
from channelmix.effectiveness.history.findings import Finding, worst_findings
from channelmix.effectiveness.history.fitting import expected_returns, fit_posterior
from channelmix.effectiveness.history.markets import Market, edges
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.readings import Readings
from channelmix.effectiveness.history.rows.table import Columns, Rows, in_pandas, outcome_of
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.rows.windows import FEWEST_ROWS, Window, rows_by_market, windows_of
from channelmix.effectiveness.history.sampling.pace import Pace
from channelmix.effectiveness.history.storage import read_fit, write_fit
from channelmix.effectiveness.history.time_limit import time_limit_findings, time_limit_of
from channelmix.effectiveness.history.trials import placed_tests, rows_taken
from channelmix.profile.evidence import LiftTest

EXPECTED = ["roi", "roi_low", "roi_high", "share", "share_low", "share_high"]
"""Columns of `MarketingMixRegressor.prior_predictive`."""


class MarketingMixRegressor(Readings, RegressorMixin, BaseEstimator):
    """Bayesian marketing-mix model, averaged over families of carry-over and saturation.

    ``outcome = level + trend + season + controls + sum over channels of curve(adstock(spend)) + noise``. The level may
    wander from quarter to quarter. Every channel's carry-over is geometric, delayed or Weibull and its saturation
    exponential, logistic or Hill; the posterior weighs the families by their evidence, channel by channel. Media
    effects are never negative. What was spent before the first row fitted is taken to be nothing.

    Several markets share the shapes of a channel, relative to each market's own mean spend; what the next unit brings
    lies around the channel's common level, and how closely is learnt. All else is a market's own: level, trend, season,
    controls, noise. What happens to all of them in one period is estimated first and taken out of the outcome.

    Parameters
    ----------
    channels : sequence of str or int, optional
        Columns with spend in currency per period; by default all that have no other role.
    controls : sequence of str or int, optional
        Columns with what else moves the outcome, of either sign: prices, promotions, events.
    date : str or int, optional
        Column with the rows' dates or numbers. By default a DataFrame's index of dates or whole numbers, else the rows
        in their order from the first row fitted; rows without dates are taken for weeks.
    market : str or int, optional
        Column with the rows' market, of which a date has one row each. Not every market needs all dates, or spend on
        every channel.
    cost_per_unit : mapping of str or int to float or str, optional
        Channels whose column is a volume, such as messages or impressions: what a unit costs, or the name of the column
        with the money spent on it. ROI and curves stay in money; what acts is volume, at its mean cost in a market.
    priors : Priors, optional
        By default `Priors()`; with several markets, priors by which every channel has an effect.
    draws : int
        Number of posterior draws.
    random_state : int
        Seed of the draws.
    unpaid : sequence of str or int, optional
        Columns with media that cost nothing, such as organic posts or newsletters, in any unit: 0 where there were
        none. They act as channels do, with carry-over, saturation and an effect that is never negative, but their size
        is believed as a share of the outcome, since there is no money: see `shares`. They have no ROI and no curve.
    model_error : bool
        Whether draws of channels' effects (ROI, curves, contributions) allow for an error of the model itself: a factor
        on each channel's curve whose spread was learnt from simulated companies that break the model's assumptions.
        Predictions of the outcome do not depend on it.
    time_limit : float, optional
        Seconds after which a fit ends with what there is; `diagnostics_` says how much of the rows' evidence counts
        then. Fits are repeatable unless it strikes.

    Attributes
    ----------
    channels_ : tuple of str
    unpaid_ : tuple of str
        Columns of media that cost nothing.
    diagnostics_ : tuple of Finding
        Checks of the data, the draws and the fit.
    experiments_ : tuple of LiftTest
        The lift tests as they were used: what their rows hold was settled by the rows where it was not stated.
    expectations_ : dict of str to Judged
        Of each channel whose ROI the priors expect: `chance` that the range holds here, and whether the rows have
        `contradicted` it.
    expected_roi_holds_ : float
        Probability that all these ranges hold; NaN where there are none.
    slips_ : tuple of Slip
        Spend in single rows that looks wrong.
    effective_draws_ : float
        Number of independent draws that the draws are equivalent to.
    khat_ : float
        Worst Pareto k-hat of the importance weights while tempering.
    log_evidence_ : float
        Log evidence of the outcome in units of its standard deviation, up to a constant of the number of rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> spend = rng.gamma(2.0, 50.0, (104, 2))
    >>> sales = 1000.0 + 200.0 * (1.0 - np.exp(-spend[:, 0] / 100.0)) + 20.0 * rng.standard_normal(104)
    >>> model = MarketingMixRegressor(draws=200).fit(spend, sales)
    >>> model.predict(spend).shape
    (104,)
    """

    def __init__(
        self,
        channels: Sequence[str | int] | None = None,
        controls: Sequence[str | int] | None = None,
        date: str | int | None = None,
        market: str | int | None = None,
        priors: Priors | None = None,
        draws: int = 1000,
        random_state: int = 0,
        model_error: bool = True,
        cost_per_unit: Mapping[Any, float | str] | None = None,
        unpaid: Sequence[str | int] | None = None,
        time_limit: float | None = None,
    ) -> None:
        self.channels = channels
        self.controls = controls
        self.date = date
        self.market = market
        self.priors = priors
        self.draws = draws
        self.random_state = random_state
        self.model_error = model_error
        self.cost_per_unit = cost_per_unit
        self.unpaid = unpaid
        self.time_limit = time_limit

    def __sklearn_tags__(self) -> Any:
        """Spend is never negative."""
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def fit(self, X: Any, y: Any, experiments: Sequence[LiftTest] = (), sample_weight: Any = None) -> Self:
        """Fit the model to weekly (or other regular) rows.

        Parameters
        ----------
        X : DataFrame of pandas, polars or Arrow, or array_like of shape (n_rows, n_columns)
            Spend, controls and dates. A period without a row counts as one without spend, whose outcome is unknown.
        y : array_like of shape (n_rows,)
            Outcome per period; NaN where it is not known. Such a row is no evidence, but its spend acts in later ones.
        experiments : sequence of LiftTest
            Experiments with these channels.
        sample_weight : array_like of shape (n_rows,), optional
            Precision of each row's outcome: one over the variance of its noise, in any unit.

        Raises
        ------
        InputError
            If what was given cannot be used; the message names the column or the row.
        """
        if isinstance(self.draws, bool) or not isinstance(self.draws, int | np.integer) or self.draws < 40:
            raise InputError(f"draws must be a whole number of at least 40, not {self.draws!r}")
        pace = Pace(time_limit_of(self.time_limit))
        windows, costs, times = self._windows(X, y, sample_weight)
        tests = placed_tests(windows, experiments, self._timeline, times)
        self.experiments_ = tuple(test for each in tests for test, _, _ in each)
        rng = np.random.default_rng(self.random_state)
        # Many small products are slower on several threads, and differ in the last digits by their number.
        with threadpool_limits(1, user_api="blas"):
            fits = fit_posterior(
                windows, tests, self._priors(windows), int(self.draws), rng, bool(self.model_error), pace
            )
        self._markets = {
            window.market: Market(window.market, window.start, cost, fit.posterior)
            for fit, window, cost in zip(fits, windows, costs, strict=True)
        }
        report = fits[0].report
        self.effective_draws_, self.khat_ = report.effective, report.khat
        self.log_evidence_ = report.log_evidence
        expected = [name for name in self.channels_ if name in self._priors(windows).roi]
        self.expected_roi_holds_ = report.prior_agreement
        self.expectations_ = dict(zip(expected, report.judged, strict=True))
        found = {fit.model.window.market: diagnose(fit, windows) for fit in fits}
        self.slips_ = tuple(slip for _, slips in found.values() for slip in slips)
        findings = worst_findings({market: checked for market, (checked, _) in found.items()})
        ended = time_limit_findings(report, self.time_limit)
        self.diagnostics_: tuple[Finding, ...] = (
            *findings,
            *rows_taken(experiments, self.experiments_),
            *alike_in_markets(windows),
            *ended,
        )
        return self

    def prior_predictive(self, X: Any, y: Any, level: float = 0.9) -> pd.DataFrame:
        """ROI and share of the outcome that the priors imply for these rows; of the outcome, only its size is used.

        Look here for priors by which media bring half of the outcome, or an ROI that nobody would believe.

        Parameters
        ----------
        X, y : as in `fit`
        level : float
            Probability of the intervals.

        Returns
        -------
        DataFrame
            A row a channel and one for ``all channels``; columns ``roi``, ``roi_low`` and ``roi_high``, outcome per
            unit of spend (NaN for an unpaid one), and ``share``, ``share_low`` and ``share_high``, parts of the
            outcome's size (its root mean square): medians with their intervals. The estimator is left as it is, fitted
            or not.

        Raises
        ------
        InputError
            As `fit` does.
        """
        probe: Self = clone(self)
        windows, _, _ = probe._windows(X, y, None)
        rng = np.random.default_rng(self.random_state)
        draws = expected_returns(windows, probe._priors(windows), rng)
        expected = np.concatenate(np.quantile(draws, [0.5, *edges(level)], axis=1).swapaxes(0, 1)).T
        names = [*probe._columns.names, "all channels"]
        return pd.DataFrame(expected, index=names, columns=EXPECTED)

    def _priors(self, windows: Sequence[Window]) -> Priors:
        return Priors.usual(len(windows)) if self.priors is None else self.priors

    def _windows(self, X: Any, y: Any, sample_weight: Any) -> tuple[list[Window], list[Array], Any]:
        """Read the rows: a window of each market, the cost of a unit of each channel's column there, and dates."""
        X, y = self._checked(X, y)
        self._columns = Columns.of(self)
        rows = Rows.read(X, self._columns)
        self.channels_, self.unpaid_ = self._columns.bought, self._columns.free
        self._timeline = Timeline.of(rows.times)
        weights = _check_sample_weight(sample_weight, y, dtype=float, ensure_non_negative=True)
        return *windows_of(rows, self._columns, self._timeline, y, weights), rows.times

    def backtest(self, X: Any, y: Any, horizon: int = 13, folds: int = 2) -> pd.DataFrame:
        """Forecast the last blocks of rows from the rows before them, and compare with a seasonal-naive forecast.

        The model is refitted before each block, with the same parameters and without experiments. The naive forecast is
        the outcome of a year before, or the last known one where that is not known.

        Parameters
        ----------
        X, y : as in `fit`
        horizon, folds : int
            Rows in a block, and number of blocks.

        Returns
        -------
        DataFrame
            One row a block: `first` row, mean absolute `error` and `naive_error`, share `covered` by 90 % intervals.

        Raises
        ------
        InputError
            If there are too few rows.
        """
        check_is_fitted(self)
        X, outcome = self._checked(X, y, reset=False)
        divisions = rows_by_market(Rows.read(X, self._columns), self._timeline)
        found = backtest(self, X, outcome, divisions, self._timeline.year, horizon, folds)
        return pd.DataFrame(found).astype({"first": int})

    def save(self, path: str | Path) -> None:
        """Write the fitted model as .npz with a JSON text in it, without pickle."""
        check_is_fitted(self)
        write_fit(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote; predictions are the same to the last bit.

        Raises
        ------
        InputError
            If the file is not such a model.
        """
        model: Self = read_fit(cls, Path(path))
        return model

    def _checked(self, X: Any, y: Any, reset: bool = True) -> tuple[Any, Array]:
        """X with its columns noted, and y as numbers."""
        X = in_pandas(X)
        validate_data(self, X, reset=reset, skip_check_array=True)
        outcome = np.asarray(y)
        if not hasattr(X, "columns") and self.date is None:
            missing = np.isnan(outcome) if outcome.dtype.kind == "f" else np.zeros(outcome.shape, dtype=bool)
            filled = np.where(missing, 0.0, outcome) if missing.any() else y
            X, y = validate_data(
                self, X, filled, reset=reset, dtype=float, y_numeric=True, ensure_min_samples=FEWEST_ROWS
            )
            return X, np.where(missing.reshape(y.shape), np.nan, np.asarray(y, dtype=float))
        return X, outcome_of(outcome, len(X))
