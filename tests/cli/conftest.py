from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import channelmix
from channelmix.cli import main
from channelmix.plan import Plan

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, **options: Any) -> Result:
        result = CliRunner().invoke(main, arguments, prog_name="channelmix", **options)
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture
def profile(tmp_path: Path, small: dict[str, Any]) -> str:
    """Name of a file with the small profile, in the folder that commands run in."""
    (tmp_path / "profile.json").write_text(json.dumps(small), encoding="utf-8")
    return "profile.json"


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch, small_plan: Plan) -> None:
    """Answer with the small profile's plan at once, for tests of what becomes of a plan."""
    monkeypatch.setattr(channelmix, "optimize", lambda *_, **__: small_plan, raising=False)


@pytest.fixture
def plan_file(tmp_path: Path, plan_text: str) -> str:
    """Name of a file with the example's plan."""
    (tmp_path / "plan.json").write_text(plan_text, encoding="utf-8")
    return "plan.json"


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Run the command as a process of its own."""

    def start(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(SOURCE), **options.pop("env", {})}
        command = [sys.executable, "-m", "channelmix", *arguments]
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path, **options}
        return subprocess.run(command, env=environment, timeout=60, check=False, **options)

    return start
