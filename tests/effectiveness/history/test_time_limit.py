"""A fit's time limit, what is told of its progress, and work on several cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

import channelmix as cm
from channelmix.core.progress import listening
from channelmix.effectiveness.history.sampling import pooled_particles, pooled_sampler
from channelmix.effectiveness.history.sampling.pace import Pace
from channelmix.effectiveness.history.sampling.particles import SamplerReport
from channelmix.effectiveness.history.sampling.threads import Each
from channelmix.effectiveness.history.time_limit import time_limit_findings


def rows(markets: int, weeks: int = 60) -> tuple[pd.DataFrame, pd.Series]:
    """Markets with a shock in common, two channels each."""
    rng, tables = np.random.default_rng(5), []
    shock = 40.0 * rng.standard_normal(weeks)
    for k in range(markets):
        spend = rng.gamma(2.0, 50.0, (weeks, 2))
        sales = 900.0 + 200.0 * (1.0 - np.exp(-spend[:, 0] / 100.0)) + 0.5 * spend[:, 1] + shock
        table = pd.DataFrame({"sms": spend[:, 0], "tv": spend[:, 1], "shop": f"S{k}", "week": range(weeks)})
        tables.append(table.assign(sales=sales + 20.0 * rng.standard_normal(weeks)))
    every = pd.concat(tables, ignore_index=True)
    return every.drop(columns="sales"), every["sales"]


@pytest.mark.parametrize("markets", [1, 5])
def test_a_fit_ends_at_its_time_limit_with_what_there_is(markets: int) -> None:
    X, y = rows(markets)
    model = cm.MarketingMixRegressor(date="week", market="shop", draws=40, time_limit=1e-6).fit(X, y)
    (found,) = [f for f in model.diagnostics_ if f.check == "time limit"]
    assert found.verdict == "FAIL"
    assert found.figure == 1.0
    assert "1e-06 s" in found.message
    roi = model.roi(X, by_market=markets > 1)
    assert np.isfinite(roi.to_numpy()).all()
    assert (roi["low"] < roi["high"]).all()
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(("counted", "said"), [(0.4, "40 %"), (0.998, "99.8 %"), (0.9999, "> 99.9 %")])
def test_the_share_that_counts_is_not_rounded_to_all(counted: float, said: str) -> None:
    [found] = time_limit_findings(SamplerReport(1.0, 0.1, 0.0, 1.0, 1, counted=counted, stopped=True), 20.0)
    assert found.verdict == "FAIL"
    assert f"with {said} of the rows' evidence counted: ranges are wider" in found.message


def test_a_fit_that_counts_all_rows_does_not_blame_what_it_left_out() -> None:
    [found] = time_limit_findings(SamplerReport(1.0, 0.1, 0.0, 1.0, 1, stopped=True), 20.0)
    assert (found.check, found.verdict, found.figure) == ("time limit", "REVIEW", 0.0)
    assert found.message.startswith(
        "The fit ended at its time limit of 20 s. All of the rows' evidence counts"
    )
    assert "wider" not in found.message
    assert "%" not in found.message


def test_a_fit_that_ends_in_time_says_nothing_of_it() -> None:
    X, y = rows(1)
    plain = cm.MarketingMixRegressor(date="week", market="shop", draws=40).fit(X, y)
    limited = cm.MarketingMixRegressor(date="week", market="shop", draws=40, time_limit=1e6).fit(X, y)
    assert not [f for f in limited.diagnostics_ if f.check == "time limit"]
    assert limited.roi(X).equals(plain.roi(X))


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), True, "10", [1.0]])
def test_a_time_limit_is_a_number_of_seconds(limit: object) -> None:
    X, y = rows(1)
    with pytest.raises(cm.InputError, match="time_limit must be a number of seconds above 0"):
        cm.MarketingMixRegressor(date="week", market="shop", time_limit=limit).fit(X, y)  # type: ignore[arg-type]


@pytest.mark.no_cover
def test_progress_tells_the_time_that_is_left() -> None:
    reports: list[str] = []
    X, y = rows(3)
    with listening(reports.append):
        cm.MarketingMixRegressor(date="week", market="shop", draws=40).fit(X, y)
    assert reports[0] == "Fitting: likelihood at 0 %"
    assert any(report.endswith(" s left") for report in reports)


def test_the_time_that_is_left_is_that_of_the_work_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("channelmix.effectiveness.history.sampling.pace.time.monotonic", lambda: now[0])
    pace = Pace(1000.0)
    pace.expect(10.0)
    assert pace.left() == ""
    now[0] = 60.0
    pace.note(2.0, at_least=3.0)
    assert pace.left() == ", about 4 min left"
    pace.note(8.0, at_least=3.0)  # more than expected is left: 3 of 13 parts
    assert pace.left() == ", about 18 s left"
    now[0] = 999.0
    assert pace.left() == ", about 1 s left"
    assert not pace.over
    now[0] = 1000.0
    assert pace.over


@pytest.mark.no_cover
def test_the_number_of_cores_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = rows(5)
    found = []
    for cores in (1, 3):

        @contextmanager
        def threads(cores: int = cores):  # type: ignore[no-untyped-def]
            with ThreadPoolExecutor(cores) as pool:
                each: Each = lambda function, *items: list(pool.map(function, *items))  # noqa: E731
                yield each

        monkeypatch.setattr(pooled_sampler, "on_cores", threads)
        monkeypatch.setattr(pooled_particles, "CACHED", 1.0)  # a part for each market
        found.append(cm.MarketingMixRegressor(date="week", market="shop", draws=40).fit(X, y).roi(X))
    assert found[0].equals(found[1])
