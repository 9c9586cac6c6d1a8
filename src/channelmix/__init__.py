"""channelmix: split a budget over channels, and prove that no better split exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channelmix._version import __version__

if TYPE_CHECKING:
    from channelmix.allocation import solve as solve
    from channelmix.analysis.lift_tests import LiftTestDesign as LiftTestDesign
    from channelmix.carryover import Carryover as Carryover
    from channelmix.certification import Certificate as Certificate
    from channelmix.certification import verify as verify
    from channelmix.effectiveness import PublishedPrior as PublishedPrior
    from channelmix.effectiveness.history import LiftTest as LiftTest
    from channelmix.effectiveness.history import MarketingMixRegressor as MarketingMixRegressor
    from channelmix.effectiveness.history import Priors as Priors
    from channelmix.effectiveness.own_fit import fit_history as fit_history
    from channelmix.errors import CertificateError as CertificateError
    from channelmix.errors import ChannelMixError as ChannelMixError
    from channelmix.errors import InputError as InputError
    from channelmix.errors import NoPlanError as NoPlanError
    from channelmix.evidence import Evidence as Evidence
    from channelmix.information import information_value as information_value
    from channelmix.plan import Difference as Difference
    from channelmix.plan import Explanation as Explanation
    from channelmix.plan import Frontier as Frontier
    from channelmix.plan import InformationValue as InformationValue
    from channelmix.plan import Plan as Plan
    from channelmix.plan import Sensitivity as Sensitivity
    from channelmix.problem import AllocationProblem as AllocationProblem
    from channelmix.profile import CompanyProfile as CompanyProfile
    from channelmix.profile import ProfileError as ProfileError
    from channelmix.reasoning import explain as explain
    from channelmix.recommender import optimize as optimize
    from channelmix.response import ResponseCurves as ResponseCurves
    from channelmix.rules import ActivationFee as ActivationFee
    from channelmix.rules import AtMostActive as AtMostActive
    from channelmix.rules import ChangeLimit as ChangeLimit
    from channelmix.rules import ContactCap as ContactCap
    from channelmix.rules import EachPeriod as EachPeriod
    from channelmix.rules import FixedBudget as FixedBudget
    from channelmix.rules import FlexibleBudget as FlexibleBudget
    from channelmix.rules import GroupShare as GroupShare
    from channelmix.rules import KeepWorking as KeepWorking
    from channelmix.rules import LinearConstraint as LinearConstraint
    from channelmix.rules import MaxProfit as MaxProfit
    from channelmix.rules import MeanCVaR as MeanCVaR
    from channelmix.rules import MeanRisk as MeanRisk
    from channelmix.rules import MinimumIfActive as MinimumIfActive
    from channelmix.rules import Pacing as Pacing
    from channelmix.rules import PackSize as PackSize
    from channelmix.rules import Phasing as Phasing
    from channelmix.rules import PriceTiers as PriceTiers
    from channelmix.rules import ReachTarget as ReachTarget
    from channelmix.rules import ReputationLimit as ReputationLimit
    from channelmix.rules import SafeImprovement as SafeImprovement
    from channelmix.rules import ServiceLevel as ServiceLevel
    from channelmix.rules import SpendBounds as SpendBounds
    from channelmix.rules import TargetOutcome as TargetOutcome
    from channelmix.rules import WorstCase as WorstCase
    from channelmix.solution import Solution as Solution
    from channelmix.solution import Status as Status
    from channelmix.tornado import sensitivity as sensitivity
    from channelmix.tradeoff import frontier as frontier
    from channelmix.whatif import compare as compare

_HOMES = {
    "ActivationFee": "rules",
    "AllocationProblem": "problem",
    "AtMostActive": "rules",
    "Carryover": "carryover",
    "Certificate": "certification",
    "CertificateError": "errors",
    "NoPlanError": "errors",
    "ChangeLimit": "rules",
    "ChannelMixError": "errors",
    "CompanyProfile": "profile",
    "compare": "whatif",
    "Difference": "plan",
    "ContactCap": "rules",
    "explain": "reasoning",
    "Explanation": "plan",
    "EachPeriod": "rules",
    "Evidence": "evidence",
    "fit_history": "effectiveness.own_fit",
    "FixedBudget": "rules",
    "FlexibleBudget": "rules",
    "Frontier": "plan",
    "frontier": "tradeoff",
    "GroupShare": "rules",
    "information_value": "information",
    "InformationValue": "plan",
    "InputError": "errors",
    "KeepWorking": "rules",
    "LiftTestDesign": "analysis.lift_tests",
    "LiftTest": "effectiveness.history",
    "LinearConstraint": "rules",
    "MarketingMixRegressor": "effectiveness.history",
    "MaxProfit": "rules",
    "MeanCVaR": "rules",
    "MeanRisk": "rules",
    "MinimumIfActive": "rules",
    "optimize": "recommender",
    "Pacing": "rules",
    "PackSize": "rules",
    "Phasing": "rules",
    "Priors": "effectiveness.history",
    "Plan": "plan",
    "PriceTiers": "rules",
    "ProfileError": "profile",
    "PublishedPrior": "effectiveness",
    "ReachTarget": "rules",
    "ReputationLimit": "rules",
    "ResponseCurves": "response",
    "SafeImprovement": "rules",
    "Sensitivity": "plan",
    "sensitivity": "tornado",
    "ServiceLevel": "rules",
    "Solution": "solution",
    "solve": "allocation",
    "SpendBounds": "rules",
    "Status": "solution",
    "TargetOutcome": "rules",
    "verify": "certification",
    "WorstCase": "rules",
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
