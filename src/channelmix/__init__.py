"""channelmix: split a budget over channels, and prove that no better split exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channelmix._version import __version__
from channelmix.core.views import register

if TYPE_CHECKING:
    from channelmix.core.errors import CertificateError as CertificateError
    from channelmix.core.errors import ChannelMixError as ChannelMixError
    from channelmix.core.errors import InputError as InputError
    from channelmix.core.errors import NoPlanError as NoPlanError
    from channelmix.effectiveness.history import LiftTest as LiftTest
    from channelmix.effectiveness.history import MarketingMixRegressor as MarketingMixRegressor
    from channelmix.effectiveness.history import Priors as Priors
    from channelmix.effectiveness.own.fit import fit_history as fit_history
    from channelmix.effectiveness.published.prior import PublishedPrior as PublishedPrior
    from channelmix.engine.problem.problem import AllocationProblem as AllocationProblem
    from channelmix.engine.proof.solution import Solution as Solution
    from channelmix.engine.proof.solution import Status as Status
    from channelmix.engine.proof.verify import Certificate as Certificate
    from channelmix.engine.proof.verify import verify as verify
    from channelmix.engine.response import ResponseCurves as ResponseCurves
    from channelmix.engine.response.carryover import Carryover as Carryover
    from channelmix.engine.rules import ActivationFee as ActivationFee
    from channelmix.engine.rules import AtMostActive as AtMostActive
    from channelmix.engine.rules import ChangeLimit as ChangeLimit
    from channelmix.engine.rules import ContactCap as ContactCap
    from channelmix.engine.rules import EachPeriod as EachPeriod
    from channelmix.engine.rules import FixedBudget as FixedBudget
    from channelmix.engine.rules import FlexibleBudget as FlexibleBudget
    from channelmix.engine.rules import GroupShare as GroupShare
    from channelmix.engine.rules import KeepWorking as KeepWorking
    from channelmix.engine.rules import LinearConstraint as LinearConstraint
    from channelmix.engine.rules import MaxProfit as MaxProfit
    from channelmix.engine.rules import MeanCVaR as MeanCVaR
    from channelmix.engine.rules import MeanRisk as MeanRisk
    from channelmix.engine.rules import MinimumIfActive as MinimumIfActive
    from channelmix.engine.rules import Pacing as Pacing
    from channelmix.engine.rules import PackSize as PackSize
    from channelmix.engine.rules import Phasing as Phasing
    from channelmix.engine.rules import PriceTiers as PriceTiers
    from channelmix.engine.rules import ReachTarget as ReachTarget
    from channelmix.engine.rules import ReputationLimit as ReputationLimit
    from channelmix.engine.rules import SafeImprovement as SafeImprovement
    from channelmix.engine.rules import ServiceLevel as ServiceLevel
    from channelmix.engine.rules import SpendBounds as SpendBounds
    from channelmix.engine.rules import TargetOutcome as TargetOutcome
    from channelmix.engine.rules import WorstCase as WorstCase
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
    "ActivationFee": "engine.rules",
    "AllocationProblem": "engine.problem.problem",
    "AtMostActive": "engine.rules",
    "Carryover": "engine.response.carryover",
    "Certificate": "engine.proof.verify",
    "CertificateError": "core.errors",
    "NoPlanError": "core.errors",
    "ChangeLimit": "engine.rules",
    "ChannelMixError": "core.errors",
    "CompanyProfile": "profile",
    "compare": "recommender.compare",
    "Difference": "plan",
    "ContactCap": "engine.rules",
    "explain": "recommender.explain.explain",
    "Explanation": "plan",
    "EachPeriod": "engine.rules",
    "Evidence": "profile.evidence",
    "fit_history": "effectiveness.own.fit",
    "FixedBudget": "engine.rules",
    "FlexibleBudget": "engine.rules",
    "Frontier": "plan",
    "frontier": "recommender.frontier",
    "GroupShare": "engine.rules",
    "information_value": "recommender.information_value.information_value",
    "InformationValue": "plan",
    "InputError": "core.errors",
    "KeepWorking": "engine.rules",
    "LiftTestDesign": "recommender.information_value.lift_tests",
    "LiftTest": "effectiveness.history",
    "LinearConstraint": "engine.rules",
    "MarketingMixRegressor": "effectiveness.history",
    "MaxProfit": "engine.rules",
    "MeanCVaR": "engine.rules",
    "MeanRisk": "engine.rules",
    "MinimumIfActive": "engine.rules",
    "optimize": "recommender.optimize.optimize",
    "Pacing": "engine.rules",
    "PackSize": "engine.rules",
    "Phasing": "engine.rules",
    "Priors": "effectiveness.history",
    "Plan": "plan",
    "PriceTiers": "engine.rules",
    "ProfileError": "profile",
    "PublishedPrior": "effectiveness.published.prior",
    "ReachTarget": "engine.rules",
    "ReputationLimit": "engine.rules",
    "ResponseCurves": "engine.response",
    "SafeImprovement": "engine.rules",
    "Sensitivity": "plan",
    "sensitivity": "recommender.sensitivity.sensitivity",
    "ServiceLevel": "engine.rules",
    "Solution": "engine.proof.solution",
    "solve": "engine.solver.solve",
    "SpendBounds": "engine.rules",
    "Status": "engine.proof.solution",
    "TargetOutcome": "engine.rules",
    "verify": "engine.proof.verify",
    "WorstCase": "engine.rules",
}
"""Where each public name lives; it is imported when first used, so that a light command starts fast."""

__all__ = ["__version__", *_HOMES]

register(
    to_html="channelmix.report.html.page",
    write_html="channelmix.report.html.page",
    summary_html="channelmix.report.html.summary",
    allocation_figure="channelmix.report.figures",
    evidence_figure="channelmix.report.figures",
    frontier_figure="channelmix.report.figures",
    response_figure="channelmix.report.figures",
)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'channelmix' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(f"channelmix.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
