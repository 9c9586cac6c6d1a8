"""How well is the next quarter of a real retailer's weekly sales foreseen?

    python benchmarks/bench_history_forecast.py [--folds 6] [--data ../shared/data]

`mmm_stan_retailer`, rolling origin: the last weeks are foreseen in blocks of 13 from all weeks before them. All methods
are given the media, prices and holidays of the block as they came, but no sales of it. Beside the marketing-mix model
stand the sales of a year before, and gradient boosting (scikit-learn) on the same columns, the week of the year and
sales 13 and 52 weeks before, and, where the extra `peers` is installed, PyMC-Marketing as in bench_history_peers.py.

Error is the mean absolute one in percent of mean sales. Intervals are of 90 %: of the naive forecast from its own past
errors, of boosting from two further models of quantiles. Some of the holidays, prices and media were not known when a
block began, so that this is no test of a forecast that a company could have made.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

import channelmix as cm
from peers.mmm_pymc import forecast_pymc, processor_seconds
from peers.packages import version

Array = NDArray[np.float64]
Forecast = tuple[Array, Array, Array]

HORIZON, YEAR = 13, 52

BOUGHT = ("dm", "inst", "nsp", "auddig", "audtr", "vidtr", "viddig", "so", "on", "sem")
"""Media of which both the volume and the spend are known."""

UNPAID = ("mdip_em", "mdip_sms", "mdip_aff")
"""E-mails, messages and affiliates' clicks, whose cost is not known: controls."""


def table(data: Path) -> tuple[Any, Any]:
    rows = pd.read_csv(data / "mmm_stan_retailer" / "data.csv")
    holidays = [str(name) for name in rows if str(name).startswith("hldy_")]
    controls = ["st_ct", "mrkdn_valadd_edw", "mrkdn_pdm", "me_gas_dpg", "me_ics_all", *holidays, *UNPAID]
    media = [f"{kind}_{name}" for name in BOUGHT for kind in ("mdip", "mdsp")]
    return rows[["wk_strt_dt", *media, *controls]], rows["sales"] / 1e6


def year_before(_: Any, y: Any, start: int) -> Forecast:
    values = y.to_numpy()
    off = values[YEAR:start] - values[: start - YEAR]
    middle = values[start - YEAR : start - YEAR + HORIZON]
    low, high = np.quantile(off, [0.05, 0.95])
    return middle, middle + low, middle + high


def boosting(X: Any, y: Any, start: int) -> Forecast:
    features = X.drop(columns="wk_strt_dt").assign(
        week=pd.to_datetime(X["wk_strt_dt"]).dt.isocalendar().week.astype(float),
        quarter_before=y.shift(HORIZON),
        year_before=y.shift(YEAR),
    )
    past, block = slice(0, start), slice(start, start + HORIZON)
    found = []
    for options in ({}, {"loss": "quantile", "quantile": 0.05}, {"loss": "quantile", "quantile": 0.95}):
        model = HistGradientBoostingRegressor(random_state=0, min_samples_leaf=10, **options)
        found.append(model.fit(features[past], y[past]).predict(features[block]))
    return found[0], found[1], found[2]


VOLUMES = [f"mdip_{name}" for name in BOUGHT]


def other_columns(X: Any) -> list[str]:
    """Controls: what is no medium, neither in volume nor in money, and no date."""
    return [
        name for name in X if name not in VOLUMES and not name.startswith("mdsp_") and name != "wk_strt_dt"
    ]


def marketing_mix(X: Any, y: Any, start: int) -> Forecast:
    costs = {f"mdip_{name}": f"mdsp_{name}" for name in BOUGHT}
    model = cm.MarketingMixRegressor(controls=other_columns(X), date="wk_strt_dt", cost_per_unit=costs)
    model.fit(X[:start], y[:start])
    block = X[start : start + HORIZON]
    return (model.predict(block), *model.predict_interval(block, 0.9))


def pymc_marketing(X: Any, y: Any, start: int) -> Forecast:
    rows = X[: start + HORIZON].assign(wk_strt_dt=pd.to_datetime(X["wk_strt_dt"][: start + HORIZON]))
    columns = [name for name in rows if not name.startswith("mdsp_")]
    drawn = forecast_pymc(rows[columns], y.to_numpy()[:start], "wk_strt_dt", VOLUMES, other_columns(X))
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    return drawn.mean(axis=0), low, high


METHODS: dict[str, Callable[[Any, Any, int], Forecast]] = {
    "marketing mix": marketing_mix,
    "a year before": year_before,
    "gradient boosting": boosting,
}
if version("pymc-marketing"):
    METHODS["PyMC-Marketing"] = pymc_marketing


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", type=int, default=6)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    arguments = parser.parse_args()
    if not (arguments.data / "mmm_stan_retailer").exists():
        print(f"no mmm_stan_retailer at {arguments.data}")
        return 1
    X, y = table(arguments.data)
    starts = range(len(y) - HORIZON * arguments.folds, len(y), HORIZON)
    print(f"{'':18} {'error':>7} {'by block':>{7 * len(starts)}} {'covered':>8} {'width':>7} {'seconds':>8}")
    for name, method in METHODS.items():
        errors, inside, widths, began = [], [], [], processor_seconds()
        for start in starts:
            actual = y.to_numpy()[start : start + HORIZON]
            middle, low, high = method(X, y, start)
            errors.append(100.0 * np.abs(middle - actual).mean() / y.mean())
            inside += ((low <= actual) & (actual <= high)).tolist()
            widths.append(100.0 * (high - low).mean() / y.mean())
        seconds = (processor_seconds() - began) / len(starts)
        blocks = "".join(f"{error:6.1f} " for error in errors)
        print(
            f"{name:18} {np.mean(errors):5.1f} % {blocks} {100 * np.mean(inside):6.0f} % {np.mean(widths):5.0f} % "
            f"{seconds:8.1f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
