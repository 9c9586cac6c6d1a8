"""channelmix: split a budget over channels, and prove that no better split exists."""

from __future__ import annotations

from channelmix._version import __version__

_HOMES = {
    "AllocationProblem": "problem",
    "Certificate": "certification",
    "CertificateError": "errors",
    "ChangeLimit": "rules",
    "ChannelMixError": "errors",
    "CompanyProfile": "profile",
    "FixedBudget": "rules",
    "GroupShare": "rules",
    "InputError": "errors",
    "KeepWorking": "rules",
    "LinearConstraint": "rules",
    "Plan": "plan",
    "ProfileError": "profile",
    "PublishedPrior": "effectiveness",
    "ResponseCurves": "response",
    "Solution": "solution",
    "SpendBounds": "rules",
    "Status": "solution",
    "optimize": "recommender",
    "solve": "allocation",
    "verify": "certification",
}
"""Where each public name lives; it is imported when first used, so that a light command starts fast."""

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'channelmix' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"channelmix.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
