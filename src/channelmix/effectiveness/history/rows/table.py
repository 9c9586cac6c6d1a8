"""Read a table: the roles of its columns, and checked numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_array

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, nearest_name
from channelmix.profile.evidence.tables.frames import narwhal_of


@dataclass(frozen=True)
class Columns:
    """Positions of the columns by role, and the names of channels and controls.

    The last `unpaid` channels have no bill. Of each channel: `paid`, the column of money for a volume, if there is one;
    `price`, money per unit where that is stated, else 1.
    """

    channels: tuple[int, ...]
    controls: tuple[int, ...]
    date: int | None
    names: tuple[str, ...]
    control_names: tuple[str, ...]
    market: int | None
    paid: tuple[int | None, ...]
    price: tuple[float, ...]
    unpaid: int = 0

    @property
    def bought(self) -> tuple[str, ...]:
        """Names of the channels that cost money."""
        return self.names[: len(self.names) - self.unpaid]

    @property
    def free(self) -> tuple[str, ...]:
        """Names of the channels without a bill."""
        return self.names[len(self.names) - self.unpaid :]

    @classmethod
    def of(cls, model: Any) -> Self:
        """Find the columns that a `MarketingMixRegressor` names in its parameters, by name or position.

        Raises
        ------
        InputError
            If there is no such column, one has two roles, or a cost is not a positive number.
        """
        n_columns, names = model.n_features_in_, getattr(model, "feature_names_in_", None)

        def places(columns: Iterable[str | int]) -> tuple[int, ...]:
            return tuple(_position(c, n_columns, names) for c in columns)

        single = [None if c is None else places([c])[0] for c in (model.date, model.market)]
        other = places(model.controls or ())
        costs = dict(
            zip(places(model.cost_per_unit or ()), (model.cost_per_unit or {}).values(), strict=True)
        )
        paid_columns = {c: places([cost])[0] for c, cost in costs.items() if isinstance(cost, str)}
        free = places(model.unpaid or ())
        roles = [*other, *paid_columns.values(), *(c for c in single if c is not None), *free]
        media = (
            tuple(j for j in range(n_columns) if j not in roles)
            if model.channels is None
            else places(model.channels)
        )
        if len({*media, *roles}) < len(media) + len(roles):
            raise InputError(
                "a column is named twice among channels, their spend, unpaid ones, controls, date and market"
            )
        if not media:
            raise InputError("no column is left to be a channel")
        labels = [f"x{j}" for j in range(n_columns)] if names is None else list(names)
        for j, cost in costs.items():
            if j not in media:
                raise InputError(f"cost_per_unit: {labels[j]} is not a channel")
            if not isinstance(cost, str) and not _is_price(cost):
                raise InputError(
                    f"cost_per_unit: {labels[j]} must cost a number above 0, or name a column, not {cost!r}"
                )
        media += free
        return cls(
            media,
            other,
            single[0],
            tuple(labels[j] for j in media),
            tuple(labels[j] for j in other),
            single[1],
            tuple(paid_columns.get(j) for j in media),
            tuple(1.0 if j in paid_columns else float(costs.get(j, 1.0)) for j in media),
            len(free),
        )


@dataclass(frozen=True, eq=False)
class Rows:
    """A table by role.

    `times` (n_rows,); `spend` (n_rows, n_channels), which is volume where another column holds the money or none
    was paid; `paid` (n_rows, n_channels), money; `controls` (n_rows, n_controls); `markets` (n_rows,), names or None.
    """

    times: NDArray[Any]
    spend: Array
    paid: Array
    controls: Array
    markets: NDArray[Any] | None

    @classmethod
    def read(cls, X: Any, columns: Columns) -> Self:
        """Read a DataFrame or an array.

        Raises
        ------
        InputError
            If spend is negative, a column holds text, or rows of several markets have no dates.
        ValueError
            If the array has not two dimensions, or a number is missing or infinite.
        """
        paid_columns = [j for j in columns.paid if j is not None]
        wanted = [*columns.channels, *paid_columns, *columns.controls]
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
            date, market = (
                None if j is None else np.asarray(X[labels[j]]) for j in (columns.date, columns.market)
            )
        else:
            table = np.asarray(X)
            numbers = table[:, wanted]
            date, market = (None if j is None else table[:, j] for j in (columns.date, columns.market))
        numbers = check_array(numbers, dtype=float, input_name="X", estimator="MarketingMixRegressor")
        media = len(columns.channels)
        spend, money, controls = np.split(numbers, [media, media + len(paid_columns)], axis=1)
        named = [*columns.names, *(str(X.columns[j]) for j in paid_columns)]
        for name, column in zip(named, numbers.T, strict=False):
            if (column < 0.0).any():
                row = int(np.flatnonzero(column < 0.0)[0])
                held = "" if name in columns.free else "spend "
                raise InputError(f"Negative values in data: {name} has {held}{column[row]:g} in row {row}")
        spend = spend * np.array(columns.price)
        paid = spend.copy()
        paid[:, [j is not None for j in columns.paid]] = money
        paid[:, media - columns.unpaid :] = 0.0
        times = _index(X) if date is None else date
        if columns.market is not None and date is None and times.dtype.kind != "M":
            raise InputError("rows of several markets need their dates: name the column of dates")
        return cls(times, spend, paid, controls, None if market is None else _names(market))


def _numbers(column: Any, name: str) -> Array:
    try:
        return np.asarray(column, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"column {name} must hold numbers ({error})") from None


def _is_price(cost: Any) -> bool:
    number = isinstance(cost, int | float | np.number) and not isinstance(cost, bool)
    return number and bool(0.0 < cost < np.inf)


def _names(column: NDArray[Any]) -> NDArray[Any]:
    """Names of markets as text."""
    names = [str(value).strip() for value in column.tolist()]
    for i, (name, value) in enumerate(zip(names, column.tolist(), strict=True)):
        if value is None or value != value or not name:
            raise InputError(f"the market is missing in row {i}")
    return np.array(names)


def _index(X: Any) -> NDArray[Any]:
    """Time of rows without a date column: a pandas index of dates or whole numbers, else the rows' numbers."""
    index = index_of(X)
    values = np.arange(X.shape[0]) if index is None else np.asarray(index)
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


def in_pandas(X: Any) -> Any:
    """An Arrow table as one of pandas, which has the same columns; anything else as it is."""
    is_arrow = hasattr(type(X), "column_names") or not hasattr(type(X), "columns")
    if is_arrow and hasattr(type(X), "__arrow_c_stream__"):
        return narwhal_of(X).to_pandas()
    return X


def index_of(X: Any) -> Any:
    """Return the rows' labels, where they have any (a list's `index` is a method)."""
    index = getattr(X, "index", None)
    return None if callable(index) else index


def outcome_of(outcome: NDArray[Any], n_rows: int) -> Array:
    """A column of outcomes as numbers, NaN where one is not known.

    Raises
    ------
    InputError
        If there is not one number for each row, or one is infinite.
    """
    if outcome.shape != (n_rows,):
        raise InputError(f"the outcome has shape {outcome.shape}, not one number for each of {n_rows} rows")
    try:
        numbers = np.asarray(outcome.astype(float))
    except (TypeError, ValueError) as error:
        raise InputError(f"the outcome must hold numbers ({error})") from None
    if np.isinf(numbers).any():
        raise InputError(f"the outcome is infinite in row {int(np.flatnonzero(np.isinf(numbers))[0])}")
    return numbers
