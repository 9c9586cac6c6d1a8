"""Renew the locks in this folder with uv: exact versions with hashes, for every Python and system supported.

``build.txt`` builds the package, ``core.txt`` runs it, ``dev.txt`` checks it, ``lowest.txt`` tests it at the low ends
of the ranges in ``pyproject.toml``, ``uv.txt`` is uv itself. ``make lock`` starts this with that uv.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = Path(sys.executable).with_name("uv")

TABLES = {"polars", "pyarrow"}
"""No dependencies, but kinds of table that are taken: tested at their lowest versions too."""

LINTERS = {"build", "import-linter", "mypy", "ruff", "types-html5lib"}
"""What no test needs, and what may want newer versions of dependencies than the package itself."""


def renew(name: str, *sources: str, lines: tuple[str, ...] = ()) -> None:
    """Write one lock, in the same words on every machine: no index, no path, no command of its own."""
    options = [
        "--universal", "--python-version=3.11", "--generate-hashes", "--upgrade", "--quiet", "--no-annotate",
        "--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command=make lock",
    ]  # fmt: skip
    command = [str(UV), "pip", "compile", *options, *sources, f"--output-file=requirements/{name}.txt"]
    subprocess.run(
        command, cwd=ROOT, input="\n".join(lines), text=True, check=True, stdout=subprocess.DEVNULL
    )


def name_of(requirement: str) -> str:
    """Name of the package that a line asks for."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def locked(name: str) -> list[str]:
    """Lines of a lock that name a version, without their hashes."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.removesuffix("\\") for line in lines if re.match(r"[a-z0-9-]+==", line)]


def main() -> None:
    """Renew all, each in agreement with those it shares an environment with."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    core = content["project"]["dependencies"]
    extras = content["project"]["optional-dependencies"]
    beside = "--constraints=requirements/dev.txt"

    renew("uv", "-", lines=("uv",))
    renew("dev", "pyproject.toml", "--extra=dev")
    renew("core", "pyproject.toml", beside)
    renew("build", "-", beside, lines=(*content["build-system"]["requires"], "editables"))

    # The tools stay as dev.txt has them: a range is about what the package uses, not about an old pytest.
    of_the_package = {
        name_of(line) for line in (*locked("core"), *extras["figures"], *extras["excel"])
    } | TABLES
    tools = [line for line in locked("dev") if name_of(line) not in of_the_package]
    wanted = tuple(line for line in (*core, *extras["dev"]) if name_of(line) not in LINTERS)
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "tools.txt"
        held.write_text("\n".join(tools), encoding="utf-8")
        renew("lowest", "-", "--resolution=lowest-direct", f"--constraints={held}", lines=wanted)


if __name__ == "__main__":
    main()
