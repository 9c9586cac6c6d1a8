"""What a plan assumes: every figure that the profile left open, with its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from channelmix.datasets import source_titles
from channelmix.effectiveness import Figure
from channelmix.plan import Assumption

__all__ = ["assumptions", "figure_name"]

SOURCES_SHOWN = 3


def assumptions(figures: Iterable[Figure], defaults: Sequence[Assumption] = ()) -> list[Assumption]:
    """One entry a judged range, or a prediction in its place, that a cell's curve rests on."""
    entries = list(defaults)
    for figure in figures:
        r = figure.range
        factor = r.uncertainty_factor
        entries.append(
            Assumption(
                name=figure_name(figure),
                value=r.typical,
                low=r.typical / factor,
                high=r.typical * factor,
                unit=r.unit,
                basis=r.basis,
                facts=list(r.fact_ids),
                sources=source_titles(r.fact_ids)[:SOURCES_SHOWN],
                note=r.note,
            )
        )
    return entries


def figure_name(figure: Figure) -> str:
    """Say what a figure is, of which channels and purposes, and where."""
    place = f" in {figure.country}" if figure.country else ""
    return f"{figure.range.quantity.replace('_', ' ')} of {_shared(figure.cells)}{place}"


def _shared(names: Sequence[str]) -> str:
    """Name a group of cells by the channels and purposes they have in common."""
    parts = list(zip(*(name.split("/") for name in names), strict=True))
    channels, purposes = (list(dict.fromkeys(part)) for part in parts[1:])
    return f"{', '.join(channels)} {', '.join(purposes)}"
