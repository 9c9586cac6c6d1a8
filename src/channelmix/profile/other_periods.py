"""Amounts that look as if they were those of another period than the profile's."""

from __future__ import annotations

from channelmix.core.words import Message, over, say
from channelmix.profile.company import CompanyProfile
from channelmix.profile.fields.fields import PERIOD_DAYS

NEAR, NEAR_FAR = 0.12, 0.25
"""Deviation of a factor from that of another period up to which it is taken for it; the second one if it is large."""

NEARLY = 0.03
"""The same for a factor that may be a budget that is meant."""

LARGE = 8.0
"""Factor from which on, up or down, it is large."""

CHOSEN = 3.5
"""Factors up to this one, up or down, may be a budget that is meant."""


def other_period(factor: float, period_days: float) -> str | None:
    """Name of the period that is longer, or shorter, by about a factor; None where there is none.

    >>> other_period(12.1, 30.4375), other_period(2.0, 30.4375)
    ('year', None)
    """
    for name, days in PERIOD_DAYS.items():
        longer = days / period_days
        if abs(longer - 1.0) > NEAR and _is_near(factor, longer, NEAR):
            return name
    return None


def budget_question(profile: CompanyProfile) -> Message | None:
    """Ask which period a budget is for, where it is as many times today's spend as another period is longer.

    Parameters
    ----------
    profile : CompanyProfile
    """
    limit, today = None if profile.scenario is None else profile.scenario.limit, profile.current_total
    if limit is None or not today > 0.0:
        return None
    factor, far = limit / today, limit / today >= CHOSEN or limit / today <= 1.0 / CHOSEN
    name = other_period(factor, profile.period_days) if far else None
    if name is not None:
        other = over(name)
    elif profile.periods > 1 and _is_near(factor, profile.periods, NEAR if far else NEARLY):
        other = over(profile.period_text, profile.periods)
    else:
        return None
    return say(
        "warning.budget_period",
        factor=factor,
        currency=profile.currency,
        amount=limit,
        today=today,
        period=over(profile.period_text),
        other=other,
    )


def _is_near(factor: float, expected: float, reach: float) -> bool:
    large = max(expected, 1.0 / expected) >= LARGE
    return abs(factor / expected - 1.0) <= (NEAR_FAR if large else reach)
