"""Work on several cores, with results that do not depend on their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

Each = Callable[..., list[Any]]
"""Calls a function with each item, or with each of several iterables' items, as `map` does; a list of the results."""


def one_by_one(function: Callable[..., Any], *items: Iterable[Any]) -> list[Any]:
    """Call a function with each item, one after the other.

    >>> one_by_one(max, [1, 5], [3, 4])
    [3, 5]
    """
    return list(map(function, *items))


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def on_cores() -> Iterator[Each]:
    """Call functions in threads, one a core: NumPy lets others run while it works on arrays.

    Each item is worked on as if it were alone, so results are the same to the last bit on one core.
    """
    if cores() == 1:
        yield one_by_one
        return
    with ThreadPoolExecutor(cores(), thread_name_prefix="channelmix") as pool:
        yield lambda function, *items: list(pool.map(function, *items))
