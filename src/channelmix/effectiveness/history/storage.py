"""A fitted model as a file: arrays and one JSON text in .npz, without pickle."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from channelmix.core.arrays import Array
from channelmix.core.errors import InputError, echo
from channelmix.core.files import write_whole
from channelmix.core.sizes import within
from channelmix.effectiveness.history.findings import Finding
from channelmix.effectiveness.history.markets import Market
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.model.roi_beliefs import Judged
from channelmix.effectiveness.history.model.trend import Trend
from channelmix.effectiveness.history.posterior import Posterior
from channelmix.effectiveness.history.rows.table import Columns
from channelmix.effectiveness.history.rows.timeline import Timeline
from channelmix.effectiveness.history.spend_slips import Slip
from channelmix.effectiveness.history.stored import check_columns, check_market
from channelmix.profile.evidence import LiftTest

LARGEST_FIT = 1_000_000_000
"""Bytes of the largest saved model that is read, unpacked."""

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
    """Read a fitted model of class `kind`.

    Raises
    ------
    InputError
        If the file is no such model, or not as it was written.
    """
    try:
        return _model_of(kind, *_content(path))
    except InputError as error:
        raise InputError(f"{path} is not a saved marketing-mix model: {error}") from None
    except OSError as error:
        raise InputError(f"{path} is not a saved marketing-mix model ({error.strerror or error})") from None
    except Exception as error:  # what is not as it was written fails in as many ways as it can be changed
        said = echo(f"{type(error).__name__}: {error}", most=200)
        raise InputError(f"{path} is not a saved marketing-mix model, or is damaged ({said})") from None


def _content(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Text and arrays of a file, of limited size."""
    with zipfile.ZipFile(path) as package:
        within(LARGEST_FIT, sum(part.file_size for part in package.infolist()), "bytes of a saved model")
    with np.load(path, allow_pickle=False) as file:
        text = json.loads(str(file["json"]))
        if not isinstance(text, dict) or text.get("format") not in READ:
            raise InputError(f"it is of no version that is read ({FORMAT})")
        return text, {name: file[name] for name in file.files if name != "json"}


def _model_of(kind: type[Any], text: dict[str, Any], arrays: dict[str, Array]) -> Any:
    parameters = text["parameters"]
    if parameters["priors"] is not None:
        parameters["priors"] = Priors(**parameters["priors"])
    if parameters["cost_per_unit"] is not None:
        parameters["cost_per_unit"] = dict(parameters["cost_per_unit"])
    model = kind(**parameters)
    for name in FITTED:
        number = int if name == "n_features_in_" else float
        setattr(model, name, number(text["fitted"][name]))
    if text["feature_names"] is not None:
        model.feature_names_in_ = np.array([str(name) for name in text["feature_names"]], dtype=object)
    model._columns = _read(Columns, text["columns"])
    check_columns(model._columns, model.n_features_in_)
    model.channels_, model.unpaid_ = model._columns.bought, model._columns.free
    model._timeline = _read(Timeline, text["timeline"])
    model.diagnostics_ = tuple(_read(Finding, stated) for stated in text["diagnostics"])
    model.experiments_ = tuple(LiftTest(**stated) for stated in text.get("experiments", []))
    model.slips_ = tuple(_read(Slip, stated) for stated in text["slips"])
    model.expectations_ = {name: _read(Judged, stated) for name, stated in text["expectations"].items()}
    priors = Priors(**text["priors"])
    shared: dict[str, Any] = {name: arrays[name] for name in SHARED}
    model._markets = {}
    for k, stated in enumerate(text["markets"]):
        own: dict[str, Any] = {name: arrays[f"{k} {name}"] for name in ARRAYS}
        trend = Trend(
            int(stated["last"]), float(stated["year"]), arrays[f"{k} middle"], arrays[f"{k} spread"]
        )
        posterior = Posterior(**shared, **own, trend=trend, priors=priors)
        market = Market(stated["name"], int(stated["start"]), arrays[f"{k} cost"], posterior)
        check_market(market, model._columns)
        model._markets[market.name] = market
    if not model._markets:
        raise InputError("it holds no market")
    return model


def _read(kind: Any, stated: Any) -> Any:
    """An object of its fields, which must be of the types that it declares."""
    return TypeAdapter(kind).validate_python(stated)
