"""Own evidence as data: a history's rows, lift tests, and the file of fitted curves."""

from channelmix.profile.evidence.columns import check_columns as check_columns
from channelmix.profile.evidence.columns import check_money as check_money
from channelmix.profile.evidence.columns import check_unpaid as check_unpaid
from channelmix.profile.evidence.columns import covered as covered
from channelmix.profile.evidence.columns import table_of as table_of
from channelmix.profile.evidence.evidence import Check as Check
from channelmix.profile.evidence.evidence import Column as Column
from channelmix.profile.evidence.evidence import Evidence as Evidence
from channelmix.profile.evidence.evidence import Fitted as Fitted
from channelmix.profile.evidence.evidence import FittedMarket as FittedMarket
from channelmix.profile.evidence.evidence import Unpaid as Unpaid
from channelmix.profile.evidence.history import History as History
from channelmix.profile.evidence.lift_test import LiftTest as LiftTest
from channelmix.profile.evidence.lift_test import LiftTestError as LiftTestError
from channelmix.profile.evidence.lift_test import check_market as check_market
from channelmix.profile.evidence.lift_test import check_sign as check_sign
from channelmix.profile.evidence.lift_test import check_size as check_size

Experiment = LiftTest
"""What a file of evidence calls a lift test."""
