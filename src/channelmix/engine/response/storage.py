"""Blocks of curves as JSON-ready data."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, echo
from channelmix.core.sizes import MOST_PARAMETERS, within
from channelmix.engine.response.families import Family
from channelmix.engine.response.shared import Shared

T = TypeVar("T")

MANY = 4096
"""Numbers from which on an array is written with four bytes each where these hold them."""

FLOATS = {"f8": "<f8", "f4": "<f4"}
"""Types of the numbers in an array by the key of their base64: little-endian floats of eight bytes, or of four."""


def encoded(array: Array) -> dict[str, Any]:
    """Write an array as base64 of little-endian floats, so that no digit is lost.

    A float has eight bytes. It has four in a large array of which each number is exactly one of these, such as the
    tables of a fit.
    """
    kind = "f4" if array.size >= MANY and _holds(array) else "f8"
    raw = np.ascontiguousarray(array, dtype=FLOATS[kind]).tobytes()
    return {"shape": list(array.shape), kind: base64.b64encode(raw).decode("ascii")}


def _holds(array: Array) -> bool:
    """Whether floats of four bytes hold every number exactly."""
    with np.errstate(over="ignore"):
        return bool((array.astype("<f4") == array).all())


def _decoded(data: Mapping[str, Any]) -> Array:
    kind = "f4" if "f4" in data else "f8"
    sizes = [int(size) for size in data["shape"]]
    within(MOST_PARAMETERS, math.prod(sizes), "response curves: numbers in an array", "use fewer draws")
    flat = np.frombuffer(base64.b64decode(data[kind], validate=True), dtype=FLOATS[kind])
    return flat.reshape(sizes).astype(float)


def block_to_dict(block: Family) -> dict[str, Any]:
    """Write the curves of some cells as JSON-ready data, each shape once where cells share it."""
    if isinstance(block, Shared):
        units = {"of": block.of.tolist(), "unit": encoded(block.unit), "factor": encoded(block.factor)}
        return {"shapes": [block_to_dict(shape) for shape in block.shapes], **units}
    return {"family": block.kind, "parameters": {k: encoded(v) for k, v in block.parameters.items()}}


def _read_shared(data: Mapping[str, Any]) -> Shared:
    """Read curves that cells share; every shape is some cell's, and units are finite and above 0."""
    if any("shapes" in stored for stored in data["shapes"]):
        raise ValueError("a shape is not one curve")
    shapes = tuple(_read_block(stored) for stored in data["shapes"])
    of = np.asarray(data["of"], dtype=np.int64)
    unit, factor = _decoded(data["unit"]), _decoded(data["factor"])
    complete = of.ndim == 1 and unit.shape == factor.shape == of.shape
    if not complete or not np.array_equal(np.unique(of), np.arange(len(shapes))):
        raise ValueError("shapes and cells do not fit together")
    if any(shape.shape[1] != 1 for shape in shapes):
        raise ValueError("a shape is not one curve")
    if len({shape.shape[0] for shape in shapes} - {1}) > 1:
        raise ValueError("shapes have different numbers of draws")
    fine = np.isfinite(unit) & (unit > 0.0) & np.isfinite(factor) & (factor >= 0.0)
    if not fine.all():
        raise ValueError("a unit is not a finite number above 0")
    return Shared(shapes, of, unit, factor)


def _read_block(data: Mapping[str, Any]) -> Family:
    """Read the curves of some cells, checking ranges as the constructors do."""
    if "shapes" in data:
        return _read_shared(data)
    parameters = {str(name): _decoded(value) for name, value in data["parameters"].items()}
    kind = data["family"]
    families = Family.registered()
    if not isinstance(kind, str) or kind not in families:
        raise InputError(f"response curves: unknown family {echo(kind)}")
    return families[kind].read(parameters)


def read_curves(
    data: Mapping[str, Any], keep: Callable[[Family], T], most: int | None = None
) -> tuple[tuple[str, ...], list[T]]:
    """Read the names of some cells and the blocks of their curves, checking all; return what is kept of each block.

    `most` limits the numbers of all blocks together.

    Raises
    ------
    InputError
        If the data are damaged.
    """
    kept, shapes, total = [], [], 0
    try:
        for stored in data["blocks"]:
            block = _read_block(stored)
            total += sum(array.size for array in block.parameters.values())
            if most is not None:
                within(most, total, "response curves: numbers of all blocks", "use fewer draws")
            kept.append(keep(block))
            shapes.append(block.shape)
        names = tuple(str(name) for name in data["names"])
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise InputError(f"response curves: damaged data ({error})") from None
    if not shapes or sum(cells for _, cells in shapes) != len(names):
        raise InputError("response curves: the number of names and of curves differ")
    if len({draws for draws, _ in shapes} - {1}) > 1:
        raise InputError("response curves: the numbers of draws differ")
    return names, kept
