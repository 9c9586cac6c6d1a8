"""The scenarios, constraints and risks that users state: a class that is imported here is known and public."""

from __future__ import annotations

from channelmix.engine.rules.constraints import ChangeLimit as ChangeLimit
from channelmix.engine.rules.constraints import GroupShare as GroupShare
from channelmix.engine.rules.constraints import KeepWorking as KeepWorking
from channelmix.engine.rules.constraints import LinearConstraint as LinearConstraint
from channelmix.engine.rules.constraints import ObservedRange as ObservedRange
from channelmix.engine.rules.constraints import SpendBounds as SpendBounds
from channelmix.engine.rules.contacts import ContactCap as ContactCap
from channelmix.engine.rules.contacts import PriceTiers as PriceTiers
from channelmix.engine.rules.contacts import ReputationLimit as ReputationLimit
from channelmix.engine.rules.contacts import ServiceLevel as ServiceLevel
from channelmix.engine.rules.each_period import EachPeriod as EachPeriod
from channelmix.engine.rules.pacing import Pacing as Pacing
from channelmix.engine.rules.pacing import Phasing as Phasing
from channelmix.engine.rules.risk import MeanCVaR as MeanCVaR
from channelmix.engine.rules.risk import MeanRisk as MeanRisk
from channelmix.engine.rules.risk import ReachTarget as ReachTarget
from channelmix.engine.rules.risk import SafeImprovement as SafeImprovement
from channelmix.engine.rules.risk import WorstCase as WorstCase
from channelmix.engine.rules.scenarios import FixedBudget as FixedBudget
from channelmix.engine.rules.scenarios import FlexibleBudget as FlexibleBudget
from channelmix.engine.rules.scenarios import MaxProfit as MaxProfit
from channelmix.engine.rules.scenarios import TargetOutcome as TargetOutcome
from channelmix.engine.rules.switches import ActivationFee as ActivationFee
from channelmix.engine.rules.switches import AtMostActive as AtMostActive
from channelmix.engine.rules.switches import MinimumIfActive as MinimumIfActive
from channelmix.engine.rules.switches import PackSize as PackSize
