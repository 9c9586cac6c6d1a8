"""History: what a company's own rows of spend and outcome say of its channels' response curves."""

from channelmix.effectiveness.history.findings import Finding as Finding
from channelmix.effectiveness.history.findings import Verdict as Verdict
from channelmix.effectiveness.history.model.priors import Priors as Priors
from channelmix.effectiveness.history.regressor import MarketingMixRegressor as MarketingMixRegressor
from channelmix.profile.evidence import LiftTest as LiftTest
