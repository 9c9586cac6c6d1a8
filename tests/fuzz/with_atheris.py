"""Fuzz the readers of documents by the code that inputs reach, where atheris is installed: ``pip install atheris``.

``python -m tests.fuzz.with_atheris`` tries all kinds of documents, ``python -m tests.fuzz.with_atheris plan`` one, and
takes libFuzzer's options after it.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 2000
"""Inputs of each kind if nothing else is stated."""


def fuzz(kind: str, options: list[str]) -> None:
    """Fuzz one reader, beginning with valid documents; does not return."""
    import atheris

    with atheris.instrument_imports(include=["channelmix"]):
        from tests.fuzz.documents import READERS, examples

    from tests.fuzz.bounds import answer_or_error, in_bounds

    def one(data: bytes) -> None:
        with in_bounds():
            answer_or_error(lambda: READERS[kind](data))

    with tempfile.TemporaryDirectory() as folder:
        for i, text in enumerate(examples(kind)):
            (Path(folder) / f"{i}.json").write_bytes(text)
        atheris.Setup([sys.argv[0], *(options or [f"-runs={RUNS}"]), "-max_len=200000", folder], one)
        atheris.Fuzz()


def main() -> int:
    """Fuzz what the command line asks for, each kind in a process of its own."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: no inputs by the code that they reach")
        return 0
    if len(sys.argv) > 1:
        fuzz(sys.argv[1], sys.argv[2:])
        return 0
    from tests.fuzz.documents import READERS

    codes = [
        subprocess.run(
            [sys.executable, "-m", "tests.fuzz.with_atheris", kind], env=os.environ, check=False
        ).returncode
        for kind in READERS
    ]
    return max(map(abs, codes))


if __name__ == "__main__":
    sys.exit(main())
