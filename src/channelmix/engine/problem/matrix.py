"""Sparse matrices of rows: most rows speak of few variables, and one a cell would soon fill the memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from channelmix.core.arrays import Array

Matrix = Any
"""A SciPy ``csr_array`` of shape (n_rows, n_variables) without stored zeros."""


def no_rows(columns: int) -> Matrix:
    """Return a matrix without rows."""
    return csr_array((0, columns))


def matrix_of(parts: list[tuple[NDArray[np.intp], Array]], columns: int) -> Matrix:
    """Build a matrix from the places and values of what is not 0 in each row."""
    lengths = [len(places) for places, _ in parts]
    return csr_array(
        (
            np.concatenate([np.empty(0), *(values for _, values in parts)]),
            np.concatenate([np.empty(0, dtype=np.intp), *(places for places, _ in parts)]),
            np.cumsum([0, *lengths]),
        ),
        shape=(len(parts), columns),
    )


def rows_of(A: Matrix) -> NDArray[np.intp]:
    """The row of each stored entry; shape (n_entries,)."""
    return np.repeat(np.arange(A.shape[0]), np.diff(A.indptr))


def row_max(A: Matrix, scale: Array | None = None) -> Array:
    """Largest size of an entry in each row, times its column's `scale`; 0 in an empty row; shape (n_rows,)."""
    largest = np.zeros(A.shape[0])
    sizes = np.abs(A.data) if scale is None else np.abs(A.data) * scale[A.indices]
    np.maximum.at(largest, rows_of(A), sizes)
    return largest


def scaled(A: Matrix, rows: Array, columns: Array) -> Matrix:
    """Return the matrix with each column multiplied by `columns` and each row divided by `rows`."""
    return csr_array((A.data * columns[A.indices] / rows[rows_of(A)], A.indices, A.indptr), shape=A.shape)


def entries(A: Matrix, row: int) -> tuple[NDArray[np.intp], Array]:
    """Places and values of what is stored of a row."""
    own = slice(A.indptr[row], A.indptr[row + 1])
    return A.indices[own], A.data[own]
