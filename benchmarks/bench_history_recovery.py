"""Are returns and splits near the truth on the public benchmark by which two peers are compared (`param_recovery`)?

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python benchmarks/bench_history_recovery.py [--data ../shared/data]
        [--only small growing] [--worlds 16] [--seed 500] [--seeds 0] [--cache FOLDER] [--peers pymc meridian]
        [--stored FOLDER]

Companies of 1, 2, 8 and 50 regions with published curves of each channel, then fresh simulated ones of the kind
(`tests/recovery_worlds.py`: odd seeds have one region, even ones two). Error is that of log ROAS, regret what the best
split of the historical total among channels would have brought more, in parts of what media bring, each channel between
0 and 3 times its spend. Each fit of ours is one line of JSON in the cache; give another folder after a change.

A peer that is installed is measured where it has no stored result, ours just before it for the ratio of times; stored
results are shown in any case. Another folder of stored results measures anew. `pymc-public` and `meridian-public` are
the peers with the settings of the public benchmark itself instead of their documentation's.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.recovery_worlds import recovery_world

from bench_history_worlds import truly_best
from peers.estimators import KINDS
from peers.histories import Estimate, History, few_regions_history
from peers.measured import STORED, Comparison, error, paired
from peers.mmm_pymc import FACTORS

Array = NDArray[np.float64]


def company(path: Path) -> History:
    """Rows and truth of a company."""
    table = pd.read_csv(path, parse_dates=["date"])
    truth = json.loads(path.with_suffix("").with_suffix(".truth.json").read_text())["total"]
    channels = [name for name in table if name.startswith("x")]
    controls = tuple(name for name in table if name[0] == "c" and name[1:].isdigit())
    several = table["geo"].nunique() > 1
    scaled = [truth[name]["contribution_when_spend_is_scaled_by"] for name in channels]
    points = [np.array([float(key) for key in entry]) for entry in scaled]
    values = [np.array(list(entry.values())) for entry in scaled]
    return History(
        path.stem,
        table[["date", *(["geo"] if several else []), *channels, *controls]],
        table["y"].to_numpy(),
        "date",
        controls,
        np.array([truth[name]["true_roas"] for name in channels]),
        media=lambda factors: brought(factors, points, values),
        market="geo" if several else None,
        knot_weeks=26,
    )


def published(data: Path, only: list[str]) -> Iterator[History]:
    """Companies of the public benchmark whose names begin so, the smallest first."""
    folder = data / "param_recovery"
    if only and not folder.exists():
        print(f"no companies at {folder}")
        return
    for path in sorted(folder.glob("*.csv"), key=lambda path: path.stat().st_size):
        if path.name.split("_")[0] in only:
            yield company(path)


def simulated(seeds: range) -> Iterator[History]:
    """Fresh companies of the kind."""
    for seed in seeds:
        yield few_regions_history(recovery_world(seed), f"simulated {seed}")


def brought(factors: Array, points: list[Array], values: list[Array]) -> float:
    """What all channels bring at factors on their spend, (n_channels,), by straight lines between points."""
    return float(sum(np.interp(f, p, v) for f, p, v in zip(factors, points, values, strict=True)))


def best_split(history: History, estimate: Estimate) -> Array:
    """Factors that bring most by the mean curves, found as `truly_best` finds the true ones."""
    found = np.array([estimate.curves.mean_value(factor * history.total) for factor in FACTORS])
    best: list[tuple[float, Array]] = []

    def noted(factors: Array) -> float:
        value = brought(factors, [FACTORS] * len(factors), list(found.T))
        if not best or value > best[0][0]:
            best[:] = [(value, factors)]
        return value

    truly_best(history.total, noted)
    return best[0][1]


def truth_of(history: History) -> float:
    """Most that any split of the total truly brings."""
    assert history.media is not None
    return truly_best(history.total, history.media)


def shown(name: str, result: dict[str, Any]) -> None:
    """Print one result."""
    times = ""
    if "ours" in result:
        ours = result["ours"]
        times = f" ({result['clock'] / ours['clock']:.1f} times our {ours['clock']:.1f} in its run)"
    print(
        f"{name}: error {error(result):.3f}, cover {100 * result['cover']:.0f} %, regret {result['regret']:.4f} "
        f"(keeping the mix {result['keep']:.3f}), {result['seconds']:.1f} processor seconds, {result['clock']:.1f} by "
        f"the clock{times}, {result['megabytes']:.0f} MB so far; {result['note']}",
        flush=True,
    )


def summary(name: str, results: list[dict[str, Any]]) -> None:
    """Print means over companies."""
    mean = {key: np.mean([one[key] for one in results]) for key in ("cover", "regret", "keep", "clock")}
    print(
        f"{name}, mean of {len(results)}: error {np.mean([error(one) for one in results]):.3f}, "
        f"cover {100 * mean['cover']:.0f} %, regret {mean['regret']:.4f} (keeping the mix {mean['keep']:.3f}), "
        f"{mean['clock']:.1f} seconds by the clock"
    )
    if all("ours" in one for one in results):
        ratio = [
            np.exp(np.mean([np.log(one[key] / one["ours"][key]) for one in results]))
            for key in ("clock", "seconds")
        ]
        print(
            f"  {ratio[0]:.1f} times our clock and {ratio[1]:.1f} times our processor in its run (geometric means)"
        )


def compared(histories: Iterator[History], comparison: Comparison, arguments: argparse.Namespace) -> None:
    """Print what each estimator finds of each history, then means and paired differences from our first seed."""
    results: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for history in histories:
        found = [
            ("channelmix", f", seed {seed}", comparison.ours(history, seed, arguments.time_limit))
            for seed in arguments.seeds
        ]
        found += [(label, "", result) for label, result in comparison.peers(history)]
        for label, seed, result in found:
            results.setdefault(label, {}).setdefault(history.name, []).append(result)
            shown(f"{history.name}, {label}{seed}", result)
    firsts = {
        label: {name: found[0] for name, found in companies.items()} for label, companies in results.items()
    }
    for label, companies in results.items():
        summary(label, [one for found in companies.values() for one in found])
        if label != "channelmix":
            for line in paired(firsts[label], firsts.get("channelmix", {})):
                print(line, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--only", nargs="*", default=["small", "growing", "medium"])
    parser.add_argument("--worlds", type=int, default=0, help="simulated companies")
    parser.add_argument("--seed", type=int, default=500, help="of the first simulated company")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0], help="of ours; none leaves it out")
    parser.add_argument("--time-limit", type=float)
    parser.add_argument("--cache", type=Path, help="folder of results that are kept")
    parser.add_argument("--peers", nargs="*", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--stored", type=Path, default=STORED, help="folder of the peers' results")
    arguments = parser.parse_args()
    comparison = Comparison(
        "recovery", arguments.peers, best_split, truth_of, arguments.stored, arguments.cache
    )
    compared(published(arguments.data, arguments.only), comparison, arguments)
    compared(simulated(range(arguments.seed, arguments.seed + arguments.worlds)), comparison, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
