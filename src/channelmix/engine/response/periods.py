"""Names of cells in the periods of a plan over time."""

from __future__ import annotations


def in_period(name: str, period: int) -> str:
    """Return what a cell is called in a period, counted from 1.

    >>> in_period("sms", 2)
    'sms/period 2'
    """
    return f"{name}/period {period}"


def without_period(name: str) -> str:
    """Return the cell's own name from what it is called in a period; other names stay as they are.

    >>> without_period("sms/period 2"), without_period("sms")
    ('sms', 'sms')
    """
    cell, found, _ = name.rpartition("/period ")
    return cell if found else name
