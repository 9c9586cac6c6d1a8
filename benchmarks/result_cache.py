"""Results of a benchmark, kept by line of JSON, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class ResultCache:
    """Results by key in `folder`/`name`.jsonl; without a folder nothing is kept.

    Parameters
    ----------
    folder : Path or None
    name : str
    """

    def __init__(self, folder: Path | None, name: str) -> None:
        self._path = None if folder is None else folder / f"{name}.jsonl"
        self._known: dict[str, Any] = {}
        if self._path is not None and self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._known[entry["key"]] = entry["result"]

    def known(self) -> dict[str, Any]:
        """All results by key."""
        return dict(self._known)

    def result(self, key: str, make: Callable[[], Any]) -> Any:
        """What is known of a key, made and noted if it is not."""
        if key not in self._known:
            self._known[key] = make()
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"key": key, "result": self._known[key]}) + "\n")
        return self._known[key]
