"""What a manager should look at before following a plan that rests on own history."""

from __future__ import annotations

from collections.abc import Iterator

from channelmix.core.arrays import Array
from channelmix.core.words import Message, say
from channelmix.effectiveness import CellDraws
from channelmix.effectiveness.draws import OwnDraws
from channelmix.profile.evidence import Evidence
from channelmix.profile.fields.fields import DAYS_A_WEEK

SELDOM, OFTEN = 0.6, 1.5
"""Part of the periods since a column began with spend in them below which it came in bursts, and how many times what it
had on average since then a plan must spend for this to be named."""

BEYOND = 0.01
"""Share of the most that was ever spent on a cell by which a plan must exceed it to be called an extrapolation."""

UNLISTED = 0.1
"""Periods without a row from which on they are named, in parts of the rows: a table of campaigns alone has many."""

LONG_AGO = 91.0
"""Days without spend at the end of the rows, a quarter, from which on a channel is started anew."""


UNITS = ("contradicted", "prior_agreement", "worth", "lift_unit", "today")
"""Findings that ask to check units: where they are right, every return of the history is wrong."""


def history_warnings(draws: CellDraws, spend: Array | None = None) -> list[Message]:
    """Checks of the history that failed or ask to check units, and cells that get more, or more often, than before.

    `spend` (n_periods, n_cells) is a plan's; None without one.
    """
    if draws.own is None:
        return []
    evidence = draws.own.evidence
    failed = [
        say("warning.check", check=evidence.message(check.check), message=evidence.message(check.message))
        for check in evidence.checks
        if check.verdict == "FAIL"
    ]
    failed += _units(evidence)
    if spend is None:
        return failed
    most = spend.max(axis=0)
    beyond = [
        say(
            "warning.extrapolated",
            name=draws.cells[i].name,
            currency=evidence.currency,
            amount=float(most[i]),
            most=seen,
        )
        for i, (_, seen) in draws.own.seen().items()
        if most[i] > (1.0 + BEYOND) * seen
    ]
    planned = spend.mean(axis=0)
    seldom = _seldom(draws.own, planned, evidence.currency)
    return [
        *failed,
        *beyond,
        *seldom,
        *_long_ago(draws.own, planned, evidence.currency),
        *_unlisted(evidence),
    ]


def _units(evidence: Evidence) -> Iterator[Message]:
    """Findings to look at because a unit may be wrong."""
    codes = {f"finding.{name}.otherwise" for name in UNITS}
    for check in evidence.checks:
        message = evidence.message(check.message)
        if check.verdict == "REVIEW" and isinstance(message, Message) and message.code in codes:
            yield say("warning.review", check=evidence.message(check.check), message=message)


def _seldom(own: OwnDraws, spend: Array, currency: str) -> list[Message]:
    """Columns bought in few of the periods since they began, on which a plan's mean period spends far more."""
    found = []
    for each in own.columns:
        column = each.column
        if column.since_periods is None or column.active_periods is None:
            continue
        part = column.active_periods / column.since_periods
        usual, planned = part * column.usual_spend, float(spend[list(each.cells)].sum())
        if part < SELDOM and planned > OFTEN * usual:
            found.append(
                say(
                    "warning.seldom",
                    name=column.name,
                    active=max(round(column.active_periods), 1),
                    since=round(column.since_periods),
                    currency=currency,
                    amount=planned,
                    usual=usual,
                )
            )
    return found


def _long_ago(own: OwnDraws, spend: Array, currency: str) -> Iterator[Message]:
    """Columns without spend for long that a plan buys: their curves rest on rows of before."""
    for each in own.columns:
        column, planned = each.column, float(spend[list(each.cells)].sum())
        if column.idle_days is not None and column.idle_days >= LONG_AGO and planned > 0.0:
            yield say(
                "warning.long_ago",
                name=column.name,
                date=column.last_spend,
                weeks=round(column.idle_days / DAYS_A_WEEK),
                currency=currency,
                amount=planned,
            )


def _unlisted(evidence: Evidence) -> Iterator[Message]:
    """Say what a table that leaves out many periods is taken for."""
    fitted = evidence.fitted
    missing = sum(each.unlisted or 0 for each in fitted.markets or (fitted,))
    if missing >= UNLISTED * fitted.rows:
        yield say("warning.unlisted", missing=missing, rows=fitted.rows, first=fitted.first, last=fitted.last)
