"""Reading the rows: which column is what, and numbers that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from channelmix.errors import InputError, nearest_name

__all__ = ["Columns", "Rows"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """Positions of the columns and the channels' and controls' names."""

    channels: tuple[int, ...]
    controls: tuple[int, ...]
    date: int | None
    names: tuple[str, ...]
    control_names: tuple[str, ...]

    @classmethod
    def of(
        cls,
        n_columns: int,
        names: Sequence[str] | None,
        channels: Sequence[str | int] | None,
        controls: Sequence[str | int] | None,
        date: str | int | None,
    ) -> Self:
        """Find the columns by name or position.

        Raises
        ------
        InputError
            If there is no such column, or one has two roles.
        """
        chosen_date = None if date is None else _position(date, n_columns, names)
        other = tuple(_position(c, n_columns, names) for c in controls or ())
        used = {*other, chosen_date}
        media = (
            tuple(j for j in range(n_columns) if j not in used)
            if channels is None
            else tuple(_position(c, n_columns, names) for c in channels)
        )
        every = [*media, *other, *([] if chosen_date is None else [chosen_date])]
        if len(set(every)) < len(every):
            raise InputError("a column is named twice among channels, controls and date")
        if not media:
            raise InputError("no column is left to be a channel")
        labels = [f"x{j}" for j in range(n_columns)] if names is None else list(names)
        return cls(
            media, other, chosen_date, tuple(labels[j] for j in media), tuple(labels[j] for j in other)
        )


@dataclass(frozen=True, eq=False)
class Rows:
    """What the rows say: `times` (n_rows,), `spend` (n_rows, n_channels) and `controls` (n_rows, n_controls)."""

    times: NDArray[Any]
    spend: Array
    controls: Array

    @classmethod
    def read(cls, X: Any, columns: Columns) -> Self:
        """Read a DataFrame or an array.

        Raises
        ------
        InputError
            If spend is negative, or a column holds text.
        ValueError
            If the array has not two dimensions, or a number is missing or infinite.
        """
        wanted = [*columns.channels, *columns.controls]
        if hasattr(X, "columns"):
            labels = list(X.columns)
            parts = [_numbers(X[labels[j]], str(labels[j])) for j in wanted]
            numbers = np.stack(parts, axis=1) if len(X) else np.empty((0, len(wanted)))
            for j, column in zip(wanted, numbers.T, strict=True):
                if np.isnan(column).any():
                    row = int(np.flatnonzero(np.isnan(column))[0])
                    raise InputError(
                        f"{labels[j]} is missing (NaN) in row {row}: fill it, with 0 where nothing was spent"
                    )
            date = None if columns.date is None else np.asarray(X[labels[columns.date]])
        elif columns.date is None:
            numbers, date = X, None
        else:
            table = np.asarray(X)
            numbers, date = table[:, wanted], table[:, columns.date]
        numbers = check_array(numbers, dtype=float, input_name="X", estimator="MarketingMixRegressor")
        if date is None and not hasattr(X, "columns"):
            numbers = numbers[:, wanted]
        spend, controls = np.split(numbers, [len(columns.channels)], axis=1)
        for name, column in zip(columns.names, spend.T, strict=True):
            if (column < 0.0).any():
                row = int(np.flatnonzero(column < 0.0)[0])
                raise InputError(f"Negative values in data: {name} has spend {column[row]:g} in row {row}")
        return cls(_index(X) if date is None else date, spend, controls)


def _numbers(column: Any, name: str) -> Array:
    try:
        return np.asarray(column, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"column {name} must hold numbers ({error})") from None


def _index(X: Any) -> NDArray[Any]:
    """Time of rows without a date column: a pandas index of dates or whole numbers, else the rows' numbers."""
    index = getattr(X, "index", None)
    values = np.arange(X.shape[0]) if index is None or callable(index) else np.asarray(index)
    return values if values.dtype.kind in "iuM" else np.arange(len(values))


def _position(column: str | int, n_columns: int, names: Sequence[str] | None) -> int:
    if isinstance(column, str):
        if names is None or column not in names:
            raise InputError(
                f"there is no column {column!r}{nearest_name(column, () if names is None else names)}"
            )
        return list(names).index(column)
    if not -n_columns <= column < n_columns:
        raise InputError(f"there is no column {column}: the table has {n_columns}")
    return int(column) % n_columns
