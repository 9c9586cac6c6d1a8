"""Simulated companies without data: reproducible, of many kinds, and as surprising to a belief as it says."""

from __future__ import annotations

import numpy as np
import pytest

from channelmix.effectiveness import prior_response, published_draws
from channelmix.effectiveness.published.simulated import (
    SimulatedCompany,
    simulated_company,
)

COMPANIES = 120


@pytest.fixture(scope="module")
def companies() -> list[SimulatedCompany]:
    return [simulated_company(seed) for seed in range(COMPANIES)]


def test_a_seed_draws_the_same_company(companies: list[SimulatedCompany]) -> None:
    again = simulated_company(3)
    assert again.profile == companies[3].profile
    spend = np.full(again.curves.n_cells, 100.0)
    assert again.earned(spend) == companies[3].earned(spend)
    assert companies[4].profile != companies[3].profile


def test_they_are_of_many_kinds(companies: list[SimulatedCompany]) -> None:
    profiles = [company.profile for company in companies]
    assert len({profile.sector for profile in profiles}) == 8
    assert len({profile.country for profile in profiles}) == 7
    assert {len(profile.channels) for profile in profiles} >= {2, 3, 4}
    assert {cell.audience for profile in profiles for cell in profile.cells()} == {None, "loyal", "cold"}
    assert all(profile.current_total > 0.0 for profile in profiles)


@pytest.mark.no_cover
def test_the_belief_in_returns_covers_nine_truths_in_ten(companies: list[SimulatedCompany]) -> None:
    inside, count = 0, 0
    for company in companies:
        profile = company.profile
        draws = published_draws(profile.cells(), 512, seed=9)
        curves = prior_response(draws, profile.period_days, 1.0).curves
        spend = np.array([max(cell.current_spend, 1.0) for cell in draws.cells])
        low, high = np.quantile(curves.value(spend), [0.05, 0.95], axis=0)
        true = company.curves.value(spend)[0]
        known = high > low
        inside += int(((low <= true) & (true <= high))[known].sum())
        count += int(known.sum())
    assert count > 400
    # Cells of a company share draws: some 120 companies are worth as many independent ones.
    assert abs(inside / count - 0.9) < 4.0 * np.sqrt(0.09 / COMPANIES)


def test_what_is_earned_is_outcome_less_losses(companies: list[SimulatedCompany]) -> None:
    company = next(one for one in companies if one.losses)
    assert company.losses is not None
    assert company.losses.n_draws == 1
    names = company.curves.names
    spend = np.full(len(names), 1000.0)
    lost = float(company.losses.value(spend)[0].sum())
    assert lost > 0.0
    brought = float(company.curves.value(spend)[0].sum())
    assert company.earned(spend) == pytest.approx(brought - lost)
    assert company.earned(np.zeros(len(names))) == 0.0
