"""Fit a company's own history: draws of its columns' curves, in the profile's money and period."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from channelmix._version import __version__
from channelmix.core.errors import InputError, expect, expect_whole
from channelmix.core.words import say
from channelmix.effectiveness.history import MarketingMixRegressor, Priors
from channelmix.effectiveness.history.backtest import backtest_finding
from channelmix.effectiveness.history.findings import Verdict
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.time_limit import time_limit_of
from channelmix.effectiveness.own.checks import (
    Stated,
    contradiction_finding,
    today_findings,
    with_ranges,
    worth_finding,
)
from channelmix.effectiveness.own.columns import (
    believed_roi,
    column_spends,
    columns_of,
    markets_of,
    row_days_of,
    span_of,
    unpaid_of,
)
from channelmix.effectiveness.own.curves import curves_of, reaches_of
from channelmix.effectiveness.own.lift_findings import unit_findings
from channelmix.effectiveness.own.rows import read_history
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import (
    Check,
    Evidence,
    Fitted,
    History,
    LiftTest,
    LiftTestError,
    check_columns,
    check_money,
    check_unpaid,
)
from channelmix.profile.fields.fields import DAYS_A_YEAR

LEAST_TIME = 1.0
"""Seconds of a fit that has to be made anew when time is nearly up."""

DRAWS = 2048
"""Draws of the posterior: half of them to plan on, half to compare on, and tails need at least 1,000."""

DATE = "\n"
"""Name of the column of dates for the estimator, and prefix of the columns with the money paid for a volume: no other
column has a line break in its name."""

MARKET = DATE + DATE
"""Name of the column of markets for the estimator."""

HORIZON, FOLDS = 13, 2
"""Rows in a block of the backtest, and number of blocks."""

IGNORED = 0.01
"""Probability of published ranges below which a fit that may ignore them has done so."""

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
    timing_days: float = DAYS_A_YEAR,
    decimal: str | None = None,
    date_format: str | None = None,
    long: Mapping[str, str | None] | None = None,
    unpaid: Sequence[str] = (),
    time_limit: float | None = None,
    ignore: Sequence[str] = (),
) -> Evidence:
    """Estimate the effects of a company's channels from its own rows of spend and outcome.

    Parameters
    ----------
    profile : CompanyProfile
        The company; its cells, currency and period are used.
    history : path, bytes or DataFrame
        One row a week, or other period. Every column that has no other role is spend in the profile's currency, and its
        name selects the cells that it is spent on, as in a rule: ``sms``, ``FR/sms/promotion``. A path or bytes are of
        a CSV table or an Excel workbook (.xlsx, with the extra ``excel``); a DataFrame is of pandas, polars or Arrow.
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
        Lift tests, their `channel` a column of spend and their lift in units of the outcome; or a file of them: a table
        (CSV, .xlsx) or JSON. With `market`, each names its market.
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
    timing_days : float
        Days back from the last row whose periods with spend show when a period's money is spent: by default a year. A
        column without spend in them has the timing of its last period with any.
    decimal : str, optional
        The decimal sign of numbers in text, ``.`` or ``,``, needed where they do not show it, such as 1.234.
    date_format : str, optional
        Order of day, month and year, needed where dates do not show it, such as 03/04/2024: ``dmy``, ``mdy`` or
        ``ymd``; or a format such as ``%d/%m/%Y``.
    long : mapping of str to str, optional
        For rows of one channel each, the columns of its ``channel`` and of its ``spend``; ``{}`` where they are the
        only columns of words and of amounts without another role.
    unpaid : sequence of str
        Columns with media that cost nothing, such as organic posts or newsletters, in any unit. What they bring is told
        apart from the baseline and stated in `Evidence.unpaid`; no plan spends money on them, and they need name no
        cell of the profile.
    time_limit : float, optional
        Seconds after which the fit ends with what there is, a check of the evidence saying how much of it counts; a
        backtest's fits have as much each.
    ignore : sequence of str
        Columns to leave out, such as others of an export; with `long`, channels, too.

    Returns
    -------
    Evidence
        Write it with `to_json`; use it by its file's name in a profile, or by `CompanyProfile.with_evidence`. How the
        table was read, where it was not a plain one, is in ``fitted.read_as``.

    Raises
    ------
    InputError
        If the table or a lift test cannot be used; the message names the column and the row.
    """
    expect(profile, "profile", CompanyProfile)
    expect_whole(seed, "seed")
    expect(backtest, "backtest", bool)
    time_limit = time_limit_of(time_limit)
    rows = read_history(
        history,
        experiments=experiments,
        outcome_worth=outcome_worth,
        outcome=outcome,
        date=date,
        controls=controls,
        cost_per_unit=cost_per_unit,
        market=market,
        published=published,
        timing_days=timing_days,
        decimal=decimal,
        date_format=date_format,
        long=long,
        unpaid=unpaid,
        ignore=ignore,
    )
    return fitted(rows, profile, draws, seed, backtest, time_limit)


def fitted(
    rows: History,
    profile: CompanyProfile,
    draws: int = DRAWS,
    seed: int = 0,
    backtest: bool = False,
    time_limit: float | None = None,
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
    time_limit : float, optional
        Seconds after which the fit ends with what there is.

    Raises
    ------
    InputError
        If a column names no cell, a row another market, or the rows cannot be fitted.
    """
    try:
        check_columns(rows, [cell.name for cell in profile.cells()])
        check_money(rows, profile.currency)
        check_unpaid(rows, {cell.name: cell.current_spend for cell in profile.cells()}, profile.period_text)
        spent = column_spends(rows, profile.period_days, rows.timing_days)
    except InputError as error:
        raise InputError(f"{rows.source}: {error}") from None
    believed = believed_roi(profile, spent, rows.outcome_worth) if rows.published else {}
    reaches = reaches_of(profile, spent)
    stated = Stated.of(profile, spent)
    beliefs = tuple(believed.items()), tuple(reaches.items()), stated
    return _fitted(rows, *beliefs, draws, seed, backtest, time_limit)


@lru_cache(maxsize=4)
def _fitted(
    rows: History,
    believed: tuple[tuple[str, tuple[float, float]], ...],
    reaches: tuple[tuple[str, float], ...],
    stated: Stated,
    draws: int,
    seed: int,
    backtest: bool,
    time_limit: float | None,
) -> Evidence:
    table = _frame(rows)
    try:
        model, wrong, chance = _without_contradicted(rows, table, dict(believed), draws, seed, time_limit)
        findings = [*model.diagnostics_, *unit_findings(rows, stated.currency, dict(believed))]
        if backtest:
            findings.append(backtest_finding(model.backtest(table, rows.outcome, HORIZON, FOLDS), HORIZON))
    except LiftTestError as error:  # the tests are at fault, not the table
        raise LiftTestError(
            f"{rows.experiments_source}: {error}" if rows.experiments_source else str(error)
        ) from None
    except InputError as error:
        raise InputError(f"{rows.source}: {error}") from None
    every = column_spends(rows, stated.period_days, rows.timing_days)
    counted = {name: expected for name, expected in believed if name not in wrong}
    # What a slip of the pen holds was never spent: plans keep to what was.
    spent = column_spends(rows, stated.period_days, rows.timing_days, model.slips_)
    row_days = row_days_of(Timeline.of(np.asarray(rows.dates)))
    predicted = model.predict(table)
    residual = rows.outcome - predicted
    rng = np.random.default_rng([seed, SHUFFLE])
    curves, returns = curves_of(spent, model, dict(reaches), rows.outcome_worth, rng)
    columns = columns_of(spent, returns, rows.outcome_worth, counted, row_days)
    checks = (
        *with_ranges(findings, every, spent),
        *today_findings(spent, stated, row_days),
        worth_finding(rows),
    )
    if wrong:
        worth = rows.outcome_worth
        ranges = {name: (worth * low, worth * high) for name, (low, high) in believed if name in wrong}
        # It says what the check of agreement says, and more.
        checks = tuple(one for one in checks if one.check != say("check.prior_agreement"))
        checks = (*checks, contradiction_finding(columns, spent, ranges, chance))
    return Evidence.sealed(
        currency=stated.currency,
        period_days=stated.period_days,
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
            read_as=rows.read_as or None,
            **span_of(rows, residual),
        ),
        experiments=model.experiments_,
        columns=columns,
        unpaid=unpaid_of(rows, model, table, predicted, stated.period_days),
        checks=tuple(
            Check(check=found.check, verdict=found.verdict.value, message=found.message) for found in checks
        ),
        curves=curves,
    )


def _without_contradicted(
    rows: History,
    table: Any,
    believed: dict[str, tuple[float, float]],
    draws: int,
    seed: int,
    time_limit: float | None,
) -> tuple[MarketingMixRegressor, list[str], float]:
    """Fit the rows, and again without the published ranges that they contradict, which are to count for nothing.

    Rows that look wrong contradict nothing.

    Returns
    -------
    model : MarketingMixRegressor
        Fitted.
    wrong : list of str
        Columns whose ranges were left out.
    chance : float
        Probability that all ranges hold, by the first fit.
    """
    began = time.monotonic()
    model = MarketingMixRegressor(
        channels=list(rows.spend),
        controls=list(rows.controls) or None,
        date=DATE,
        market=None if rows.markets is None else MARKET,
        priors=Priors.usual(len(rows.by_market()), roi=believed),
        draws=draws,
        random_state=seed,
        cost_per_unit={name: DATE + name for name in rows.volume} or None,
        unpaid=list(rows.unpaid) or None,
        time_limit=time_limit,
    )
    model.fit(table, rows.outcome, experiments=rows.experiments)
    looks_wrong = any(
        found.verdict is Verdict.FAIL and found.check == say("check.zero_outcomes")
        for found in model.diagnostics_
    )
    # A fit that ended before all rows counted says nothing of what these contradict.
    unfinished = any(
        found.verdict is Verdict.FAIL and found.check == say("check.time_limit")
        for found in model.diagnostics_
    )
    judges = not (looks_wrong or unfinished)
    wrong = [name for name, one in model.expectations_.items() if one.contradicted and judges]
    chance = model.expected_roi_holds_
    # Where none is left and all are as good as ignored, they count for nothing as it is.
    if wrong and not (len(wrong) == len(believed) and chance < IGNORED):
        left = {name: expected for name, expected in believed.items() if name not in wrong}
        model.set_params(priors=Priors.usual(len(rows.by_market()), roi=left))
        if time_limit is not None:
            model.set_params(time_limit=max(time_limit - (time.monotonic() - began), LEAST_TIME))
        model.fit(table, rows.outcome, experiments=rows.experiments)
    return model, wrong, chance


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
