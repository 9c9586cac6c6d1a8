"""Lift tests whose lift seems to be stated in money, where the history counts units of outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from channelmix.core.words import say
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.profile.evidence import History

USUAL = (0.1, 3.0)
"""Returns on a unit of money that are nothing out of the ordinary, where nothing is believed of a channel."""

BEYOND = 3.0
"""How many times the highest usual return is out of the ordinary."""

MOST = 3.0
"""Worth of a unit of outcome from which on a lift in money is told from one in units."""


def unit_findings(
    rows: History, currency: str, believed: Mapping[str, tuple[float, float]]
) -> Iterator[Finding]:
    """Ask about tests whose return is out of the ordinary, and would not be if their lift were in money.

    Parameters
    ----------
    rows : History
    currency : str
    believed : mapping of str to (float, float)
        Range of the ROI expected beforehand of some columns, in outcome per unit of spend.
    """
    for test in rows.experiments:
        change = abs(sum(test.changes))
        if rows.outcome_worth < MOST or change == 0.0 or not set(test.channels) <= rows.spend.keys():
            continue
        in_money = abs(test.lift) / change
        implied = in_money * rows.outcome_worth
        usual = [
            tuple(rows.outcome_worth * end for end in believed[name]) if name in believed else USUAL
            for name in map(str, test.channels)
        ]
        low, high = min(each[0] for each in usual), BEYOND * max(each[1] for each in usual)
        if implied > high and low <= in_money <= high:
            values = {
                "channel": test.named,
                "start": test.start,
                "currency": currency,
                "implied": implied,
                "lift": test.lift,
                "outcome": rows.outcome_name,
                "stated": test.lift / rows.outcome_worth,
            }
            yield Finding(
                say("check.lift_unit", **values),
                Verdict.REVIEW,
                implied,
                say("finding.lift_unit.otherwise", **values),
            )
