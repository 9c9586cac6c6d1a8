"""From evidence to draws of each cell's response curve."""

from channelmix.effectiveness.carryover import carryover_of as carryover_of
from channelmix.effectiveness.draws import CellDraws as CellDraws
from channelmix.effectiveness.draws import Figure as Figure
from channelmix.effectiveness.draws import OwnColumn as OwnColumn
from channelmix.effectiveness.draws import OwnDraws as OwnDraws
from channelmix.effectiveness.own.overlay import observed_ranges as observed_ranges
from channelmix.effectiveness.own.overlay import response as response
from channelmix.effectiveness.own.overlay import risk_of as risk_of
from channelmix.effectiveness.own.overlay import with_own as with_own
from channelmix.effectiveness.published.measured_uses import measured_uses as measured_uses
from channelmix.effectiveness.published.pooled_effects import AUDIENCE_SLOPE as AUDIENCE_SLOPE
from channelmix.effectiveness.published.prior_draws import published_draws as published_draws
from channelmix.effectiveness.published.promotion import assumed_audience as assumed_audience
from channelmix.effectiveness.published.promotion import effect_of as effect_of
from channelmix.effectiveness.published.response import PriorResponse as PriorResponse
from channelmix.effectiveness.published.response import prior_response as prior_response
from channelmix.effectiveness.published.rule_figures import with_figures as with_figures
from channelmix.effectiveness.published.shifts import shifted as shifted
from channelmix.effectiveness.published.shifts import shifted_value as shifted_value
from channelmix.effectiveness.stated import Scope as Scope
from channelmix.effectiveness.stated import field_of as field_of
from channelmix.effectiveness.stated import is_widened as is_widened
from channelmix.effectiveness.stated import stated_interval as stated_interval
