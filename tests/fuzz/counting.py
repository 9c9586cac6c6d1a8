"""How many inputs are tried, and from which seed: the same few each time, or as many fresh ones as are wanted."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

__all__ = ["INPUTS", "SEED", "rounds", "tried"]

INPUTS = int(os.environ.get("CHANNELMIX_FUZZ") or 2000)
"""Inputs of all tests in this folder together, but for those that a test has at least."""

SEED = int(os.environ.get("CHANNELMIX_FUZZ_SEED") or 0)

A_ROUND = 400
"""Inputs of one test with a seed of its own, so that processes share the work and a failure is found again soon."""

LONGEST_SHOWN = 2000
"""Characters of an input that a failure shows."""

_Input = TypeVar("_Input")


def rounds(share: float) -> list[tuple[int, int]]:
    """Number and inputs of each round of a test that tries this share of all inputs, at least one."""
    left = max(round(INPUTS * share), 1)
    count = -(-left // A_ROUND)
    return [(k, left // count + (k < left % count)) for k in range(count)]


class _Given:
    """An input whose text is short; what fails is kept in a file."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __repr__(self) -> str:
        text = repr(self.value)
        return text if len(text) < LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({len(text):,} characters)"


def tried(
    inputs: SearchStrategy[_Input], check: Callable[[_Input], None], name: str, number: int, count: int
) -> None:
    """Check so many inputs, the same in each run with one seed; what fails is made as small as it can be."""

    @seed(zlib.crc32(f"{SEED} {name} {number}".encode()))
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(inputs.map(_Given))
    def each(given: _Given) -> None:
        try:
            check(given.value)
        except BaseException:
            _keep(given.value, name)
            raise

    each()


def _keep(value: Any, name: str) -> None:
    """Keep an input that fails; the last one is the smallest."""
    folder = os.environ.get("CHANNELMIX_FUZZ_KEEP")
    if folder is not None:
        data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogatepass")
        (Path(folder) / f"{name.replace(' ', '_')}_{zlib.crc32(data):08x}").write_bytes(data)
