"""The command line: one file per command, and nothing heavy imported before it is needed."""

from __future__ import annotations

import importlib
import pkgutil

from channelmix.cli.session import main

__all__ = ["main"]

for _module in pkgutil.iter_modules(__path__):  # each command joins `main` when its file is imported
    importlib.import_module(f"{__name__}.{_module.name}")
