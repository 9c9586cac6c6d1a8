"""A fitted model as a file: arrays and one JSON text in .npz, without pickle."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from channelmix.core.errors import InputError
from channelmix.core.files import write_whole
from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.markets import Market
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.roi_beliefs import Judged
from channelmix.effectiveness.history.model.trend import Trend
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.rows.table import Columns
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.spend_slips import Slip
from channelmix.profile.evidence import LiftTest

FORMAT, READ = "channelmix marketing mix 6", ("channelmix marketing mix 5", "channelmix marketing mix 6")

SHARED = ("shape", "family", "excess")
"""Arrays of a posterior that are the same in all markets."""

ARRAYS = tuple(f.name for f in fields(Posterior) if f.name not in (*SHARED, "trend", "priors"))
"""Arrays of each market's posterior."""

FITTED = ("n_features_in_", "effective_draws_", "khat_", "log_evidence_", "expected_roi_holds_")


def write_fit(model: Any, path: Path) -> None:
    """Write a fitted `MarketingMixRegressor`."""
    markets = list(model._markets.values())
    posterior = markets[0].posterior
    parameters = model.get_params(deep=False)
    parameters["priors"] = None if model.priors is None else asdict(model.priors)
    for name in ("channels", "controls", "unpaid"):
        parameters[name] = None if parameters[name] is None else list(parameters[name])
    costs = model.cost_per_unit
    parameters["cost_per_unit"] = None if costs is None else list(costs.items())
    names = getattr(model, "feature_names_in_", None)
    text = {
        "format": FORMAT,
        "parameters": parameters,
        "fitted": {name: getattr(model, name) for name in FITTED},
        "feature_names": None if names is None else list(names),
        "columns": asdict(model._columns),
        "timeline": asdict(model._timeline),
        "priors": asdict(posterior.priors),
        "markets": [
            {"name": m.name, "start": m.start, "last": m.posterior.trend.last, "year": m.posterior.trend.year}
            for m in markets
        ],
        "diagnostics": [asdict(finding) for finding in model.diagnostics_],
        "experiments": [test.to_dict() for test in model.experiments_],
        "slips": [asdict(slip) for slip in model.slips_],
        "expectations": {name: asdict(one) for name, one in model.expectations_.items()},
    }
    arrays = {name: getattr(posterior, name) for name in SHARED}
    for k, market in enumerate(markets):
        arrays |= {f"{k} {name}": getattr(market.posterior, name) for name in ARRAYS}
        trend = market.posterior.trend
        arrays |= {f"{k} middle": trend.middle, f"{k} spread": trend.spread, f"{k} cost": market.cost}
    buffer = io.BytesIO()
    np.savez(buffer, json=np.array(json.dumps(text, default=np.generic.item)), **arrays)
    write_whole(path, buffer.getvalue())


def read_fit(kind: type[Any], path: Path) -> Any:
    """Read a fitted model of class `kind`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            text = json.loads(str(file["json"]))
            arrays = {name: file[name] for name in file.files if name != "json"}
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a saved marketing-mix model ({error})") from None
    if text.get("format") not in READ:
        raise InputError(f"{path} is not a saved marketing-mix model of this version ({FORMAT})")
    parameters = text["parameters"]
    if parameters["priors"] is not None:
        parameters["priors"] = Priors(**parameters["priors"])
    if parameters["cost_per_unit"] is not None:
        parameters["cost_per_unit"] = dict(parameters["cost_per_unit"])
    model = kind(**parameters)
    for name, value in text["fitted"].items():
        setattr(model, name, value)
    if text["feature_names"] is not None:
        model.feature_names_in_ = np.array(text["feature_names"], dtype=object)
    columns: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in text["columns"].items()}
    model._columns = Columns(**columns)
    model.channels_, model.unpaid_ = model._columns.bought, model._columns.free
    model._timeline = Timeline(**text["timeline"])
    model.diagnostics_ = tuple(
        Finding(**{**d, "verdict": Verdict(d["verdict"])}) for d in text["diagnostics"]
    )
    model.experiments_ = tuple(LiftTest(**stated) for stated in text.get("experiments", []))
    model.slips_ = tuple(Slip(**stated) for stated in text["slips"])
    model.expectations_ = {name: Judged(**stated) for name, stated in text["expectations"].items()}
    priors, shared = Priors(**text["priors"]), {name: arrays[name] for name in SHARED}
    model._markets = {}
    for k, stated in enumerate(text["markets"]):
        own = {name: arrays[f"{k} {name}"] for name in ARRAYS}
        trend = Trend(stated["last"], stated["year"], arrays[f"{k} middle"], arrays[f"{k} spread"])
        posterior = Posterior(**shared, **own, trend=trend, priors=priors)
        model._markets[stated["name"]] = Market(
            stated["name"], stated["start"], arrays[f"{k} cost"], posterior
        )
    return model
