"""Fit a company's own history: draws of its columns' curves, in the profile's money and period."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from channelmix._version import __version__
from channelmix.core.errors import InputError, expect, expect_whole
from channelmix.effectiveness.history import MarketingMixRegressor, Priors
from channelmix.effectiveness.history.backtest import backtest_finding
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.own.columns import (
    ColumnSpend,
    believed_roi,
    column_spends,
    columns_of,
    curves_of,
    markets_of,
    span_of,
    unpaid_of,
)
from channelmix.effectiveness.own.lift_findings import unit_findings
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import (
    Check,
    Evidence,
    Fitted,
    History,
    LiftTest,
    LiftTestError,
    check_columns,
)
from channelmix.profile.evidence.experiments import read_experiments
from channelmix.profile.evidence.history import LARGEST_TABLE, read_table
from channelmix.profile.fields.fields import DAYS_A_YEAR

DRAWS = 2048
"""Draws of the posterior: half of them to plan on, half to compare on, and tails need at least 1,000."""

DATE = "\n"
"""Name of the column of dates for the estimator, and prefix of the columns with the money paid for a volume: no other
column has a line break in its name."""

MARKET = DATE + DATE
"""Name of the column of markets for the estimator."""

HORIZON, FOLDS = 13, 2
"""Rows in a block of the backtest, and number of blocks."""

SHUFFLE = 17
"""Stream of the seed that shuffles the draws, so that both halves have one distribution."""


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
    market: str | None = None,
    published: bool = True,
    backtest: bool = False,
    unpaid: Sequence[str] = (),
) -> Evidence:
    """Estimate the effects of a company's channels from its own rows of spend and outcome.

    Parameters
    ----------
    profile : CompanyProfile
        The company; its cells, currency and period are used.
    history : path, bytes or DataFrame
        One row a week, or other period. Every column that has no other role is spend in the profile's currency, and its
        name selects the cells that it is spent on, as in a rule: ``sms``, ``FR/sms/promotion``. Bytes are
        those of a CSV table, as standard input has them.
    outcome_worth : float
        Margin that one unit of the outcome brings, in the profile's currency; 1 where the outcome is margin itself.
    outcome, date : str
        Columns with the outcome, and with dates or whole numbers of weeks.
    controls : sequence of str
        Columns with other drivers of the outcome.
    cost_per_unit : mapping of str to float or str, optional
        Columns that hold a volume, such as messages, in place of spend: what a unit costs, or the name of the column
        with the money spent on it.
    experiments : path or sequence of LiftTest
        Lift tests, their `channel` a column of spend and their lift in units of the outcome; or a CSV or JSON file of
        them. With `market`, each names its market.
    draws : int
        Draws of the posterior. A plan uses half of them, and is compared with others on the other half.
    seed : int
        Seed of the draws.
    market : str, optional
        Column with the rows' market, one of the profile's, of which a date has one row each. Columns of spend then name
        cells without their market, ``sms`` or ``sms/promotion``, and what is learnt is of each market's: ``FR/sms``. A
        market of the profile without rows keeps its published figures.
    published : bool
        Whether to use the ROI that published figures and the profile imply as a prior. Rows that contradict it overrule
        it.
    backtest : bool
        Whether to forecast the last two blocks of 13 rows from the rows before them, which takes two further fits; a
        check compares the errors with those of a forecast by the year before.
    unpaid : sequence of str
        Columns with media that cost nothing, such as organic posts or newsletters, in any unit. What they bring is told
        apart from the baseline and stated in `Evidence.unpaid`; no plan spends money on them, and they need name no
        cell of the profile.

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
    expect(experiments, "experiments", str, os.PathLike, Iterable)
    expect_whole(seed, "seed")
    expect(backtest, "backtest", bool)
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
    tests_source = ""
    if isinstance(experiments, str | os.PathLike):
        tests_source = Path(experiments).name
        tests = read_experiments(_bytes(experiments), tests_source)
    else:
        tests = tuple(_with_plain_dates(test) for test in experiments)
    rows = History.of(
        table,
        source=source,
        outcome_worth=outcome_worth,
        outcome=outcome,
        date=date,
        controls=controls,
        experiments=tests,
        cost_per_unit=cost_per_unit,
        market=market,
        published=published,
        unpaid=unpaid,
        experiments_source=tests_source,
    )
    return fitted(rows, profile, draws, seed, backtest)


def fitted(
    rows: History, profile: CompanyProfile, draws: int = DRAWS, seed: int = 0, backtest: bool = False
) -> Evidence:
    """Fit a history, and cache the evidence: a profile that names it is planned often.

    Parameters
    ----------
    rows : History
    profile : CompanyProfile
        The company: its cells, currency and period are used, and what published figures expect of it.
    draws, seed : int
    backtest : bool
        Whether to forecast the last two blocks of 13 rows from the rows before them.

    Raises
    ------
    InputError
        If a column names no cell, a row another market, or the rows cannot be fitted.
    """
    try:
        check_columns(rows, [cell.name for cell in profile.cells()])
        spent, _ = _spent(rows, profile.period_days)
    except InputError as error:
        raise InputError(f"{rows.source}: {error}") from None
    believed = believed_roi(profile, spent, rows.outcome_worth) if rows.published else {}
    return _fitted(
        rows, tuple(believed.items()), profile.currency, profile.period_days, draws, seed, backtest
    )


@lru_cache(maxsize=4)
def _fitted(
    rows: History,
    believed: tuple[tuple[str, tuple[float, float]], ...],
    currency: str,
    period_days: float,
    draws: int,
    seed: int,
    backtest: bool,
) -> Evidence:
    table = _frame(rows)
    model = MarketingMixRegressor(
        channels=list(rows.spend),
        controls=list(rows.controls) or None,
        date=DATE,
        market=None if rows.markets is None else MARKET,
        priors=Priors.usual(len(rows.by_market()), roi=dict(believed)),
        draws=draws,
        random_state=seed,
        cost_per_unit={name: DATE + name for name in rows.volume} or None,
        unpaid=list(rows.unpaid) or None,
    )
    try:
        model.fit(table, rows.outcome, experiments=rows.experiments)
        findings = [*model.diagnostics_, *unit_findings(rows, currency)]
        if backtest:
            findings.append(backtest_finding(model.backtest(table, rows.outcome, HORIZON, FOLDS), HORIZON))
    except LiftTestError as error:  # the tests are at fault, not the table
        raise LiftTestError(
            f"{rows.experiments_source}: {error}" if rows.experiments_source else str(error)
        ) from None
    except InputError as error:
        raise InputError(f"{rows.source}: {error}") from None
    spent, row_days = _spent(rows, period_days)
    predicted = model.predict(table)
    residual = rows.outcome - predicted
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
            row_days=row_days,
            seed=seed,
            version=__version__,
            markets=markets_of(rows, residual),
            **span_of(rows, residual),
        ),
        experiments=rows.experiments,
        columns=columns_of(spent, model, table, rows.outcome_worth, dict(believed)),
        unpaid=unpaid_of(rows, model, table, predicted, row_days / period_days),
        checks=tuple(
            Check(check=found.check, verdict=found.verdict.value, message=found.message) for found in findings
        ),
        curves=curves_of(spent, model.curves(table), rows.outcome_worth, order).to_dict(),
    )


def _spent(rows: History, period_days: float) -> tuple[list[ColumnSpend], float]:
    """Each market's columns with spend, and the length of a row in days."""
    timeline = Timeline.of(np.asarray(rows.dates))
    row_days = DAYS_A_YEAR / timeline.year
    return list(column_spends(rows, timeline, row_days, period_days)), row_days


def _frame(rows: History) -> Any:
    paid = {DATE + name: rows.spend[name] for name in rows.volume}
    market = {} if rows.markets is None else {MARKET: list(rows.markets)}
    return pd.DataFrame(
        {
            DATE: list(rows.dates),
            **market,
            **rows.spend,
            **rows.volume,
            **paid,
            **rows.unpaid,
            **rows.controls,
        }
    )


def _bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            return stream.read(LARGEST_TABLE + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{os.fspath(path)}: {getattr(error, 'strerror', None) or error}") from None


def _with_plain_dates(test: LiftTest) -> LiftTest:
    expect(test, "a lift test", LiftTest)
    return LiftTest(**test.to_dict())
