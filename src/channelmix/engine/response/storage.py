"""Blocks of curves as JSON-ready data."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError
from channelmix.engine.response.families import Family


def encoded(array: Array) -> dict[str, Any]:
    """Write an array as base64 of little-endian doubles, so that no digit is lost."""
    raw = np.ascontiguousarray(array, dtype="<f8").tobytes()
    return {"shape": list(array.shape), "f8": base64.b64encode(raw).decode("ascii")}


def _decoded(data: Mapping[str, Any]) -> Array:
    flat = np.frombuffer(base64.b64decode(data["f8"], validate=True), dtype="<f8")
    return flat.reshape([int(size) for size in data["shape"]]).astype(float)


def read_block(data: Mapping[str, Any]) -> Family:
    """Read the curves of some cells, checking ranges as the constructors do."""
    parameters = {str(name): _decoded(value) for name, value in data["parameters"].items()}
    kind = data["family"]
    families = Family.registered()
    if kind not in families:
        raise InputError(f"response curves: unknown family {kind!r}")
    return families[kind].read(parameters)
