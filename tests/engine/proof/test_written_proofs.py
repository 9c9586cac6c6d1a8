"""Proofs as data: what is written is what is read, and what cannot be a proof is refused before it takes room."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import channelmix as cm
from channelmix.core.sizes import MOST_TILTS
from channelmix.engine.proof.solution import Proof, relative_gap

PROOF = Proof(
    np.array([1, -1, -1]),
    np.array([0.5, 0.0, 0.0]),
    np.array([[1.0, -2.0], [0.0, 3.0]]),
    np.array([False, True]),
    (np.array([0.0, 0.5]), np.array([0.25])),
)
WEIGHED = replace(PROOF, draw_weights=(np.array([0.0, 0.5, 0.0, 0.25]), np.zeros(4)))


def same(one: Proof, other: Proof) -> bool:
    arrays = [(p.cell, p.threshold, p.prices, p.infeasible, *p.grids, *p.draw_weights) for p in (one, other)]
    equal = len(arrays[0]) == len(arrays[1]) and all(map(np.array_equal, *arrays))
    witness = [None if p.witness is None else p.witness.tolist() for p in (one, other)]
    return equal and one.limit == other.limit and witness[0] == witness[1]


@pytest.mark.parametrize(
    "proof",
    [
        PROOF,
        WEIGHED,
        replace(PROOF, limit=12.5),
        replace(PROOF, limit=0.0),
        replace(PROOF, witness=np.array([1.0, 0.0, 2.0])),
        replace(WEIGHED, limit=1e9, witness=np.array([[1.0], [2.0]])),
        replace(PROOF, draw_weights=(np.zeros(0), np.zeros(0))),
        Proof.of_nothing(3, infeasible=True),
        Proof.of_nothing(0, infeasible=False),
    ],
)
def test_what_is_written_is_read(proof: Proof) -> None:
    assert same(Proof.from_dict(json.loads(json.dumps(proof.to_dict()))), proof)


def test_what_stands_in_a_written_proof() -> None:
    """Weights of draws as the places of those above nothing, their weights, and the number of draws."""
    plain: dict[str, Any] = {
        "cell": [1, -1, -1],
        "threshold": [0.5, 0.0, 0.0],
        "prices": [[1.0, -2.0], [0.0, 3.0]],
        "infeasible": [False, True],
        "grids": [[0.0, 0.5], [0.25]],
    }
    assert PROOF.to_dict() == plain
    assert WEIGHED.to_dict() == plain | {"tilts": [[[1, 3], [0.5, 0.25], 4], [[], [], 4]]}
    assert replace(PROOF, limit=3.0, witness=np.array([1.0])).to_dict() == plain | {
        "limit": 3.0,
        "witness": [1.0],
    }
    assert Proof.of_nothing(2, infeasible=True).to_dict() == {
        "cell": [-1],
        "threshold": [0.0],
        "prices": [[0.0, 0.0]],
        "infeasible": [True],
        "grids": [],
    }


@pytest.mark.parametrize(
    "tilts",
    [
        [[[], [], -1]],
        [[[], [], 10], [[], [], -10]],
        [[[], [], 10**13], [[], [], -(10**13)]],
        [[[4], [0.5], 4]],
        [[[0, 1], [0.5], 4, 5]],
        [[[0, 1], [0.1, 0.2, 0.3], 4]],
        [[["a"], [0.5], 4]],
        [[[0], ["a"], 4]],
        [[[0], [0.5], "many"]],
        [[[0], [0.5]]],
        [5],
        7,
    ],
)
def test_weights_that_are_none_are_refused(tilts: Any) -> None:
    with pytest.raises(cm.CertificateError, match="damaged"):
        Proof.from_dict(PROOF.to_dict() | {"tilts": tilts})


@pytest.mark.parametrize("parts", [1, 4])
def test_more_weights_than_a_proof_may_have_are_refused_before_they_are_made(parts: int) -> None:
    one = [[], [], MOST_TILTS // parts + 1]
    with pytest.raises(cm.InputError, match="leaves x draws") as refused:
        Proof.from_dict(PROOF.to_dict() | {"tilts": [one] * parts})
    assert not isinstance(refused.value, cm.CertificateError)


def test_gaps() -> None:
    assert relative_gap(110.0, 100.0, 200.0) == pytest.approx(0.05)
    assert relative_gap(100.0, 110.0, 200.0) == 0.0
    assert relative_gap(1.5, 0.5, 0.5) == 2.0
    assert relative_gap(0.0, 0.0, 0.0) == 0.0
    assert relative_gap(-1.0, 0.0, 0.0) == 0.0
    assert relative_gap(1e-300, 0.0, 0.0) == math.inf
    assert relative_gap(math.inf, 0.0, 1.0) == math.inf
