"""Markets that differ in their size alone: worked out once, they are what each would be by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from channelmix.effectiveness import CellDraws, prior_response, published_draws
from channelmix.effectiveness.kinds import Kinds, kinds_of
from channelmix.effectiveness.published import prior_draws
from channelmix.effectiveness.published.rule_figures import with_figures
from channelmix.engine.response import Service
from channelmix.engine.rules import ContactCap, ReputationLimit, ServiceLevel
from channelmix.profile import Cell, CompanyProfile, starter_profile

N_DRAWS = 32
ALIKE = ("small", "large", "odd")


def content() -> dict[str, Any]:
    """Three markets of one kind, one abroad, one with a price of its own, and one where fewer are reached."""
    stated = starter_profile()
    stated["markets"] = [
        {"name": "small", "customers": 700},
        {"name": "abroad", "customers": 9000, "country": "BR"},
        {"name": "large", "customers": 123456},
        {"name": "priced", "customers": 5000, "channels": {"sms": {"cost_per_contact": {"promotion": 0.11}}}},
        {"name": "odd", "customers": 3331},
        {"name": "shy", "customers": 4000, "channels": {"social": {"reachable": 200}}},
    ]
    stated["purposes"]["service"]["inbound_contacts"] = {"value": 4000, "low": 3000, "high": 6000}
    for channel in stated["channels"].values():
        channel.pop("reachable", None)
        channel["reachable_share"] = {"value": 0.37, "n": 400}
    return stated


@pytest.fixture(scope="module")
def cells() -> tuple[Cell, ...]:
    return CompanyProfile.model_validate(content()).cells()


@pytest.fixture(scope="module")
def draws(cells: tuple[Cell, ...]) -> CellDraws:
    return published_draws(cells, N_DRAWS, 3)


def by_itself(cells: Sequence[Cell], *drawn: Sequence[Any]) -> Kinds:
    """Take no two cells for one kind."""
    return Kinds(np.arange(len(cells)), np.ones(len(cells)))


@pytest.fixture(scope="module")
def apart(cells: tuple[Cell, ...]) -> CellDraws:
    """The same draws, each cell's quantities of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prior_draws, "kinds_of", by_itself)
        drawn = published_draws(cells, N_DRAWS, 3)
    alone = dataclasses.replace(drawn, quantities=tuple(dict(each) for each in drawn.quantities))
    assert alone.kinds.all_differ
    return alone


def test_markets_are_of_one_kind_where_they_differ_in_size_alone(cells: tuple[Cell, ...]) -> None:
    kinds = kinds_of(cells)
    for i, cell in enumerate(cells):
        first = cells[kinds.first[i]]
        assert (first.channel, first.purpose) == (cell.channel, cell.purpose)
        assert first.market == ("small" if cell.market in ALIKE else cell.market)
        assert kinds.size[i] == pytest.approx(cell.customers / first.customers, rel=1e-15)


def test_an_interval_that_is_not_in_proportion_makes_another_kind() -> None:
    stated = content()
    stated["markets"] = [
        {"name": "one", "customers": 100, "inbound_contacts": {"value": 10, "low": 5, "high": 20}},
        {"name": "two", "customers": 200, "inbound_contacts": {"value": 20, "low": 10, "high": 41}},
    ]
    found = CompanyProfile.model_validate(stated).cells()
    assert kinds_of(found).all_differ
    assert kinds_of([dataclasses.replace(cell, own=frozenset()) for cell in found]).all_differ


def test_draws_are_the_same(draws: CellDraws, apart: CellDraws) -> None:
    assert draws.figures == apart.figures
    for mine, other in zip(draws.quantities, apart.quantities, strict=True):
        assert mine.keys() == other.keys()
        for name, values in mine.items():
            np.testing.assert_array_equal(values, other[name])


@pytest.mark.parametrize("silent", [False, True])
def test_curves_and_losses_are_those_of_each_market(draws: CellDraws, apart: CellDraws, silent: bool) -> None:
    both = [one.silent if silent else one for one in (draws, apart)]
    ours, theirs = (prior_response(one, 30.0, 1.0) for one in both)
    assert ours.curves.names == theirs.curves.names
    assert len(ours.curves.as_shared().shapes) < len(theirs.curves.as_shared().shapes)
    for part in (1e-6, 0.01, 1.0, 100.0):
        spend = part * np.array([cell.customers for cell in draws.cells])
        np.testing.assert_allclose(ours.curves.value(spend), theirs.curves.value(spend), rtol=1e-9)
        assert ours.losses is not None
        assert theirs.losses is not None
        np.testing.assert_allclose(ours.losses.value(spend), theirs.losses.value(spend), rtol=1e-9)
        for mine, other in zip(ours.heard_by_cell(spend), theirs.heard_by_cell(spend), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-9)


def test_figures_of_rules_are_those_of_each_market(draws: CellDraws, apart: CellDraws) -> None:
    rules: list[Any] = [ContactCap(4.0), ContactCap(4.0, quantile=0.9), ServiceLevel(0.6)]
    for name in ("small/social/service", "large/social/service"):
        place = [cell.name for cell in draws.cells].index(name)
        left = prior_response(apart, 30.0, 1.0).curves.cell(place)
        assert isinstance(left, Service)
        rules.append(ReputationLimit(0.7 * float(left.criticism_left(np.zeros(1)).mean()), name))
    ours, theirs = (
        with_figures(rules, one, prior_response(one, 30.0, 1.0), 30.0, 1.0) for one in (draws, apart)
    )
    for mine, other in zip(ours, theirs, strict=True):
        field = "per_spend" if isinstance(mine, ContactCap) else "spend"
        found, expected = dict(getattr(mine, field)), dict(getattr(other, field))
        assert found.keys() == expected.keys()
        assert any(found.values())
        np.testing.assert_allclose(list(found.values()), [expected[name] for name in found], rtol=1e-9)


def test_one_figure_moved_in_one_market_parts_it_from_the_others(draws: CellDraws) -> None:
    place = [cell.name for cell in draws.cells].index("large/sms/promotion")
    moved = list(draws.quantities)
    moved[place] = {name: 2.0 * values for name, values in moved[place].items()}
    changed = dataclasses.replace(draws, quantities=tuple(moved))
    assert changed.kinds.first[place] == place
    before, after = (
        prior_response(one, 30.0, 1.0).curves.mean_value(np.full(len(one.cells), 50.0))
        for one in (draws, changed)
    )
    differ = [cell.market for cell, a, b in zip(draws.cells, before, after, strict=True) if abs(a - b) > 1e-9]
    assert set(differ) == {"large"}
