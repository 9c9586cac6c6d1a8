"""Assumed ranges of channel quantities, with the published facts behind them.

`priors.csv` holds ranges based on published facts; `judgements.csv` holds the library's own choices where no usable
figure exists or one had to be borrowed, as its basis says. The facts that they name are in `channelmix.datasets.facts`.
`stated_ranges.csv` says how far what a company states of itself may be off where it does not say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from channelmix.datasets.files import read_rows


@dataclass(frozen=True)
class PriorRange:
    """Range of one quantity: log-normal with median `typical` and 90 % interval ``[typical / k, typical * k]``.

    Parameters
    ----------
    channel, purpose, quantity : str
        Subject of the range; ``all`` if it holds for every channel or purpose.
    low, typical, high : float
        In `unit`.
    unit : str
        Unit of the figures.
    uncertainty_factor : float
        The k of the interval; 1 for a figure without uncertainty.
    fact_ids : tuple of str
        Published facts behind the range; empty for a mere judgement.
    basis, note : str
        Kind of basis (judgement on facts, proxy, derived, survey, ...), and remark.
    """

    channel: str
    purpose: str
    quantity: str
    low: float
    typical: float
    high: float
    unit: str
    uncertainty_factor: float
    fact_ids: tuple[str, ...]
    basis: str
    note: str

    @property
    def key(self) -> tuple[str, str, str]:
        """(channel, purpose, quantity)."""
        return self.channel, self.purpose, self.quantity


@dataclass(frozen=True)
class StatedRange:
    """How far a figure that a company states of itself may be off, by its kind: the library's own judgement.

    Parameters
    ----------
    figure : str
        The profile's field.
    kind : str
        ``price``, ``margin``, ``count``, ``habit``, ``worth``: amounts; ``reach``: a part of the customers; ``rate``,
        ``share``: between 0 and 1.
    uncertainty_factor : float
        The k of the 90 % interval ``[stated / k, stated * k]``: of the figure for amounts, of the odds ``s / (1 - s)``
        for shares s, which for small ones is the same.
    least_factor : float
        The least k of a range that a company states without a measurement.
    variation : float
        Standard deviation of single observations over their mean, for amounts that were measured; 0 for shares, whose
        error follows from their number.
    basis, note : str
        Kind of basis, and remark.
    """

    figure: str
    kind: str
    uncertainty_factor: float
    least_factor: float
    variation: float
    basis: str
    note: str


@cache
def load_stated_ranges() -> Mapping[str, StatedRange]:
    """Return the range of every kind of stated figure, by the profile's field.

    Examples
    --------
    >>> load_stated_ranges()["value_per_resolution"].uncertainty_factor
    2.0
    """
    ranges = [
        StatedRange(
            row["figure"],
            row["kind"],
            float(row["uncertainty_factor"]),
            float(row["least_factor"]),
            float(row["variation"] or 0.0),
            row["basis"],
            row["note"],
        )
        for row in read_rows("stated_ranges.csv")
    ]
    return MappingProxyType({r.figure: r for r in ranges})


@cache
def load_ranges() -> Mapping[tuple[str, str, str], PriorRange]:
    """Return every range by (channel, purpose, quantity).

    Examples
    --------
    >>> load_ranges()["sms", "promotion", "response_rate"].typical
    0.07
    """
    ranges = [_range(row) for name in ("priors.csv", "judgements.csv") for row in read_rows(name)]
    return MappingProxyType({r.key: r for r in ranges})


def _range(row: Mapping[str, str]) -> PriorRange:
    return PriorRange(
        row["channel"],
        row["purpose"],
        row["quantity"],
        float(row["low"]),
        float(row["typical"]),
        float(row["high"]),
        row["unit"],
        float(row["uncertainty_factor"] or 1.0),
        tuple(_expanded(row["fact_ids"])),
        row["basis"],
        row["note"],
    )


def _expanded(text: str) -> Iterator[str]:
    """Expand ``CST001..CST003``."""
    for token in text.split():
        first, _, last = token.partition("..")
        if not last:
            yield first
            continue
        for number in range(int(first[3:]), int(last[3:]) + 1):
            yield f"{first[:3]}{number:03d}"
