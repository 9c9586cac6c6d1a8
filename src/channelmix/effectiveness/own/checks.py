"""Checks of a history beside the profile: spend today, the worth of the outcome, and published figures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from channelmix.core.words import Message, over, say
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.own.columns import ColumnSpend
from channelmix.profile import CompanyProfile
from channelmix.profile.evidence import Column, History, covered
from channelmix.profile.other_periods import other_period

RECENT = (91.0, 182.0, 365.25, math.inf)
"""Last days over which spend is averaged: today's is at odds with the rows if it is with each of these averages."""

FACTOR, FAR = 2.0, 20.0
"""Today's spend over the rows', or the other way round, from which on it is looked at, and from which on it fails."""

THOUSAND, HUNDRED = 1000.0, 100.0
"""Factors of amounts in thousands and of amounts in cents."""

ROUGHLY = 1.7
"""Ratio of a factor to these up to which it is taken for it: spend changes, units do not."""

LITTLE, NEXT_TO_NOTHING = 0.1, 0.01
"""Worth of all outcome, as a part of all spend, from which on it is looked at, and from which on it fails."""

ALIKE = 10.0
"""Ratio of the returns' factors over the published ones up to which the outcome's unit may be to blame."""

TINY = 1e-12
"""Stands for a return of 0 where its logarithm is needed."""


@dataclass(frozen=True)
class Stated:
    """What the profile says of a history's columns.

    Parameters
    ----------
    currency, period : str
    period_days : float
    today : tuple of float
        Spend today on the cells of each column, in currency per period.
    """

    currency: str
    period: str
    period_days: float
    today: tuple[float, ...]

    @classmethod
    def of(cls, profile: CompanyProfile, spent: Sequence[ColumnSpend]) -> Stated:
        """Find what a profile says of columns."""
        cells = profile.cells()
        places = covered([one.name for one in spent], [cell.name for cell in cells])
        today = tuple(math.fsum(cells[i].current_spend for i in at) for at in places)
        return cls(profile.currency, profile.period_text, profile.period_days, today)


def today_findings(spent: Sequence[ColumnSpend], stated: Stated, row_days: float) -> Iterator[Finding]:
    """Compare what rows of late hold with what the profile says is spent today, column by column.

    Parameters
    ----------
    spent : sequence of ColumnSpend
    stated : Stated
    row_days : float
        Length of a row.
    """
    if not any(stated.today):
        return  # the profile does not say
    for one, today in zip(spent, stated.today, strict=True):
        averages = _averages(one, row_days, stated.period_days)
        low, high, recent = min(averages), max(averages), averages[0]
        stopped = 1.0 if one.money[-1] == 0.0 else math.inf
        factor = max(today / high, low / today, 1.0) if today > 0.0 else stopped
        values = {"column": one.name, "currency": stated.currency, "period": over(stated.period)}
        amounts = {"rows": recent or high, "today": today}
        if factor <= FACTOR:
            yield Finding.of("today", Verdict.PASS, factor, **values)
            continue
        verdict = Verdict.FAIL if FAR < factor < math.inf else Verdict.REVIEW
        hint = _hint([today / average for average in (amounts["rows"], *averages) if average > 0.0], stated)
        yield Finding.of("today", verdict, factor, **values, **amounts, hint=hint)


def _averages(one: ColumnSpend, row_days: float, period_days: float) -> list[float]:
    """Spend per period over the last rows, the shortest stretch first, and last over the rows with spend."""
    span, per_period = len(one.money), period_days / row_days
    lengths = [int(min(max(days / row_days, per_period, 1.0), span)) for days in RECENT]
    rates = [float(one.money[-length:].sum()) / length for length in lengths]
    return [per_period * rate for rate in (*rates, float(one.money[one.money > 0.0].mean()))]


def _hint(factors: Sequence[float], stated: Stated) -> Message:
    """What factors of today's spend over the rows' look like: that of late comes first, and may be of a good season."""
    for factor in factors:
        if (name := other_period(factor, stated.period_days)) is not None:
            return say("today.other_period", stated=over(stated.period), other=over(name))
    factor = factors[0]
    for unit, code in ((THOUSAND, "today.rows_in_thousands"), (1.0 / THOUSAND, "today.profile_in_thousands")):
        if 1.0 / ROUGHLY < factor / unit < ROUGHLY:
            return say(code)
    if 1.0 / ROUGHLY < factor * HUNDRED < ROUGHLY:
        return say("today.rows_in_cents")
    return say("today.either")


def worth_finding(rows: History) -> Finding:
    """Compare the worth of all outcome with all spend: far less than it hints at another unit."""
    known = ~np.isnan(rows.outcome)
    worth = rows.outcome_worth * float(rows.outcome[known].sum())
    spend = float(sum(column[known].sum() for column in rows.spend.values()))
    share = worth / spend if spend > 0.0 else math.inf
    verdict = Verdict.FAIL if share < NEXT_TO_NOTHING else Verdict.REVIEW if share < LITTLE else Verdict.PASS
    return Finding.of("worth", verdict, share, share=share, column=rows.outcome_name)


def contradiction_finding(
    columns: Sequence[Column],
    spent: Sequence[ColumnSpend],
    wrong: Mapping[str, tuple[float, float]],
    chance: float,
) -> Finding:
    """Name published ranges that the rows contradict, which the fit leaves out.

    Parameters
    ----------
    columns : sequence of Column
    spent : sequence of ColumnSpend
        Of the same columns.
    wrong : mapping of str to (float, float)
        Columns of the history with such a range, in money per unit of money.
    chance : float
        Probability that published ranges hold here.
    """
    said, logs = [], []
    for name, (low, high) in wrong.items():
        mine = [column for column, one in zip(columns, spent, strict=True) if one.column == name]
        mean = float(np.average([one.roi.mean for one in mine], weights=[one.spend for one in mine]))
        said.append(say("contradicted.range", column=name, low=low, high=high, mean=mean))
        logs.append(math.log(max(mean, TINY) / math.sqrt(low * high)))
    every = len(said) > 1 and len(said) == len({one.column for one in spent})
    together = every and np.ptp(logs) < math.log(ALIKE) and abs(np.mean(logs)) > math.log(FAR)
    if together:
        hint = say("contradicted.units", factor=math.exp(float(np.mean(logs))))
    else:
        hint = say("contradicted.columns", columns=list(wrong))
    return Finding.of("contradicted", Verdict.REVIEW, 1.0 - chance, ranges=said, chance=chance, hint=hint)


def with_ranges(
    findings: Sequence[Finding], every: Sequence[ColumnSpend], usual: Sequence[ColumnSpend]
) -> Iterator[Finding]:
    """Add to findings of slips up to where plans may go without them.

    Parameters
    ----------
    findings : sequence of Finding
    every, usual : sequence of ColumnSpend
        With the slips, and without them.
    """
    for finding in findings:
        told = [
            say("range.without_slip", column=one.name, most=one.most, would=before.most)
            for before, one in zip(every, usual, strict=True)
            if one.most < before.most and finding.check == say("check.spend_slip", channel=one.column)
        ]
        if told:
            message = say("finding.slip_range", message=finding.message, ranges=told)
            finding = replace(finding, message=message)
        yield finding
