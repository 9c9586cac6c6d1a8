from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from channelmix.effectiveness import CellDraws, Figure, effect_of, shifted, shifted_value
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
    """And what is believed of promotion where it rests on the figure."""
    followed = set()
    for figure in draws.figures:
        name = figure.range.quantity
        moved = shifted(draws, figure, 0.5)
        assert dataclasses.replace(moved, quantities=draws.quantities).cells == draws.cells
        for cell, before, after in zip(draws.cells, draws.quantities, moved.quantities, strict=True):
            for quantity in before:
                factor = 0.5 if quantity == name and cell.name in figure.cells else 1.0
                if factor == 1.0 and quantity == effect_of(cell) and cell.name in figure.cells:
                    if (after[quantity] != before[quantity]).any():
                        followed.add((name, cell.channel))
                    continue
                np.testing.assert_array_equal(after[quantity], factor * before[quantity])
    assert ("saturation_frequency", "social") in followed
    assert ("purchases_per_year", "app") in followed
    assert ("saturation_frequency", "sms") not in followed, "a message's effect is of one more"


@pytest.mark.parametrize(
    "quantity", ["saturation_frequency", "usual_contacts", "margin_share", "purchases_per_year"]
)
def test_a_moved_figure_is_believed_as_a_prior_with_a_moved_range_believes_it(
    small: dict[str, Any], quantity: str
) -> None:
    cells = CompanyProfile.model_validate(small).cells()
    draws = PublishedPrior(n_draws=128, seed=3).fit().draws(cells)
    tested = 0
    for figure in draws.figures:
        r = figure.range
        if r.quantity != quantity or not any("promotion" in name for name in figure.cells):
            continue
        for factor in (0.8, 1.1):
            moved = dataclasses.replace(
                r, low=factor * r.low, typical=factor * r.typical, high=factor * r.high
            )
            anew = PublishedPrior(n_draws=128, seed=3).fit([moved]).draws(cells)
            for one, other in zip(shifted(draws, figure, factor).quantities, anew.quantities, strict=True):
                assert one.keys() == other.keys()
                for name in one:
                    # The prior cuts a share at 1 after it has moved, which only the largest draws tell.
                    inside = other[name] < 1.0 if name in SHARES else np.isfinite(other[name])
                    np.testing.assert_allclose(one[name][inside], other[name][inside], rtol=1e-3)
            tested += 1
    assert tested


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
