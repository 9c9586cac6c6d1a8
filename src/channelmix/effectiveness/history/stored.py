"""Check what was read of a saved model: arrays of fit shapes and of numbers that can be meant."""

from __future__ import annotations

import numpy as np

from channelmix.core.arrays import Array, Indices
from channelmix.core.errors import InputError
from channelmix.effectiveness.history.markets import Market
from channelmix.effectiveness.history.model.families import NO_EFFECT, NUMBERS
from channelmix.effectiveness.history.rows.table import Columns
from channelmix.effectiveness.history.rows.timeline import LONGEST


def check_columns(columns: Columns, n_columns: int) -> None:
    """Check that columns are places in a table of so many.

    Raises
    ------
    InputError
        If one is not.
    """
    single = (place for place in (columns.date, columns.market, *columns.paid) if place is not None)
    if not all(0 <= place < n_columns for place in (*columns.channels, *columns.controls, *single)):
        raise InputError(f"columns must be places in a table of {n_columns}")
    if not len(columns.names) == len(columns.channels) == len(columns.paid) == len(columns.price) > 0:
        raise InputError("each channel must have a name, a column and a price")
    if len(columns.control_names) != len(columns.controls) or not 0 <= columns.unpaid <= len(columns.names):
        raise InputError("columns must have a name and one role each")


def check_market(market: Market, columns: Columns) -> None:
    """Check that a market's arrays fit each other and the columns of the table.

    Raises
    ------
    InputError
        If one does not; the message names it.
    """
    if not isinstance(market.name, str | None):
        raise InputError("a market's name must be text")
    fitted, trend = market.posterior, market.posterior.trend
    if not (0 <= trend.last <= LONGEST and abs(market.start) <= LONGEST and 0.0 < trend.year <= LONGEST):
        raise InputError("the periods of a market must be those of a history")
    n, channels, controls = len(fitted.shape), len(columns.names), len(columns.control_names)
    rows = len(fitted.periods)
    shapes: dict[str, tuple[Array | Indices, tuple[int, ...]]] = {
        "shape": (fitted.shape[..., : NUMBERS - 1], (n, channels, NUMBERS - 1)),
        "family": (fitted.family, (n, channels)),
        "excess": (fitted.excess, (n, channels)),
        "ceiling": (fitted.ceiling, (n, channels)),
        "noise": (fitted.noise, (n,)),
        "tail": (fitted.tail, (n,)),
        "step": (fitted.step, (n,)),
        "reference": (fitted.reference, (channels,)),
        "periods": (fitted.periods, (rows,)),
        "spend": (fitted.spend, (rows, channels)),
        "middle": (trend.middle, (controls,)),
        "spread": (trend.spread, (controls,)),
        "cost": (market.cost, (channels,)),
    }
    for name, (array, shape) in shapes.items():
        _check(name, array, shape, whole=name in ("family", "periods"))
    if n == 0 or rows == 0:
        raise InputError("a fitted model has draws and rows")
    origin = np.zeros(1, dtype=np.int64)
    _check("coefficients", fitted.coefficients, (n, fitted.columns(origin, np.zeros((1, controls))).shape[1]))
    positive = (fitted.reference, fitted.tail, trend.spread, market.cost)
    if not all((array > 0.0).all() for array in positive) or not all(
        (array >= 0.0).all() for array in (fitted.noise, fitted.step, fitted.spend)
    ):
        raise InputError("references, spreads, costs and noise must be above 0")
    if not ((fitted.family >= 0) & (fitted.family <= NO_EFFECT)).all():
        raise InputError("family must hold numbers of families")
    if np.abs(fitted.periods).max() > LONGEST:
        raise InputError("periods must be those of a history")


def _check(name: str, array: Array | Indices, shape: tuple[int, ...], *, whole: bool = False) -> None:
    if array.shape != shape or array.dtype.kind != ("i" if whole else "f"):
        kind = "whole numbers" if whole else "numbers"
        raise InputError(f"{name} must be {kind} of shape {shape}, not {array.dtype} of shape {array.shape}")
    good = array > 0.0 if name == "tail" else np.isfinite(array)  # a normal noise's tail is infinite
    if not good.all():
        raise InputError(f"{name} must hold numbers")
