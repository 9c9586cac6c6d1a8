"""Proofs over service curves, which change curvature more than once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tests.oracles import random_curves

import channelmix as cm


@pytest.mark.parametrize("seed", range(5))
def test_service_is_proven_and_a_forged_bound_is_caught(seed: int) -> None:
    curves = random_curves(np.random.default_rng(seed), 6, 40, family="service")
    problem = cm.AllocationProblem(curves, cm.FixedBudget(5.0), charge={curves.names[0]: 0.3})
    solution = cm.solve(problem, gap=1e-4)
    assert solution.status is cm.Status.OPTIMAL
    assert cm.verify(problem, solution).gap <= 1e-4
    lower = 0.5 * (solution.value + solution.upper_bound) - 1e-3 * abs(solution.value)
    with pytest.raises(cm.CertificateError):
        cm.verify(problem, dataclasses.replace(solution, upper_bound=lower))
    cheap = dataclasses.replace(solution.proof, prices=0.5 * solution.proof.prices)
    with pytest.raises(cm.CertificateError):
        cm.verify(problem, dataclasses.replace(solution, proof=cheap))
