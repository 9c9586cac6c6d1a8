"""Audiences that a profile states where they make no difference."""

from __future__ import annotations

from channelmix.core.words import Message, say
from channelmix.profile.cells import Cell
from channelmix.profile.company import CompanyProfile

MESSAGES = ("sms", "im", "app")
"""Built-in channels of which published figures tell audiences apart."""


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


def _counts(cell: Cell) -> bool:
    """Whether the audience changes what a cell brings: published experiments count beside what the profile states."""
    return cell.purpose == "promotion" and cell.basis in MESSAGES and float(cell.value) != 0.0
