from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from scipy.stats import qmc
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from channelmix.datasets import PriorRange
from channelmix.effectiveness import CellDraws, prior_response
from channelmix.effectiveness.published.prior import PublishedPrior
from channelmix.effectiveness.published.prior_draws import _uniform
from channelmix.effectiveness.published.quantities import SHARES
from channelmix.effectiveness.published.sobol import MOST_DIMENSIONS, sobol
from channelmix.profile import CompanyProfile


def cells_of(content: dict[str, Any]) -> Any:
    return CompanyProfile.model_validate(content).cells()


def draw(content: dict[str, Any], n_draws: int = 256, seed: int = 0) -> CellDraws:
    return PublishedPrior(n_draws=n_draws, seed=seed).fit().draws(cells_of(content))


def by_cell(draws: CellDraws) -> dict[str, Any]:
    return {cell.name: q for cell, q in zip(draws.cells, draws.quantities, strict=True)}


def test_scikit_learn_parameters() -> None:
    prior = PublishedPrior(n_draws=64, seed=3)
    assert prior.get_params() == {"n_draws": 64, "seed": 3, "regression": True}
    prior.set_params(seed=4).fit()
    copied = clone(prior)
    assert copied.get_params() == {"n_draws": 64, "seed": 4, "regression": True}
    with pytest.raises(NotFittedError):
        copied.draws(())


def test_no_cells_no_draws() -> None:
    assert PublishedPrior().fit().draws(()).quantities == ()


def test_draws_are_log_normal_with_the_stated_interval(small: dict[str, Any]) -> None:
    draws = draw(small, n_draws=32768)
    seen = 0
    for figure in draws.figures:
        entry = figure.range
        place = [c.name for c in draws.cells].index(figure.cells[0])
        sample = draws.quantities[place][entry.quantity]
        low, middle, high = np.quantile(sample, [0.05, 0.5, 0.95])
        k = entry.uncertainty_factor
        most = 1.0 if entry.quantity in SHARES else np.inf
        if entry.basis.startswith("from clicks"):  # of two ways, which may lie apart
            assert (low, middle, high) == pytest.approx((entry.low, entry.typical, entry.high), rel=0.02)
            continue
        assert middle == pytest.approx(min(entry.typical, most), rel=0.01)
        assert low == pytest.approx(min(entry.typical / k, most), rel=0.02)
        assert high == pytest.approx(min(entry.typical * k, most), rel=0.02)
        seen += 1
    assert seen > 30


def test_shares_never_exceed_one(small: dict[str, Any]) -> None:
    for quantities in draw(small, n_draws=4096).quantities:
        for name, sample in quantities.items():
            assert (sample > 0.0).all()
            assert name not in SHARES or sample.max() <= 1.0


def test_markets_share_draws_and_channels_do_not(small: dict[str, Any]) -> None:
    small["markets"] = [{"name": "A", "customers": 100000.0}, {"name": "B", "customers": 50000.0}]
    cells = by_cell(draw(small, n_draws=2048))
    for name, quantities in cells.items():
        if name.startswith("A/"):
            assert all((q == cells["B/" + name[2:]][key]).all() for key, q in quantities.items())
    # One range for several channels is no reason to draw it together.
    independent = [
        np.log(cells[name]["resolution"]) for name in ("A/sms/service", "A/im/service", "A/app/service")
    ] + [np.log(cells["A/sms/promotion"]["conversion_rate"])]
    correlation = np.corrcoef(independent) - np.eye(4)
    assert np.abs(correlation).max() < 0.05
    # But how a company counts orders is the same for all of its channels.
    factors = [
        cells[f"A/{channel}/promotion"]["incremental_factor"] for channel in ("social", "sms", "im", "app")
    ]
    assert all((factor == factors[0]).all() for factor in factors)


def test_what_customers_are_like_is_drawn_once(small: dict[str, Any]) -> None:
    """How satisfied and how talkative people are does not depend on the channel that they write on."""
    cells = by_cell(draw(small, n_draws=64))
    for quantity, count in (("tells_if_not", 4), ("tells_if_satisfied", 4), ("satisfied_share", 4)):
        samples = [quantities[quantity] for quantities in cells.values() if quantity in quantities]
        assert len(samples) == count
        assert all((sample == samples[0]).all() for sample in samples)
    public = [cells[f"FR/{channel}/service"]["publicness"] for channel in ("im", "app")]
    assert (public[0] != public[1]).any(), "channels differ in what others see"


def test_order_and_names_do_not_matter(small: dict[str, Any]) -> None:
    small["markets"] = [{"name": "A", "customers": 100000.0}, {"name": "B", "customers": 50000.0}]
    small["channels"]["kiosk"] = {"like": "sms", "reachable": 2000.0}
    small["channels"]["phone"] = {"like": "im", "reachable": 3000.0}
    turned = copy.deepcopy(small)
    turned["markets"].reverse()
    turned["channels"] = dict(reversed(turned["channels"].items()))
    renamed = copy.deepcopy(small)
    renamed["channels"]["zzz"] = renamed["channels"].pop("kiosk")
    first, second, third = by_cell(draw(small)), by_cell(draw(turned)), by_cell(draw(renamed))
    for name, quantities in first.items():
        for other, key in ((second, name), (third, name.replace("kiosk", "zzz"))):
            assert quantities.keys() == other[key].keys()
            assert all((quantities[q] == other[key][q]).all() for q in quantities)


def test_currency_of_the_statements_does_not_matter(small: dict[str, Any]) -> None:
    small["channels"]["kiosk"] = {"like": "sms", "reachable": 2000.0, "cost_per_contact": {"promotion": 9.0}}
    small["channels"]["phone"] = {"like": "sms", "reachable": 2000.0, "cost_per_contact": {"promotion": 10.0}}
    scaled = copy.deepcopy(small)
    for name in ("kiosk", "phone"):
        scaled["channels"][name]["cost_per_contact"]["promotion"] *= 1e-5
    first, second = by_cell(draw(small)), by_cell(draw(scaled))
    assert all((q[key] == second[name][key]).all() for name, q in first.items() for key in q)


def test_seeds_reproduce_and_differ(small: dict[str, Any]) -> None:
    one, same, other = (by_cell(draw(small, seed=seed)) for seed in (7, 7, 8))
    sample = one["FR/sms/promotion"]["conversion_rate"]
    assert (sample == same["FR/sms/promotion"]["conversion_rate"]).all()
    assert (sample != other["FR/sms/promotion"]["conversion_rate"]).any()


@pytest.mark.parametrize("n_draws", [1, 3, 100, 257])
def test_any_number_of_draws(small: dict[str, Any], n_draws: int) -> None:
    draws = draw(small, n_draws=n_draws)
    assert all(len(q) == n_draws for quantities in draws.quantities for q in quantities.values())
    longer = draw(small, n_draws=2 ** (n_draws - 1).bit_length())
    assert (
        by_cell(draws)["FR/im/service"]["resolution"]
        == by_cell(longer)["FR/im/service"]["resolution"][:n_draws]
    ).all()


@pytest.mark.no_cover
def test_more_quantities_than_one_sequence_can_draw() -> None:
    points = _uniform(128, MOST_DIMENSIONS + 3, seed=5)
    assert points.shape == (128, MOST_DIMENSIONS + 3)
    for place in range(3):
        correlation = np.corrcoef(points[:, place], points[:, MOST_DIMENSIONS + place])[0, 1]
        assert abs(correlation) < 0.35, "four standard errors"


@pytest.mark.parametrize("dimensions", [1, 2, 63, 256, 257])
@pytest.mark.parametrize("exponent", [0, 1, 9])
@pytest.mark.parametrize("seed", [0, 1_000_003])
def test_points_are_those_of_scipy_to_the_last_bit(dimensions: int, exponent: int, seed: int) -> None:
    theirs = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed)).random_base2(exponent)
    assert np.array_equal(sobol(dimensions, exponent, np.random.default_rng(seed)), theirs)


@pytest.mark.parametrize(
    ("figure", "gone"),
    [
        ({"cost_per_contact": {"promotion": 0.05}}, {"cost_per_contact"}),
        ({"contacts_per_customer": 4.0}, {"contact_pressure", "saturation_frequency"}),
        ({"orders_per_contact": 0.003}, {"conversion_rate"}),
        (
            {"orders_per_contact": {"value": 0.003, "incremental": True}},
            {"conversion_rate", "incremental_factor"},
        ),
    ],
)
def test_a_stated_figure_replaces_published_ones(
    small: dict[str, Any], figure: dict[str, Any], gone: set[str]
) -> None:
    before = by_cell(draw(small))["FR/sms/promotion"]
    small["channels"]["sms"] |= figure
    draws = draw(small)
    after = by_cell(draws)["FR/sms/promotion"]
    assert before.keys() - after.keys() == gone
    used = {(f.range.quantity, name) for f in draws.figures for name in f.cells}
    assert not used & {(quantity, "FR/sms/promotion") for quantity in gone}


def test_stated_service_figures_and_penetration(small: dict[str, Any]) -> None:
    small["channels"]["im"] |= {"service_share": 0.2, "resolution_share": 0.8, "on_time_share": 0.9}
    small["channels"]["im"]["cost_per_contact"] = {"service": 3.0}
    small["markets"][0]["penetration"] = 0.9
    draws = draw(small)
    told = {"publicness", "tells_if_not", "tells_if_satisfied"}
    assert by_cell(draws)["FR/im/service"].keys() == {"load_variation", "late_worth"} | told
    assert "penetration" not in {f.range.quantity for f in draws.figures}


def test_figures_of_mechanisms_are_stated_or_drawn(small: dict[str, Any]) -> None:
    small["channels"]["sms"] |= {"publicness": 0.2, "opt_out_per_contact": 0.01, "value_per_consent": 3.0}
    small["word_of_mouth"] = {"satisfied_share": 0.9}
    cells = by_cell(draw(small))
    assert not cells["FR/sms/promotion"].keys() & {"opt_out_per_message", "months_consented"}
    assert "publicness" not in cells["FR/sms/service"]
    assert cells["FR/sms/advocacy"].keys() == {
        "cost_per_contact",
        "saturation_frequency",
        "response_rate",
        "penetration",
    }
    assert {"opt_out_per_message", "months_consented"} <= cells["FR/im/promotion"].keys()
    shared = [cells[f"FR/im/{purpose}"]["publicness"] for purpose in ("service", "advocacy")]
    assert (shared[0] == shared[1]).all(), "a channel is as public for one purpose as for another"


def test_orders_per_contact_leave_advocacy_its_response(small: dict[str, Any]) -> None:
    small["channels"]["social"]["orders_per_contact"] = 0.001
    cells = by_cell(draw(small))
    assert "response_rate" in cells["FR/social/advocacy"]
    assert "response_rate" not in cells["FR/social/promotion"]


def test_channels_of_ones_own_are_judged_in_general(small: dict[str, Any]) -> None:
    figures = {"publicness": 0.5, "contacts_per_customer": 1.0}
    shares = {"resolution_share": 0.8, "on_time_share": 0.9, "service_share": 0.1}
    costs = {"service": 2.0, "advocacy": 0.1}
    small["channels"]["kiosk"] = {
        "reachable": 2000.0,
        "purposes": ["service", "advocacy"],
        "cost_per_contact": costs,
        **figures,
        **shares,
    }
    cells = by_cell(draw(small, n_draws=4096))
    assert cells["FR/kiosk/service"].keys() == {
        "load_variation",
        "late_worth",
        "tells_if_not",
        "tells_if_satisfied",
    }
    assert cells["FR/kiosk/advocacy"].keys() == {"response_rate", "satisfied_share"}
    assert np.median(cells["FR/kiosk/advocacy"]["response_rate"]) == pytest.approx(0.01, rel=0.02)


def test_only_what_a_curve_uses_is_listed(small: dict[str, Any]) -> None:
    """Service depends on inbound contacts, social media on no phone: the share of phones is not theirs."""
    figures = {f.range.quantity: f.cells for f in draw(small).figures}
    assert all("service" not in name and "social" not in name for name in figures["penetration"])


def test_ranges_can_be_replaced(small: dict[str, Any]) -> None:
    known = PriorRange("sms", "promotion", "conversion_rate", 0.5, 0.5, 0.5, "", 1.0, (), "judgement", "")
    draws = PublishedPrior(n_draws=4).fit([known]).draws(cells_of(small))
    assert (by_cell(draws)["FR/sms/promotion"]["conversion_rate"] == 0.5).all()


def test_every_channel_and_purpose_has_its_figures(small: dict[str, Any]) -> None:
    draws = draw(small)
    assert len(draws.cells) == 12
    curves = prior_response(draws, 30.0, 0.9).curves
    assert curves.names == tuple(cell.name for cell in draws.cells)
    assert curves.n_draws == draws.n_draws
    assert draws.evidence == ("prior",) * 12
