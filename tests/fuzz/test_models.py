"""Saved models with altered texts and arrays are refused, or read and predict."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import warnings
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tests.fuzz.bounds import answer_or_error, in_bounds
from tests.fuzz.counting import rounds, tried
from tests.fuzz.hostile import mutated, texts_of

import channelmix as cm

pytestmark = [pytest.mark.fuzz, pytest.mark.no_cover]

SHARE = 0.02


@cache
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"sms": rng.exponential(100, 40), "im": rng.exponential(50, 40), "promo": np.arange(40) % 2}
    )


@cache
def saved() -> bytes:
    """A small model as it is written."""
    model = cm.MarketingMixRegressor(controls=["promo"], draws=200)
    model.fit(table(), 1000.0 + table().sum(axis=1))
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "m.npz")
        return (Path(folder) / "m.npz").read_bytes()


@cache
def _content() -> tuple[Any, dict[str, Any]]:
    with np.load(io.BytesIO(saved())) as file:
        return json.loads(str(file["json"])), {name: file[name] for name in file.files if name != "json"}


@st.composite
def models(draw: DrawFn) -> bytes:
    text, arrays = _content()
    arrays = dict(arrays)
    kind = draw(st.integers(0, 7))
    if kind == 0:
        at = len(saved()) * draw(st.integers(0, 9999)) // 10_000
        return saved()[:at] + draw(st.binary(max_size=3)) + saved()[at + draw(st.integers(0, 3)) :]
    if kind <= 4:
        text = draw(mutated(st.just(0).map(lambda _: _content()[0]), 2))
    if kind >= 4:
        name = draw(st.sampled_from(sorted(arrays)))
        arrays[name] = draw(st.sampled_from(ARRAYS))(arrays[name])
        if draw(st.integers(0, 4)) == 0:
            del arrays[name]
    packed = io.BytesIO()
    np.savez(packed, json=np.array(texts_of(text)), **arrays)
    return packed.getvalue()


ARRAYS = (
    lambda a: a[..., :-1] if a.ndim else a,
    lambda a: a[:0] if a.ndim else a,
    lambda a: a.T,
    lambda a: a.ravel(),
    lambda a: a[np.newaxis],
    lambda a: a.astype(np.float32),
    lambda a: a.astype(np.int64),
    lambda a: a.astype(str),
    lambda a: a.astype(complex),
    lambda a: a > 0,
    lambda a: np.full_like(a, -1),
    lambda a: a * 0,
    lambda a: a * 10**6,
    lambda a: np.full(a.shape, np.nan),
    lambda a: np.full(a.shape, np.inf),
    lambda a: np.zeros((10**5, 10), dtype=np.int8),
)
"""Other arrays in place of one."""


@pytest.mark.parametrize(("number", "count"), rounds(SHARE))
def test_saved_models(number: int, count: int, record_property: Any, tmp_path: Path) -> None:
    record_property("fuzzed", count)
    path = tmp_path / "m.npz"

    def predicted() -> None:
        model = cm.MarketingMixRegressor.load(path)
        with contextlib.suppress(ValueError):  # scikit-learn's, of a table with other columns
            model.predict(table()[:5])

    def check(data: bytes) -> None:
        path.write_bytes(data)
        with in_bounds(), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that nobody fitted
            answer_or_error(predicted, f"{path} is not a saved marketing-mix model")

    tried(models(), check, "models", number, count)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    """Other files, and packed files that hold something else."""
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as package:
        package.writestr("json.npy", b"no array")
    np.savez(tmp_path / "list.npz", json=np.array("[]"))
    np.savez(tmp_path / "format.npz", json=np.array('{"format": "channelmix marketing mix 6"}'))
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("other", "list", "format", "empty", "missing"):
        with pytest.raises(cm.InputError, match=r"\.npz is not a saved marketing-mix model"):
            cm.MarketingMixRegressor.load(tmp_path / f"{name}.npz")
