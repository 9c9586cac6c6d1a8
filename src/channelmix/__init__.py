"""channelmix: split a budget over channels, and prove that no better split exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channelmix._version import __version__ as __version__
from channelmix.core.views import register

if TYPE_CHECKING:
    __all__: list[str]
    from channelmix.core.errors import CertificateError as CertificateError
    from channelmix.core.errors import ChannelMixError as ChannelMixError
    from channelmix.core.errors import InputError as InputError
    from channelmix.core.errors import NoPlanError as NoPlanError
    from channelmix.effectiveness.history import LiftTest as LiftTest
    from channelmix.effectiveness.history import MarketingMixRegressor as MarketingMixRegressor
    from channelmix.effectiveness.history import Priors as Priors
    from channelmix.effectiveness.own.fit import fit_history as fit_history
    from channelmix.effectiveness.published.prior import PublishedPrior as PublishedPrior
    from channelmix.effectiveness.published.simulated import SimulatedCompany as SimulatedCompany
    from channelmix.effectiveness.published.simulated import simulated_company as simulated_company
    from channelmix.engine.problem.problem import AllocationProblem as AllocationProblem
    from channelmix.engine.proof.solution import Solution as Solution
    from channelmix.engine.proof.solution import Status as Status
    from channelmix.engine.proof.verify import Certificate as Certificate
    from channelmix.engine.proof.verify import verify as verify
    from channelmix.engine.response import ResponseCurves as ResponseCurves
    from channelmix.engine.response.carryover import Carryover as Carryover
    from channelmix.engine.rules.public import *  # noqa: F403
    from channelmix.engine.solver.solve import solve as solve
    from channelmix.plan import Difference as Difference
    from channelmix.plan import Explanation as Explanation
    from channelmix.plan import Frontier as Frontier
    from channelmix.plan import InformationValue as InformationValue
    from channelmix.plan import Plan as Plan
    from channelmix.plan import Sensitivity as Sensitivity
    from channelmix.profile import CompanyProfile as CompanyProfile
    from channelmix.profile import ProfileError as ProfileError
    from channelmix.profile.evidence import Evidence as Evidence
    from channelmix.recommender.compare import compare as compare
    from channelmix.recommender.explain.explain import explain as explain
    from channelmix.recommender.frontier import frontier as frontier
    from channelmix.recommender.information_value.information_value import (
        information_value as information_value,
    )
    from channelmix.recommender.information_value.lift_tests import LiftTestDesign as LiftTestDesign
    from channelmix.recommender.optimize.optimize import optimize as optimize
    from channelmix.recommender.sensitivity.sensitivity import sensitivity as sensitivity

_HOMES = {
    name: module
    for module, names in {
        "core.errors": ("CertificateError", "ChannelMixError", "InputError", "NoPlanError"),
        "effectiveness.published.prior": ("PublishedPrior",),
        "effectiveness.published.simulated": ("SimulatedCompany", "simulated_company"),
        "effectiveness.history": ("LiftTest", "MarketingMixRegressor", "Priors"),
        "effectiveness.own.fit": ("fit_history",),
        "engine.problem.problem": ("AllocationProblem",),
        "engine.proof.solution": ("Solution", "Status"),
        "engine.proof.verify": ("Certificate", "verify"),
        "engine.response": ("ResponseCurves",),
        "engine.response.carryover": ("Carryover",),
        "engine.solver.solve": ("solve",),
        "plan": ("Difference", "Explanation", "Frontier", "InformationValue", "Plan", "Sensitivity"),
        "profile": ("CompanyProfile", "ProfileError"),
        "profile.evidence": ("Evidence",),
        "recommender.compare": ("compare",),
        "recommender.explain.explain": ("explain",),
        "recommender.frontier": ("frontier",),
        "recommender.information_value.information_value": ("information_value",),
        "recommender.information_value.lift_tests": ("LiftTestDesign",),
        "recommender.optimize.optimize": ("optimize",),
        "recommender.sensitivity.sensitivity": ("sensitivity",),
    }.items()
    for name in names
}
"""Module of each public name, rules aside; it is imported when first used, so that a light command starts fast."""

register(
    to_html="channelmix.report.html.page",
    write_html="channelmix.report.html.page",
    summary_html="channelmix.report.html.summary",
    allocation_figure="channelmix.report.figures",
    evidence_figure="channelmix.report.figures",
    frontier_figure="channelmix.report.figures",
    response_figure="channelmix.report.figures",
)


def _rules() -> dict[str, object]:
    """Scenarios, constraints and risks by the names of their classes, which register themselves."""
    from channelmix.engine.rules import Stated

    known = Stated.registered().values()
    return {one.__name__: one for one in known if one.__module__.startswith("channelmix.engine.")}


def _public() -> list[str]:
    return ["__version__", *_HOMES, *_rules()]


def __getattr__(name: str) -> object:
    if name == "__all__":
        return _public()
    if name in _HOMES:
        import importlib

        value: object = getattr(importlib.import_module(f"channelmix.{_HOMES[name]}"), name)
    elif name.startswith("_") or name not in (rules := _rules()):
        raise AttributeError(f"module 'channelmix' has no attribute {name!r}")
    else:
        value = rules[name]
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_public())
