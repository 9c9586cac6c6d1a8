"""Frequencies that a profile states, beside those that are published."""

from __future__ import annotations

from channelmix.core.words import Message, over, say
from channelmix.datasets import load_ranges
from channelmix.profile.company import CompanyProfile
from channelmix.profile.fields.fields import DAYS_A_WEEK, DAYS_A_YEAR

MONTHS_A_YEAR = 12.0


def many_contacts(profile: CompanyProfile) -> list[Message]:
    """Name the channels whose customers are said to bear more promotional contacts than any published figure says.

    A message is worth what it is at published frequencies: with a higher one, curves hardly saturate within a budget.

    Parameters
    ----------
    profile : CompanyProfile

    Returns
    -------
    list of Message
        One a channel and number stated.
    """
    found: dict[tuple[str, float], Message] = {}
    for cell in profile.cells():
        stated = cell.contacts_per_customer
        usual = load_ranges().get((cell.basis or "", cell.purpose, "saturation_frequency"))
        if cell.purpose != "promotion" or stated is None or usual is None:
            continue
        days = DAYS_A_WEEK if cell.basis == "app" else DAYS_A_YEAR / MONTHS_A_YEAR
        low, typical, high = (
            number * profile.period_days / days for number in (usual.low, usual.typical, usual.high)
        )
        if float(stated) > high:
            found[cell.channel, float(stated)] = say(
                "warning.many_contacts",
                name=cell.channel,
                stated=float(stated),
                period=over(profile.period_text),
                usual=typical,
                low=low,
                high=high,
            )
    return list(found.values())
