from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from channelmix.effectiveness import CellDraws, Figure, shifted, shifted_value
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.effectiveness.published.quantities import SHARES
from channelmix.profile import CompanyProfile


@pytest.fixture
def draws(small: dict[str, Any]) -> CellDraws:
    return PublishedPrior(n_draws=128, seed=3).fit().draws(CompanyProfile.model_validate(small).cells())


def figures(draws: CellDraws) -> dict[str, Figure]:
    return {f"{figure.range.quantity} {figure.cells[0]}": figure for figure in draws.figures}


def test_a_factor_of_one_moves_nothing(draws: CellDraws) -> None:
    for figure in draws.figures:
        same = shifted(draws, figure, 1.0)
        for before, after in zip(draws.quantities, same.quantities, strict=True):
            assert before.keys() == after.keys()
            assert all((before[name] == after[name]).all() for name in before)


def test_only_the_figure_moves_and_only_where_it_is_used(draws: CellDraws) -> None:
    for figure in draws.figures:
        name = figure.range.quantity
        moved = shifted(draws, figure, 0.5)
        assert dataclasses.replace(moved, quantities=draws.quantities).cells == draws.cells
        for cell, before, after in zip(draws.cells, draws.quantities, moved.quantities, strict=True):
            for quantity in before:
                factor = 0.5 if quantity == name and cell.name in figure.cells else 1.0
                np.testing.assert_array_equal(after[quantity], factor * before[quantity])


def test_shares_stop_at_one(draws: CellDraws) -> None:
    figure = figures(draws)["resolution FR/im/service"]
    moved = shifted(draws, figure, 1.15)
    (at,) = (i for i, cell in enumerate(draws.cells) if cell.name == "FR/im/service")
    assert "resolution" in SHARES
    np.testing.assert_array_equal(
        moved.quantities[at]["resolution"], np.minimum(1.15 * draws.quantities[at]["resolution"], 1.0)
    )
    assert moved.quantities[at]["resolution"].max() == 1.0
    assert shifted_value(figure, 1.15) == pytest.approx(1.15 * 0.7)
    assert shifted_value(figure, 2.0) == 1.0
    cost = figures(draws)["cost_per_contact FR/im/service"]
    assert shifted_value(cost, 2.0) == 2.0 * cost.range.typical
