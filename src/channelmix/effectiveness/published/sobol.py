"""A scrambled Sobol sequence: points that fill the unit cube more evenly than independent ones.

The numbers are those of ``scipy.stats.qmc.Sobol``, to the last bit. SciPy has them in a package whose import takes as
long as a plan; so the sequence is written out here, for the dimensions that all but huge profiles need.

References
----------
Joe, S. & Kuo, F. Y. (2008), "Constructing Sobol sequences with better two-dimensional projections", SIAM Journal on
Scientific Computing 30: the direction numbers, in `datasets/published/directions.csv`.
Matousek, J. (1998), "On the L2-discrepancy for anchored boxes", Journal of Complexity 14: the scrambling.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from channelmix.core.arrays import Array
from channelmix.datasets.files import read_rows

Bits = NDArray[np.uint32]

MOST_DIMENSIONS = 21201
"""Dimensions that direction numbers are known for."""

BITS = 30
"""Binary digits of a coordinate."""


def sobol(dimensions: int, exponent: int, rng: np.random.Generator) -> Array:
    """Draw ``2**exponent`` points of the unit cube.

    Parameters
    ----------
    dimensions : int
        At most `MOST_DIMENSIONS`.
    exponent : int
        At most 30.
    rng : numpy.random.Generator
        Of the scrambling.

    Returns
    -------
    ndarray of shape (2**exponent, dimensions)
    """
    if dimensions > len(_stored()):
        # Few profiles have so many quantities, and theirs are plans that take far longer than this import.
        from scipy.stats import qmc

        return np.asarray(qmc.Sobol(dimensions, scramble=True, rng=rng).random_base2(exponent))
    directions, shift = _scrambled(np.array([_directions(row) for row in range(dimensions)]), rng.spawn(1)[0])
    # The order of the Gray code: each point differs from the one before it by one direction, that of the lowest zero of
    # the number of the one before.
    number = np.arange(1, 2**exponent, dtype=np.uint32)
    lowest = np.bitwise_count((number & -number) - np.uint32(1))
    steps = np.vstack([shift, directions.T[lowest]])
    return np.asarray(np.bitwise_xor.accumulate(steps, axis=0) * 2.0**-BITS)


def _scrambled(directions: Bits, rng: np.random.Generator) -> tuple[Bits, Bits]:
    """Multiply directions by random triangular matrices, and draw a first point; (n, BITS) and (n,)."""
    n = len(directions)
    powers = np.uint32(1) << np.arange(BITS, dtype=np.uint32)
    shift = rng.integers(2, size=(n, BITS), dtype=np.uint32) @ powers
    below = np.tril(rng.integers(2, size=(n, BITS, BITS), dtype=np.uint32), -1)
    matrix = below | np.eye(BITS, dtype=np.uint32)
    # Row i of a matrix makes the digit i, counted from the highest, of a direction's highest i digits: it is packed
    # into one number, so that a digit is whether it shares an odd number of ones with the direction.
    packed = matrix @ powers[::-1]
    shared = np.bitwise_count(packed[:, :, np.newaxis] & directions[:, np.newaxis, :])
    digits = (shared & 1).astype(np.uint32) * powers[::-1, np.newaxis]
    return np.bitwise_or.reduce(digits, axis=1), shift


@cache
def _stored() -> list[dict[str, str]]:
    return read_rows("directions.csv")


@cache
def _directions(row: int) -> Bits:
    """Direction numbers of one dimension: its first ones, continued by the recurrence of its primitive polynomial."""
    polynomial = int(_stored()[row]["polynomial"])
    odd = [int(number) for number in _stored()[row]["first"].split()]
    degree = polynomial.bit_length() - 1
    while len(odd) < BITS:
        following = odd[-degree] if degree else 1
        for back in range(1, degree + 1):
            if polynomial >> (degree - back) & 1:
                following ^= odd[-back] << back
        odd.append(following)
    return np.array(odd[:BITS], dtype=np.uint32) << np.arange(BITS, dtype=np.uint32)[::-1]
