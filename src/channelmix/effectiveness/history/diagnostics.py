"""Diagnostics of a fit: its data, its draws, and what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.tolerances import CONSTANT_COLUMN, SAME_AMOUNT
from channelmix.core.words import say
from channelmix.effectiveness.history.copies import copies, copies_of_outcome
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.fitting import PRIOR_DRAWS, Fit
from channelmix.effectiveness.history.model.families import NO_EFFECT
from channelmix.effectiveness.history.model.roi_beliefs import CONTRADICTED
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.row_checks import RowChecks
from channelmix.effectiveness.history.rows.windows import Window
from channelmix.effectiveness.history.sampling.particles import ENOUGH, GREATEST_K
from channelmix.effectiveness.history.shown_changes import shown_changes
from channelmix.effectiveness.history.spend_slips import Slip, SpendSlips, slip_findings
from channelmix.profile.evidence import LiftTest

SHAPES = 2
"""Parameters of a channel's shape: saturation and half-life."""

SWINGS = 0.4
"""Negative autocorrelation of what is left, from which on it is to be looked at."""

FEW_ROWS = 5.0
"""Rows per estimated parameter below which they are few."""

FEWEST_SPENT = 4
"""Rows with spend on a channel below which they show neither how long it acts nor how it saturates."""

FEW_UNKNOWN, MANY_UNKNOWN = 0.1, 0.2
"""Shares of the rows up to which outcomes that are not known do no harm, and beyond which they fail."""

NO_DIVISION = 1e-300
"""Stands for a sum of squares or a mean of 0 in a denominator, where the numerator is 0 too."""


def diagnose(fit: Fit, windows: Sequence[Window]) -> tuple[tuple[Finding, ...], tuple[Slip, ...]]:
    """Check a fit, what stands in its rows first: the rest follows from it.

    Parameters
    ----------
    fit : Fit
    windows : sequence of Window
        Of all markets that share the channels' shapes, the fit's among them.

    Returns
    -------
    findings : tuple of Finding
    slips : tuple of Slip
        Spend in single rows that looks wrong.
    """
    window, posterior = fit.model.window, fit.posterior
    lifts = fit.model.unit * fit.draws.lifts
    linear = posterior.linear(window.periods, window.controls)
    rows = RowChecks.of(fit, linear)
    known = rows.order[window.known[rows.order]]
    slips = SpendSlips(fit, linear.mean(axis=0), rows.left, max(rows.spread, NO_DIVISION)).all()
    of_rows = (
        rows.zero_outcomes(),
        *rows.outliers(slips),
        *slip_findings(slips, window.names[: window.bought]),
        *copies(window, windows),
        *copies_of_outcome(window),
    )
    asked = shown_changes(window, fit.model.tests)
    findings = (
        *of_rows,
        *_sampling(fit, misled=any(one.verdict is Verdict.FAIL for one in of_rows)),
        *_rows(window, posterior, len(windows)),
        *_spend(window),
        _collinear(window),
        *rows.weekdays(),
        _autocorrelation(
            rows.left[known] * np.sqrt(window.weight[known]), _rows_each(window, posterior, len(windows))
        ),
        *_followers(window, posterior, rows.left),
        _negative_baseline(linear),
        *_learnt(fit),
        *[found for found in asked if found is not None],
        *_contradictions([test for test, _, _ in fit.model.tests], lifts, asked),
    )
    return findings, slips


def _sampling(fit: Fit, misled: bool) -> Iterator[Finding]:
    """Are there enough draws? Where rows mislead the fit, or it had no time, more draws are no remedy."""
    size, report = len(fit.draws.log_margin), fit.report
    lost = 1.0 - report.effective / size
    found = Finding.graded("effective_draws", lost, 1.0 - ENOUGH, 0.9, size=size, worth=report.effective)
    if found.verdict is not Verdict.PASS and (misled or report.stopped):
        code = f"finding.effective_draws.{'misled' if misled else 'stopped'}"
        found = replace(found, message=say(code, size=size, worth=report.effective))
    yield found
    found = Finding.graded("importance_weights", report.khat, GREATEST_K, 1.0, khat=report.khat)
    if found.verdict is not Verdict.PASS and report.stopped:
        found = replace(found, message=say("finding.importance_weights.stopped", khat=report.khat))
    yield found


def _rows(window: Window, posterior: Posterior, markets: int) -> Iterator[Finding]:
    """Are there enough rows, in every period, with known outcomes?"""
    each = _rows_each(window, posterior, markets)
    yield Finding.graded("rows", 1.0 / each, 1.0 / FEW_ROWS, 1.0 / 2.0, each=each)
    rows = len(window.periods)
    missing = int(np.ptp(window.periods)) + 1 - rows
    # A table of the weeks with campaigns alone has many.
    yield Finding.graded("gaps", missing / rows, 0.0, np.inf, missing=missing, rows=window.gaps())
    yield _unknown_outcomes(window)


def _rows_each(window: Window, posterior: Posterior, markets: int) -> float:
    """Rows with a known outcome per estimated parameter."""
    fixed = posterior.trend.fixed(window.periods, window.controls).shape[1]
    return float(window.known.sum() / ((1 + SHAPES / markets) * len(window.names) + fixed))


def _unknown_outcomes(window: Window) -> Finding:
    """Name rows that are not used; to leave a few outcomes blank is what other checks advise."""
    unknown = np.flatnonzero(~window.known)
    share = len(unknown) / len(window.periods)
    if not len(unknown):
        return Finding.of("unknown_outcomes", Verdict.PASS, 0.0)
    blank = bool(np.isnan(window.outcome[unknown]).all())
    code = "finding.unknown_outcomes.blank" if blank else "finding.unknown_outcomes.weightless"
    message = say(code, count=len(unknown), rows=window.spans(unknown))
    verdict = (
        Verdict.FAIL if share > MANY_UNKNOWN else Verdict.REVIEW if share > FEW_UNKNOWN else Verdict.PASS
    )
    return Finding(say("check.unknown_outcomes"), verdict, share, message)


def _spend(window: Window) -> Iterator[Finding]:
    for c, (name, column) in enumerate(zip(window.names, window.spend.T, strict=True)):
        if not column.any():
            continue  # of several markets, this one has none of it
        rows = int(np.count_nonzero(column))
        if rows < FEWEST_SPENT:
            check = _worded("few_spent", c, window)
            yield Finding.of(check, Verdict.REVIEW, 1.0 / rows, channel=name, rows=rows)
        variation = float(column.std() / column.mean())
        yield Finding.graded(
            _worded("variation", c, window), -variation, -0.1, -SAME_AMOUNT, channel=name, variation=variation
        )
        if c >= window.bought:
            continue  # no plan changes it
        reach = float(column.max() / column[column > 0.0].mean())
        yield Finding.graded("range", -reach, -1.5, -1.0, channel=name, reach=reach)


def _worded(check: str, channel: int, window: Window) -> str:
    """The check of a channel, in words without money where it has no bill."""
    return check if channel < window.bought else f"{check}_unpaid"


def _collinear(window: Window) -> Finding:
    spend = window.spend
    varying = spend.std(axis=0) > CONSTANT_COLUMN * spend.mean(axis=0)
    names = [name for name, kept in zip(window.names, varying, strict=True) if kept]
    if len(names) < 2:
        return Finding(say("check.collinearity"), Verdict.PASS, 0.0, say("finding.no_pair"))
    related = np.abs(np.corrcoef(spend[:, varying].T))
    np.fill_diagonal(related, 0.0)
    i, j = np.unravel_index(int(related.argmax()), related.shape)
    most = float(related[i, j])
    return Finding.graded("collinearity", most, 0.8, 0.95, most=most, one=names[i], other=names[j])


def alike_in_markets(windows: Sequence[Window]) -> tuple[Finding, ...]:
    """Check whether a channel's spend moves together in all markets, for each channel that several have.

    Shared shocks and media can only be separated by how markets differ within a period.
    """
    periods = np.concatenate([window.start + window.periods for window in windows])
    place = np.unique(periods, return_inverse=True)[1]
    found = []
    for c, name in enumerate(windows[0].names):
        spends = [window.spend[:, c] for window in windows]
        bought = np.repeat([spend.any() for spend in spends], [len(spend) for spend in spends])
        relative = [spend / max(float(spend.mean()), NO_DIVISION) - 1.0 for spend in spends]
        off = np.concatenate(relative) * bought
        number = np.bincount(place, bought)
        shared = bought & (number[place] > 1)
        total = float((off[shared] ** 2).sum())
        if total == 0.0:
            continue
        squares, sums = np.bincount(place, off**2), np.bincount(place, off)
        several = number > 1
        n = number[several]
        own = float(((squares[several] - sums[several] ** 2 / n) * n / (n - 1.0)).sum()) / total
        own = min(max(own, 0.0), 1.0)
        found.append(Finding.graded("own_movement", 1.0 - own, 0.95, 0.99, channel=name, own=own))
    return tuple(found)


def _autocorrelation(residual: Array, each: float) -> Finding:
    """Look at what is left from one row to the next, where there are `each` rows per estimated parameter."""
    lag = float(residual[1:] @ residual[:-1] / max(float(residual @ residual), NO_DIVISION))
    if lag >= 0.0:
        review = max(2.0 / np.sqrt(len(residual)), 0.2)
        return Finding.graded("autocorrelation", lag, review, 0.5, lag=lag)
    # A level that follows the rows closely turns noise into swings: only large ones say anything, of many rows.
    few = each < FEW_ROWS
    found = Finding.graded("autocorrelation", -lag, SWINGS, np.inf if few else 0.5, lag=lag)
    if found.verdict is Verdict.PASS:
        return found
    code = "finding.autocorrelation.few_rows" if few else "finding.autocorrelation.swings"
    return replace(found, message=say(code, lag=lag, rows=len(residual), each=each))


def _followers(window: Window, posterior: Posterior, left: Array) -> Iterator[Finding]:
    """Does spend follow demand? Correlate what its past and the baseline do not explain with the residual before it."""
    order = np.argsort(window.periods)
    before, now = order[:-1], order[1:]
    pairs = (window.periods[now] - window.periods[before] == 1) & window.known[before]
    before, now = before[pairs], now[pairs]
    mean = window.spend.mean(axis=0)
    level = np.log1p(window.spend / np.where(mean > 0.0, mean, 1.0))
    fixed = posterior.columns(window.periods[now], window.controls[now])
    if len(now) < 2 * fixed.shape[1] or not left[before].any():
        return
    by_chance = 3.0 / np.sqrt(len(now))
    for c, name in enumerate(window.names):
        if not mean[c]:
            continue
        known = np.column_stack([fixed, level[before, c]])
        own, ahead = (
            v - known @ np.linalg.lstsq(known, v, rcond=None)[0] for v in (level[now, c], left[before])
        )
        length = float(np.linalg.norm(own))
        unexplained = length > SAME_AMOUNT * np.linalg.norm(level[now, c])
        related = float(own @ ahead) / (length * float(np.linalg.norm(ahead))) if unexplained else 0.0
        yield Finding.graded(
            _worded("demand", c, window),
            abs(related),
            max(by_chance, 0.2),
            0.6,
            channel=name,
            related=related,
        )


def _negative_baseline(linear: Array) -> Finding:
    chance = float((linear.mean(axis=1) < 0.0).mean())
    return Finding.graded("negative_baseline", chance, 0.05, 0.5, chance=chance)


def _learnt(fit: Fit) -> Iterator[Finding]:
    """How much narrower log ROI is than before the data, whether a channel has an effect, and whether priors agree."""
    draws, prior = fit.draws, fit.model.mix.draw_log_roi(PRIOR_DRAWS, np.random.default_rng(0)).std(axis=0)
    for c, name in enumerate(fit.model.window.names):
        acts = draws.family[:, c] < NO_EFFECT
        left = float(draws.log_roi[acts, c].std() / prior[c]) if acts.sum() > 1 else 0.0
        yield Finding.graded(
            _worded("evidence", c, fit.model.window), left, 0.7, np.inf, channel=name, left=left
        )
        none = 1.0 - float(acts.mean())
        yield Finding.graded("effect", none, 0.25, np.inf, channel=name, none=none)
    agreement = fit.report.prior_agreement
    if not np.isnan(agreement):
        yield Finding.graded(
            "prior_agreement", 1.0 - agreement, 1.0 - CONTRADICTED, np.inf, agreement=agreement
        )


def _contradictions(
    tests: Sequence[LiftTest], lifts: Array, asked: Sequence[Finding | None]
) -> Iterator[Finding]:
    """How far the rows pull the model away from what each lift test measured.

    That they agree says nothing where it is `asked` how the test is meant.
    """
    for test, predicted, question in zip(tests, lifts.T, asked, strict=True):
        off = abs(float(predicted.mean()) - test.lift) / test.standard_error
        found = Finding.graded("lift_test", off, 2.0, 4.0, channel=test.named, start=test.start, off=off)
        if question is None or found.verdict is not Verdict.PASS:
            yield found
