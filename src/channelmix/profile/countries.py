"""Countries of a profile of which nothing is published."""

from __future__ import annotations

from channelmix.core.words import Message, say
from channelmix.datasets import load_facts
from channelmix.profile.company import CompanyProfile

NAMED = 6
"""Countries that a sentence names; more are counted."""


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
