"""History: what a company's own rows of spend and outcome say of its channels' response curves."""

from __future__ import annotations

from channelmix.effectiveness.history.findings import Finding, Verdict
from channelmix.effectiveness.history.model.priors import Priors
from channelmix.effectiveness.history.regressor import MarketingMixRegressor
from channelmix.profile.evidence import LiftTest

__all__ = ["Finding", "LiftTest", "MarketingMixRegressor", "Priors", "Verdict"]
