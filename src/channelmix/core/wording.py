"""Numbers as people read them, in a plan's own lines and in reports."""

from __future__ import annotations

import math

HUGE = 9999.5e9
"""Amounts from here on are written as a number of few digits times a power of ten where room is short."""


def amount(value: float) -> str:
    """Whole units with thousands separators; two decimals where units are few, two digits where there is hardly one.

    >>> amount(41049.6), amount(0.04), amount(-3.2), amount(0.0000012)
    ('41,050', '0.04', '-3.20', '0.0000012')
    """
    value = _steady(value)
    if abs(value) >= 100.0 or value == round(value):
        return f"{value + 0.0:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 0.01 else _two_digits(value)


def stated(value: float) -> str:
    """A number as somebody stated it: all its whole units from 1,000 on, four digits below, and no power of ten.

    >>> stated(1e6), stated(1539010.4), stated(204.302), stated(0.05), stated(999.96)
    ('1,000,000', '1,539,010', '204.3', '0.05', '1,000')
    """
    value = _steady(value)
    near = value if abs(value) >= 1000.0 else float(f"{value:.4g}")
    if abs(near) >= HUGE:
        return f"{near:.4g}"
    return f"{near + 0.0:,.0f}" if abs(near) >= 1000.0 or near == round(near) else f"{near:.4g}"


def short(value: float) -> str:
    """Three digits at most, with k, M or bn; beyond what bn is read of, as a power of ten.

    >>> short(174321.0), short(2_400_000.0), short(87.4), short(0.0), short(1.11e15)
    ('174k', '2.4M', '87', '0', '1.11e+15')
    """
    value = _steady(value)
    size = abs(value)
    if size >= HUGE:
        return f"{value:.3g}"
    for limit, unit, suffix in ((999.5e6, 1e9, "bn"), (999.5e3, 1e6, "M"), (999.5, 1e3, "k")):
        if size >= limit:
            scaled = value / unit
            return f"{scaled:,.0f}{suffix}" if abs(scaled) >= 9.95 else f"{scaled:.1f}{suffix}"
    if size >= 9.5 or value == round(value):
        return f"{value + 0.0:.0f}"
    return f"{value:.2g}"


def percent(share: float) -> str:
    """A share in percent, without false precision; never a rounded 100 or 0 for what is not quite so.

    >>> percent(0.347), percent(0.99998), percent(0.0000102), percent(1.0)
    ('35 %', '> 99.9 %', '0.0010 %', '100 %')
    """
    value = 100.0 * share
    if 99.95 < value < 100.0:
        return "> 99.9 %"
    if value in (0.0, 100.0) or abs(value) >= 1.0:
        return f"{value:.1f} %" if 99.0 < value < 100.0 else f"{value:.0f} %"
    return f"{value:.2g} %" if abs(value) >= 0.01 else f"{_two_digits(value)} %"


def amount_change(before: float, after: float) -> float:
    """The change between two amounts as `amount` shows them: none where they look alike.

    >>> amount_change(33999.6, 34000.2), amount_change(7000.4, 7001.6), amount_change(0.04, 0.0)
    (0.0, 2.0, -0.04)
    """
    shown_before, shown_after = (float(amount(value).replace(",", "")) for value in (before, after))
    return shown_after - shown_before


def counted(number: float, what: str) -> str:
    """A number of things, in words that are regular in the plural.

    >>> counted(1, "row"), counted(7.0, "day"), counted(30.4375, "day"), counted(0, "row")
    ('1 row', '7 days', '30.44 days', '0 rows')
    """
    written = stated(number)
    return f"{written} {what}{'s' * (written != '1')}"


def _steady(value: float) -> float:
    """Drop digits that another machine may round otherwise, so that 45,499.9999999 and 45,500 read alike."""
    return float(f"{value:.9g}")


def _two_digits(value: float) -> str:
    """Two significant digits, written out unless that takes a long row of zeros."""
    if abs(value) < 1e-9:
        return f"{value:.2g}"
    return f"{value:.{1 - math.floor(math.log10(abs(value)))}f}"
