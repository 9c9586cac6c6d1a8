"""Does this version harm no company that another version of channelmix served better?

    python benchmarks/bench_history_versions.py --other PATH/src [--worlds 200] [--seed 11000] [--cache FOLDER]
        [--fit other this] [--kinds] [--tail 0.3]

Both versions fit the same simulated companies of `tests/mix_worlds.py`, each in a process of its own with its source on
the path, and split the historical total anew, each channel between 0 and 3 times its spend, by mean curves and by
`SafeImprovement` of the current mix. The truth judges both; regret, harm and the error of curves are in parts of what
all channels truly bring. Estimates of a company are one line of JSON in the cache, in a file of each version: give
another folder after a change of the model. `--fit` says which versions may fit what the cache does not hold; the
comparison is over companies that both have.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the tests' simulated companies

from tests.mix_worlds import BROKEN, MixWorld, simulated_mix

from bench_history_worlds import truly_best
from result_cache import ResultCache

Array = NDArray[np.float64]

THIS = Path(__file__).resolve().parent.parent / "src"

FACTORS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
"""Of a channel's spend, at which mean curves are compared with the truth."""

HARM = 0.01

MEASURES = {
    "error of log ROI": -1,
    "cover of ROI": 1,
    "cover of marginal ROI": 1,
    "error of curves": -1,
    "regret, mean curves": -1,
    "regret, safe split": -1,
    "harm, mean curves": -1,
    "harm, safe split": -1,
    "unsolved": -1,
    "seconds": -1,
}
"""What is compared, and whether more is better."""


class Version:
    """A version of channelmix in a process of its own, started when it is first asked.

    Parameters
    ----------
    source : Path
        Folder that holds the package.
    tail : float
        Worst part of draws over which its safe split must not lose.
    """

    def __init__(self, source: Path, tail: float) -> None:
        self._source, self._tail = source.resolve(), tail
        self._process: subprocess.Popen[str] | None = None

    def fitted(self, world: MixWorld) -> Any:
        """Estimates and splits of a company, as `version_fit.fitted` returns them.

        Raises
        ------
        RuntimeError
            If the process ended, or imported another channelmix than the one asked for.
        """
        company = {
            "spend": world.spend.tolist(),
            "outcome": world.outcome.tolist(),
            "tail": self._tail,
            "factors": FACTORS,
        }
        process = self._process or self._started()
        assert process.stdin is not None
        process.stdin.write(json.dumps(company) + "\n")
        process.stdin.flush()
        return self._answer(process)

    def close(self) -> None:
        """End the process, if there is one, as soon as it has done what it was asked."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        process = self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("version_fit.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **one_thread, "PYTHONPATH": str(self._source)},
        )
        found = self._answer(process)
        if Path(found["folder"]).parent != self._source:
            raise RuntimeError(f"{self._source} was asked for, {found['folder']} imported")
        print(f"fitting with channelmix {found['version']} of {self._source}", file=sys.stderr, flush=True)
        return process

    def _answer(self, process: subprocess.Popen[str]) -> Any:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"channelmix of {self._source} ended with status {process.wait()}")
        return json.loads(line)


def judged(world: MixWorld, found: dict[str, Any], best: float) -> list[float]:
    """What the truth says of a version's estimates of a company, in the order of `MEASURES`.

    `best` is the most that a split can bring; a split that was not found in time is the current mix.
    """
    total, ones = world.total, np.ones(len(world.total))
    now, whole = world.media(ones), world.media(ones) - world.media(0.0 * ones)
    value = {
        name: now if split is None else world.media(np.array(split) / total)
        for name, split in found["splits"].items()
    }
    roi, margin, true = np.array(found["roi"]), np.array(found["margin"]), world.roi()
    works = true > 0.0
    return [
        float(np.abs(np.log(roi[works, 0] / true[works])).mean()),
        _covered(roi, true),
        _covered(margin, world.marginal_roi()),
        _error_of_curves(world, np.array(found["curves"])) / whole,
        (best - value["mean"]) / whole,
        (best - value["safe"]) / whole,
        float(now - value["mean"] > HARM * whole),
        float(now - value["safe"] > HARM * whole),
        float(sum(split is None for split in found["splits"].values())),
        found["seconds"],
    ]


def _covered(intervals: Array, true: Array) -> float:
    return float(((intervals[:, 1] <= true) & (true <= intervals[:, 2])).mean())


def _error_of_curves(world: MixWorld, found: Array) -> float:
    """Mean distance between what a change of one channel's spend should bring and what it truly brings."""
    channels, today = len(world.total), FACTORS.index(1.0)
    true = np.array(
        [
            [world.media(np.where(np.arange(channels) == c, factor, 1.0)) for c in range(channels)]
            for factor in FACTORS
        ]
    )
    off = np.abs((found - found[today]) - (true - true[today]))
    return float(np.delete(off, today, axis=0).mean())


def most(world: MixWorld, estimates: Sequence[dict[str, Any]]) -> float:
    """The most that a split of the total brings, by search or by any split that a version found."""
    splits = [split for found in estimates for split in found["splits"].values() if split is not None]
    return max(
        truly_best(world.total, world.media),
        world.media(np.ones(len(world.total))),
        *(world.media(np.array(split) / world.total) for split in splits),
    )


def paired(change: Array) -> tuple[float, float]:
    """Mean and standard error of differences; what is below the last digit shown is none. NaN of one difference."""
    mean = float(change.mean())
    error = float(change.std(ddof=1) / np.sqrt(len(change))) if len(change) > 1 else np.nan
    return (mean if abs(mean) >= 5e-5 else 0.0), error


def table(name: str, other: Array, this: Array) -> None:
    """Print means of both versions, paired differences and whether they are worse by more than chance.

    Parameters
    ----------
    name : str
    other, this : ndarray of shape (n_companies, n_measures)
    """
    print(f"\n{name}: {len(this)} companies\n{'':24}{'other':>10}{'this':>10}{'difference':>12}{'error':>10}")
    for k, (measure, sign) in enumerate(MEASURES.items()):
        change, error = paired(this[:, k] - other[:, k])
        better = sign * change
        said = "worse" if better < -2.0 * error else "better" if better > 2.0 * error else ""
        means = f"{other[:, k].mean():10.4f}{this[:, k].mean():10.4f}"
        print(f"{measure:24}{means}{change:+12.4f}{error:10.4f}  {said}")
    sys.stdout.flush()


def compared(seeds: Sequence[int], caches: dict[str, ResultCache], every_kind: bool) -> bool:
    """Print the comparison over companies that both versions have; return whether no overall line is worse."""
    rows: dict[str, list[list[float]]] = {name: [] for name in caches}
    kinds, current = [], []
    for seed in seeds:
        if not all(str(seed) in cache.known() for cache in caches.values()):
            continue
        world = simulated_mix(seed)
        estimates = {name: cache.result(str(seed), dict) for name, cache in caches.items()}
        best = most(world, list(estimates.values()))
        ones = np.ones(len(world.total))
        whole = world.media(ones) - world.media(0.0 * ones)
        current.append((best - world.media(ones)) / whole)
        kinds.append(world.broken)
        for name, found in estimates.items():
            rows[name].append(judged(world, found, best))
    if not kinds:
        print("no company has been fitted by both versions")
        return True
    kind = np.array(kinds)
    other, this, kept = np.array(rows["other"]), np.array(rows["this"]), np.array(current)
    for name in BROKEN if every_kind else ():
        if (chosen := kind == name).any():
            table(
                f"{name} (regret of the current mix {kept[chosen].mean():.4f})", other[chosen], this[chosen]
            )
    table(f"all (regret of the current mix {kept.mean():.4f})", other, this)
    for k, split in ((4, "mean curves"), (5, "safe split")):
        for name, found in (("other", other), ("this", this)):
            gain = kept - found[:, k]
            mean, error = paired(gain)
            print(
                f"{name}, {split}: gain on the current mix {mean:.4f} +- {error:.4f}, worst harm "
                f"{max(-gain.min(), 0.0):.4f}, over {HARM} in {100.0 * (gain < -HARM).mean():.1f} %"
            )
    lines = [paired(change) for change in (this - other).T]
    return all(
        not sign * mean < -2.0 * error for sign, (mean, error) in zip(MEASURES.values(), lines, strict=True)
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--other", type=Path, required=True, help="folder of the other version's package (src)"
    )
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11000)
    parser.add_argument("--cache", type=Path, help="folder of results that are kept")
    parser.add_argument(
        "--fit", nargs="*", choices=["other", "this"], default=["other", "this"], help="versions that may fit"
    )
    parser.add_argument(
        "--tail", type=float, default=0.3, help="of both versions' safe splits; 0.3 is 0.1.0's"
    )
    parser.add_argument("--kinds", action="store_true", help="compare by broken assumption too")
    arguments = parser.parse_args()
    if not (arguments.other / "channelmix").is_dir():
        parser.error(f"there is no channelmix in {arguments.other}")
    seeds = range(arguments.seed, arguments.seed + arguments.worlds)
    sources = {"other": arguments.other, "this": THIS}
    caches = {name: ResultCache(arguments.cache, f"versions_{name}") for name in sources}
    for name in arguments.fit:
        version = Version(sources[name], arguments.tail)
        for number, seed in enumerate(seeds, 1):
            began = time.perf_counter()
            caches[name].result(str(seed), partial(version.fitted, simulated_mix(seed)))
            print(
                f"{name} {number} of {len(seeds)}: seed {seed}, {time.perf_counter() - began:.0f} seconds",
                file=sys.stderr,
                flush=True,
            )
        version.close()
    return 0 if compared(seeds, caches, arguments.kinds) else 1


if __name__ == "__main__":
    sys.exit(main())
