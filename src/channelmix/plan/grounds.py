"""What a plan's estimates rest on, by its assumptions: what was measured, what experiments say, what is only stated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from channelmix.core.words import Message, named, say
from channelmix.plan.parts import Assumption, CellPlan
from channelmix.plan.ways import Ways

PUBLISHED = "prior"
"""Evidence of cells of which the company has neither history nor lift tests."""

NAMED = 4
"""Measured figures that a sentence names; more are counted."""

FEW = 100.0
"""Number of cases below which a figure is said to be counted, not measured."""


class Found(NamedTuple):
    """A measured figure: its name, on how many, and whether published experiments and returns count beside it."""

    figure: str
    n: float
    beside: bool

    @property
    def few(self) -> bool:
        """Whether these are too few to speak of a measurement."""
        return self.n < FEW


@dataclass(frozen=True)
class Grounds:
    """The grounds of a plan, by cell and in all.

    Parameters
    ----------
    ways : mapping of str to Ways
        By name of a cell, both ways to what it brings where both speak of it.
    measured : mapping of str to list of Found
        By name of a cell, what the company measured of it.
    all_measured : tuple of Found
        Every measured figure once.
    states : bool
        Whether the company states figures that it does not say it measured.
    """

    ways: Mapping[str, Ways]
    measured: Mapping[str, list[Found]]
    all_measured: tuple[Found, ...]
    states: bool

    @classmethod
    def of(cls, assumptions: Sequence[Assumption], message: Callable[[str], str] | None = None) -> Grounds:
        """Find them among a plan's assumptions; `message` finds how a text of a document that was read is made."""
        measured: dict[str, list[Found]] = {}
        found = []
        for one in assumptions:
            if one.measured is not None:
                figure = one.measured.figure
                name = figure if message is None else message(figure)
                found.append(Found(name, one.measured.n, one.measured.beside))
                for cell in one.cells:
                    measured.setdefault(cell, []).append(found[-1])
        return cls(
            {cell: one.ways for one in assumptions if one.ways for cell in one.cells},
            measured,
            tuple(found),
            any(one.is_stated and one.measured is None for one in assumptions),
        )

    def ways_of(self, cell: CellPlan) -> Ways | None:
        """Both ways to what a cell brings, where its estimate rests on them; None where history speaks of it."""
        return self.ways.get(cell.name) if cell.evidence == PUBLISHED else None

    def published(self, cells: Iterable[str]) -> Message:
        """Name the grounds of some cells, by name, beside what was measured."""
        both = any(cell in self.ways for cell in cells)
        return say(f"grounds.{'experiments' if both else 'published'}{'_stated' * self.states}")

    def measured_figures(self) -> list[Message]:
        """Name what the company measured itself, with its n; empty where it measured nothing."""
        said = [
            say(
                f"measured.{'few' if one.few else 'many'}{'_beside' * one.beside}", figure=one.figure, n=one.n
            )
            for one in self.all_measured
        ]
        more = len(said) - NAMED
        return [*said[:NAMED], say("rows.more", more=more)] if more > 1 else said

    @property
    def how_known(self) -> str:
        """Say ``measured``, or ``counted`` where every figure of the company's own is one of few cases."""
        return "counted" if all(one.few for one in self.all_measured) else "measured"

    def of_cell(self, cell: CellPlan) -> list[str]:
        """Say what one cell's estimate rests on."""
        if cell.evidence != PUBLISHED:
            return [named("evidence_kind", kind) for kind in cell.evidence.split(", ")]
        own = [
            say(f"grounds.{'counted' if one.few else 'measured'}", figure=one.figure, n=one.n)
            for one in self.measured.get(cell.name, [])
        ]
        both = self.ways_of(cell)
        rest = (
            named("evidence_kind", PUBLISHED) if both is None else say("grounds.two_ways", share=both.weight)
        )
        return [*own, rest]
