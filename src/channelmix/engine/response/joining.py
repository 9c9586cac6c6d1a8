"""Neighbouring blocks of curves joined into one, so that evaluation stays vectorised."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from channelmix.engine.response.discounted import Discounted
from channelmix.engine.response.families import Family
from channelmix.engine.response.less_losses import LessLosses
from channelmix.engine.response.shared import Shared
from channelmix.engine.response.tabulated import Tabulated

ALONE = frozenset({Tabulated.kind, Discounted.kind})
"""Kinds of curves that cannot be joined with others."""


def joined(blocks: Iterable[Family]) -> list[Family]:
    """Join neighbours of one family, and of equally many draws."""
    merged: list[Family] = []
    for _, group in itertools.groupby(enumerate(blocks), _kind_of):
        alike = [block for _, block in group]
        merged.append(alike[0] if len(alike) == 1 else alike[0].joined(alike))
    return merged


def _kind_of(placed: tuple[int, Family]) -> tuple[Any, ...]:
    """Key by which neighbouring blocks are joined; a block that cannot be joined has a key of its own."""
    place, block = placed
    alone = isinstance(block, Shared) or not ALONE.isdisjoint(block.kinds)
    parts = (block.gains, block.losses) if isinstance(block, LessLosses) else (block,)
    return block.kinds, *(part.shape[0] for part in parts), place if alone else -1
