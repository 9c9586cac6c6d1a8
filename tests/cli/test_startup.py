"""What a plan loads: packages whose import takes longer than a plan stay out of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAVY = ("cvxpy", "pandas", "plotly", "scipy.optimize", "scipy.stats", "sklearn", "threadpoolctl")


def loaded_by(*arguments: str) -> list[str]:
    """Packages of `HEAVY` that a command loads."""
    code = f"""
import atexit, sys
atexit.register(lambda: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr))
from channelmix.cli import main
main({list(arguments)})
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    return list(json.loads(done.stderr.splitlines()[-1].replace("'", '"')))


@pytest.mark.parametrize("name", ["maison_verte", "librairie"])
def test_a_plan_from_published_figures_loads_nothing_heavy(name: str) -> None:
    assert loaded_by("optimize", str(ROOT / "examples" / f"{name}.json")) == []


def test_a_plan_from_own_history_loads_what_fits_it() -> None:
    assert "sklearn" in loaded_by("optimize", str(ROOT / "examples" / "atelier.json"))
