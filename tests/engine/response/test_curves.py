"""ResponseCurves: joining, taking, rescaling, writing and reading."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from channelmix import InputError, ResponseCurves


def mixed() -> ResponseCurves:
    return ResponseCurves.concat(
        [
            ResponseCurves.hill([[1.0, 2.0], [1.5, 2.5]], [3.0, 4.0], [2.0, 0.7], names=["a", "b"]),
            ResponseCurves.power([2.0], [0.5], names=["c"]),
            ResponseCurves.tabulated([0.0, 1.0, 4.0], [[[0], [1], [1]], [[0], [0], [3]]], names=["d"]),
            ResponseCurves.capped_linear([2.0], [3.0], [0.1], names=["e"]),
            ResponseCurves.service([2.0], [3.0], [0.5], [0.3], [0.6], reach=0.5, criticism=2.0, names=["f"]),
        ]
    )


SPEND = np.array([1.0, 2.5, 0.3, 2.0, 2.9, 2.7])


def test_concat_repeats_a_single_draw() -> None:
    curves = mixed()
    assert curves.names == ("a", "b", "c", "d", "e", "f")
    assert (curves.n_cells, curves.n_draws) == (6, 2)
    value = curves.value(SPEND)
    assert value.shape == (2, 6)
    assert value[0, 2] == value[1, 2] == pytest.approx(2.0 * 0.3**0.5)
    np.testing.assert_allclose(curves.mean_value(SPEND), value.mean(axis=0))
    assert curves.derivative(SPEND).shape == curves.inflection().shape == (2, 6)


def test_concat_refuses_what_does_not_fit() -> None:
    two, three = (ResponseCurves.power(np.ones((d, 1)), 0.5, names=[f"n{d}"]) for d in (2, 3))
    with pytest.raises(InputError, match="draws"):
        ResponseCurves.concat([two, three])
    with pytest.raises(InputError, match="repeat: n2"):
        ResponseCurves.concat([two, two])
    with pytest.raises(InputError, match="at least one"):
        ResponseCurves.concat([])


def test_names() -> None:
    assert ResponseCurves.power([1.0, 1.0], [0.5, 0.5]).names == ("cell1", "cell2")
    with pytest.raises(InputError, match="unique"):
        ResponseCurves.power([1.0, 1.0], [0.5, 0.5], names=["a", "a"])
    with pytest.raises(InputError, match="1 names for 2 cells"):
        ResponseCurves.power([1.0, 1.0], [0.5, 0.5], names=["a"])


@pytest.mark.parametrize("order", [[4, 0, 3, 1, 2], [1, 0], [3], [2, 2]])
def test_take_follows_the_indices(order: list[int]) -> None:
    curves = mixed()
    taken = curves.take(order)
    assert taken.names == tuple(curves.names[i] for i in order)
    expected = curves.value(SPEND)[:, order]
    np.testing.assert_array_equal(np.broadcast_to(taken.value(SPEND[order]), expected.shape), expected)


def test_cell_returns_one_cells_curves() -> None:
    curves = mixed()
    for i, s in enumerate(SPEND):
        one = np.broadcast_to(curves.cell(i).value(np.array([[s]])), (2, 1))
        np.testing.assert_array_equal(one[:, 0], curves.value(SPEND)[:, i])


@pytest.mark.parametrize("index", [-1, 6, 99])
def test_a_cell_that_does_not_exist_is_an_error(index: int) -> None:
    with pytest.raises(IndexError):
        mixed().cell(index)
    with pytest.raises(IndexError):
        mixed().take([index])


@pytest.mark.parametrize(("spend_unit", "outcome_unit"), [(1.0, 1.0), (1024.0, 0.125), (2.0**-40, 2.0**40)])
def test_rescaled_counts_in_other_units(spend_unit: float, outcome_unit: float) -> None:
    curves = mixed()
    other = curves.rescaled(spend_unit, outcome_unit)
    np.testing.assert_allclose(
        other.value(SPEND / spend_unit) * outcome_unit, curves.value(SPEND), rtol=1e-13
    )
    np.testing.assert_allclose(
        other.derivative(SPEND / spend_unit) * outcome_unit / spend_unit, curves.derivative(SPEND), rtol=1e-12
    )


@pytest.mark.parametrize("spend", [[1.0], [1.0, 1.0, 1.0, 1.0, -1e-9], [np.nan] * 5, [np.inf] * 5, "abcde"])
def test_bad_spend_is_refused(spend: Any) -> None:
    with pytest.raises(InputError, match="spend"):
        mixed().value(spend)


def test_written_and_read_back_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    curves = ResponseCurves.concat(
        [
            mixed(),
            ResponseCurves.hill(rng.random(3), rng.random(3) * 1e-300, rng.random(3) + 0.1, list("xyz")),
        ]
    )
    back = ResponseCurves.from_dict(json.loads(json.dumps(curves.to_dict())))
    assert back.names == curves.names
    for before, after in zip(curves.blocks, back.blocks, strict=True):
        assert type(before) is type(after)
        for name, array in before.parameters.items():
            assert array.tobytes() == after.parameters[name].tobytes()
            assert array.shape == after.parameters[name].shape
    assert back.to_dict() == curves.to_dict()


def _drop(*path: Any) -> Callable[[Any], None]:
    def damage(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return damage


def _put(value: Any, *path: Any) -> Callable[[Any], None]:
    def damage(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return damage


SCALE = ("blocks", 0, "parameters", "scale")
DAMAGE = {
    "no names": _drop("names"),
    "no blocks": _drop("blocks"),
    "empty blocks": _put([], "blocks"),
    "name lost": _drop("names", 0),
    "name repeated": _put("b", "names", 0),
    "unknown family": _put("spline", "blocks", 0, "family"),
    "family is a list": _put([], "blocks", 0, "family"),
    "family of other parameters": _put("power", "blocks", 0, "family"),
    "parameter lost": _drop(*SCALE),
    "parameter added": _put({"shape": [1, 1], "f8": "AAAAAAAA8D8="}, "blocks", 0, "parameters", "extra"),
    "not base64": _put("%%%", *SCALE, "f8"),
    "cut short": _put("AAAA", *SCALE, "f8"),
    "wrong shape": _put([7, 7], *SCALE, "shape"),
    "endless shape": _put([float("inf"), 1], *SCALE, "shape"),
    "shape of words": _put(["x"], *SCALE, "shape"),
    "NaN": _put({"shape": [1, 1], "f8": "AAAAAAAA+H8="}, *SCALE),
    "negative": _put({"shape": [1, 1], "f8": "AAAAAAAA8L8="}, *SCALE),
    "parameter is a number": _put(5, *SCALE),
    "blocks is a number": _put(5, "blocks"),
    "block is a string": _put("hill", "blocks", 0),
    "table without points": _drop("blocks", 2, "parameters", "points"),
    "table of one dimension": _put(
        {"shape": [1], "f8": "AAAAAAAA8D8="}, "blocks", 2, "parameters", "outcome"
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_data_are_refused(damage: Callable[[Any], None]) -> None:
    data = copy.deepcopy(mixed().to_dict())
    damage(data)
    with pytest.raises(InputError):
        ResponseCurves.from_dict(data)
    with pytest.raises(InputError):
        ResponseCurves.outline(data)


def table(outcome: Any) -> ResponseCurves:
    return ResponseCurves.tabulated([0.0, 0.1, 4.0], outcome, names=["d"])


def test_large_arrays_of_short_numbers_take_half_the_room_and_lose_no_digit() -> None:
    rise = np.abs(np.random.default_rng(3).standard_normal((2000, 3, 1)))
    rise[:, 0] = 0.0
    outcome = rise.cumsum(axis=1)
    for values, key in [
        (outcome.astype(np.float32), "f4"),
        (outcome, "f8"),
        (1e60 * outcome, "f8"),
        (outcome[:9].astype(np.float32), "f8"),
    ]:
        curves = table(values)
        data = json.loads(json.dumps(curves.to_dict()))
        parameters = data["blocks"][0]["parameters"]
        assert set(parameters["outcome"]) == {"shape", key}
        assert set(parameters["points"]) == {"shape", "f8"}
        back = ResponseCurves.from_dict(data).blocks[0]
        for name, array in curves.blocks[0].parameters.items():
            np.testing.assert_array_equal(back.parameters[name], array)
            assert back.parameters[name].dtype == np.float64


def test_cut_short_numbers_are_refused() -> None:
    outcome = np.zeros((2000, 3, 1))
    data = table(outcome).to_dict()
    stored = data["blocks"][0]["parameters"]["outcome"]
    stored["f4"] = stored["f4"][:-8]
    with pytest.raises(InputError, match="damaged"):
        ResponseCurves.from_dict(data)


def test_an_outline_has_names_families_and_draws() -> None:
    curves = mixed()
    names, blocks = ResponseCurves.outline(curves.to_dict())
    assert names == curves.names
    assert blocks == [(type(block), block.shape[0]) for block in curves.blocks]


def test_made_up_names_are_numbered_anew_where_curves_are_joined() -> None:
    one, two = ResponseCurves.power([1.0, 2.0], 0.5), ResponseCurves.power([3.0], 0.5)
    assert ResponseCurves.concat([one, two]).names == ("cell1", "cell2", "cell3")
    named = ResponseCurves.power([1.0], 0.5, names=["cell1"])
    assert ResponseCurves.concat([one, named, two]).names == ("cell2", "cell3", "cell1", "cell4")
    with pytest.raises(InputError, match="repeat"):
        ResponseCurves.concat([named, named])
