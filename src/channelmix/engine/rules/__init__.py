"""Business rules as frozen dataclasses: each states its limits on spend once, and registers itself by its kind."""

from __future__ import annotations

from channelmix.engine.rules.auxiliary import Auxiliary as Auxiliary
from channelmix.engine.rules.base import Constraint as Constraint
from channelmix.engine.rules.base import Rule as Rule
from channelmix.engine.rules.base import Stated as Stated
from channelmix.engine.rules.base import rule_from_dict as rule_from_dict
from channelmix.engine.rules.base import rule_to_dict as rule_to_dict
from channelmix.engine.rules.public import *  # noqa: F403
from channelmix.engine.rules.risk import Risk as Risk
from channelmix.engine.rules.rows import Cells as Cells
from channelmix.engine.rules.rows import Row as Row
from channelmix.engine.rules.scenarios import Scenario as Scenario
