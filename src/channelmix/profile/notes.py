"""What to say of a profile that is valid, but that published figures do not speak of as it may suppose."""

from __future__ import annotations

from channelmix.core.words import Message, over, say
from channelmix.datasets import load_facts, load_ranges
from channelmix.profile.cells import Cell
from channelmix.profile.company import CompanyProfile
from channelmix.profile.fields.fields import DAYS_A_WEEK, DAYS_A_YEAR

MESSAGES = ("sms", "im", "app")
"""Built-in channels of which published figures tell audiences apart."""

NAMED = 6
"""Countries that a sentence names; more are counted."""

MONTHS_A_YEAR = 12.0


def unused_audiences(profile: CompanyProfile) -> list[Message]:
    """Name the channels whose stated audience changes nothing, and say why.

    Parameters
    ----------
    profile : CompanyProfile

    Returns
    -------
    list of Message
        One for advertisements, and one for all other channels; empty where every stated audience counts.
    """
    stated = [cell for cell in profile.cells() if cell.audience is not None]
    used = {cell.channel for cell in stated if _counts(cell)}
    shown = {cell.channel for cell in stated if cell.basis == "social" and cell.purpose == "promotion"}
    unused = list(dict.fromkeys(cell.channel for cell in stated if cell.channel not in used))
    named = {
        "remark.audience_unused": [channel for channel in unused if channel in shown],
        "remark.audience_nowhere": [channel for channel in unused if channel not in shown],
    }
    return [say(code, channels=channels) for code, channels in named.items() if channels]


def unknown_countries(profile: CompanyProfile) -> list[Message]:
    """Say of which of the profile's countries no published figure is, which may be misspelt.

    Parameters
    ----------
    profile : CompanyProfile

    Returns
    -------
    list of Message
        One for all of them; empty where figures are of each.
    """
    known = {fact.country for fact in load_facts()}
    countries = dict.fromkeys(cell.country for cell in profile.cells())
    unknown: list[str | Message] = [country for country in countries if country not in known]
    if not unknown:
        return []
    more = len(unknown) - NAMED
    named = [*unknown[:NAMED], say("rows.more", more=more)] if more > 1 else unknown
    return [say("remark.country", countries=named)]


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


def _counts(cell: Cell) -> bool:
    """Whether the audience changes what a cell brings: published experiments count beside what the profile states."""
    return cell.purpose == "promotion" and cell.basis in MESSAGES and float(cell.value) != 0.0
