"""From a company's own history to evidence: draws of its columns' curves in the profile's money and period."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from channelmix._version import __version__
from channelmix.effectiveness.history import LiftTest, MarketingMixRegressor
from channelmix.effectiveness.history.shapes import LAGS
from channelmix.effectiveness.history.timeline import Timeline
from channelmix.errors import InputError, expect
from channelmix.evidence import Check, Column, Evidence, Experiment, Fitted, History, Range, covered, table_of
from channelmix.evidence.rows import LARGEST_TABLE, read_experiments, read_table
from channelmix.profile import CompanyProfile
from channelmix.response import ResponseCurves

__all__ = ["DRAWS", "fit_history", "fitted"]

Array = NDArray[np.float64]

DRAWS = 2048
"""Draws of the posterior: half of them to plan on, half to compare on, and tails need at least 1,000."""

DAYS_A_YEAR = 365.25

DATE = "\n"
"""What the column of dates is called for the estimator, and what names of columns of money beside a volume begin with:
no other column has this in its name."""

SHUFFLE = 17
"""Stream of the seed that shuffles the draws, so that both halves are alike."""


def fit_history(
    profile: CompanyProfile,
    history: str | os.PathLike[str] | bytes | Any,
    *,
    outcome_worth: float,
    outcome: str = "outcome",
    date: str = "date",
    controls: Sequence[str] = (),
    cost_per_unit: Mapping[str, float | str] | None = None,
    experiments: str | os.PathLike[str] | Sequence[LiftTest] = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> Evidence:
    """Learn the effects of a company's channels from its own rows of spend and outcome.

    Parameters
    ----------
    profile : CompanyProfile
        The company; its cells, currency and period are used.
    history : path, bytes or DataFrame
        A row for each week or other period. Every column that has no other role is spend in the profile's currency, and
        is named by the cells that it is spent on, as a rule selects them: ``sms``, ``FR/sms/promotion``. Bytes are
        those of a CSV table, as standard input has them.
    outcome_worth : float
        Margin that one unit of the outcome brings, in the profile's currency; 1 where the outcome is margin itself.
    outcome, date : str
        Columns with the outcome, and with dates or whole numbers of weeks.
    controls : sequence of str
        Columns with what else moves the outcome.
    cost_per_unit : mapping of str to float or str, optional
        Columns that hold a volume, such as messages, in place of spend: what a unit costs, or the name of the column
        with the money spent on it.
    experiments : path or sequence of LiftTest
        Lift tests, their `channel` a column of spend and their lift in units of the outcome; or a CSV or JSON file of
        them.
    draws : int
        Draws of the posterior. A plan uses half of them, and is compared with others on the other half.
    seed : int
        Seed of the draws.

    Returns
    -------
    Evidence
        Write it with `to_json`; use it by its file's name in a profile, or by `CompanyProfile.with_evidence`.

    Raises
    ------
    InputError
        If the table or a lift test cannot be used; the message names the column and the row.
    """
    expect(profile, "profile", CompanyProfile)
    if isinstance(history, bytes):
        source = "standard input"
        table: Any = read_table(history, source)
    elif isinstance(history, str | os.PathLike):
        source = Path(history).name
        table = read_table(_bytes(history), source)
    elif not hasattr(history, "columns"):
        raise InputError(f"history must be a path, bytes or a DataFrame, not {type(history).__name__}")
    else:
        source = "the table"
        table = {name: list(history[name]) for name in history.columns}
    if isinstance(experiments, str | os.PathLike):
        tests = read_experiments(_bytes(experiments), Path(experiments).name)
    else:
        tests = tuple(_as_experiment(test) for test in experiments)
    rows = History.of(
        table,
        source=source,
        outcome_worth=outcome_worth,
        outcome=outcome,
        date=date,
        controls=controls,
        experiments=tests,
        cost_per_unit=cost_per_unit,
    )
    cells = tuple(cell.name for cell in profile.cells())
    return fitted(rows, cells, profile.currency, profile.period_days, draws, seed)


@lru_cache(maxsize=4)
def fitted(
    rows: History,
    cells: tuple[str, ...],
    currency: str,
    period_days: float,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evidence:
    """Fit a history once, however often a profile that names it is planned.

    Parameters
    ----------
    rows : History
    cells : tuple of str
        Names of the profile's cells.
    currency, period_days
        Of the profile.
    draws, seed : int

    Raises
    ------
    InputError
        If a column names no cell, or the rows cannot be fitted.
    """
    names = list(rows.spend)
    covered(names, cells)
    table = _frame(rows)
    tests = [LiftTest(**test.model_dump()) for test in rows.experiments]
    model = MarketingMixRegressor(
        channels=names,
        controls=list(rows.controls) or None,
        date=DATE,
        draws=draws,
        random_state=seed,
        cost_per_unit={name: DATE + name for name in rows.volume} or None,
    )
    try:
        model.fit(table, rows.outcome, experiments=tests)
    except InputError as error:
        raise InputError(f"{rows.source}: {error}") from None
    row_days = DAYS_A_YEAR / Timeline.of(np.asarray(rows.dates)).year
    periods = len(rows.outcome) * row_days / period_days
    order = np.random.default_rng([seed, SHUFFLE]).permutation(draws)
    return Evidence.sealed(
        currency=currency,
        period_days=period_days,
        fitted=Fitted(
            source=rows.source,
            sha256=rows.sha256,
            outcome=rows.outcome_name,
            outcome_worth=rows.outcome_worth,
            controls=tuple(rows.controls),
            first=min(rows.dates),
            last=max(rows.dates),
            rows=len(rows.outcome),
            row_days=row_days,
            noise=rows.outcome_worth * float(np.nanstd(np.asarray(rows.outcome) - model.predict(table))),
            seed=seed,
            version=__version__,
        ),
        experiments=rows.experiments,
        columns=_columns(rows, model, table, periods),
        checks=tuple(
            Check(check=found.check, verdict=found.verdict.value, message=found.message)
            for found in model.diagnostics_
        ),
        curves=_per_period(model.curves(table), periods, rows.outcome_worth, order).to_dict(),
    )


def _columns(rows: History, model: MarketingMixRegressor, table: Any, periods: float) -> tuple[Column, ...]:
    """What was learnt of each column, in the profile's money and period."""
    tested = {test.channel for test in rows.experiments}
    at = Timeline.of(np.asarray(rows.dates)).positions(np.asarray(rows.dates))
    window = len(rows.outcome) / periods
    roi, marginal = model.roi(table).to_numpy(), model.marginal_roi(table).to_numpy()
    columns = []
    for c, (name, spend) in enumerate(rows.spend.items()):
        least, most = _seen(at, spend, window)
        columns.append(
            Column(
                name=name,
                basis="experiment" if name in tested else "history",
                spend=float(spend.sum()) / periods,
                least=least,
                most=most,
                roi=_range(rows.outcome_worth * roi[c]),
                marginal_roi=_range(rows.outcome_worth * marginal[c]),
            )
        )
    return tuple(columns)


def _range(row: Array) -> Range:
    mean, low, high = row.tolist()
    return Range(mean=mean, low=low, high=high)


def _seen(at: NDArray[np.int64], spend: Array, rows_a_period: float) -> tuple[float, float]:
    """Least and most spent per period, in any stretch as long as a period but no longer than spend acts."""
    every = np.zeros(int(np.ptp(at)) + 1)
    every[at - at.min()] = spend
    length = min(max(round(rows_a_period), 1), LAGS, len(every))
    sums = np.convolve(every, np.ones(length), mode="valid") * (rows_a_period / length)
    return max(float(sums.min()), 0.0), float(sums.max())


def _per_period(
    curves: ResponseCurves, periods: float, worth: float, order: NDArray[np.int64]
) -> ResponseCurves:
    """Curves of the rows' total as curves of one period, which spreads its money over time as the rows did."""
    parts = []
    for c, name in enumerate(curves.names):
        points, outcome = table_of(curves, c)
        money = outcome[order, :, np.newaxis] * (worth / periods)
        parts.append(ResponseCurves.tabulated(points / periods, money, names=[name]))
    return ResponseCurves.concat(parts)


def _frame(rows: History) -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise InputError("fitting a history needs pandas: pip install 'channelmix[frames]'") from None
    beside = {DATE + name: rows.spend[name] for name in rows.volume}
    return pd.DataFrame({DATE: list(rows.dates), **rows.spend, **rows.volume, **beside, **rows.controls})


def _bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            return stream.read(LARGEST_TABLE + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{os.fspath(path)}: {getattr(error, 'strerror', None) or error}") from None


def _as_experiment(test: LiftTest) -> Experiment:
    start, end = (day if isinstance(day, int) else str(day)[:10] for day in (test.start, test.end))
    return Experiment(
        channel=str(test.channel),
        start=start,
        end=end,
        spend_change=float(test.spend_change),
        lift=float(test.lift),
        standard_error=float(test.standard_error),
    )
