"""The profile: what the user writes about the company, read strictly, with every fault located."""

from __future__ import annotations

from channelmix.profile.cells import Cell, Telling
from channelmix.profile.company import CompanyProfile
from channelmix.profile.faults import Fault, ProfileError
from channelmix.profile.fields.fields import (
    Advocacy,
    Channel,
    Market,
    MarketChannel,
    Promotion,
    Purposes,
    Service,
    WordOfMouth,
)
from channelmix.profile.fields.values import BUILT_IN_CHANNELS, MECHANISMS, PURPOSES
from channelmix.profile.reading.schema_json import json_schema
from channelmix.profile.starter import starter_profile

__all__ = [
    "BUILT_IN_CHANNELS",
    "MECHANISMS",
    "PURPOSES",
    "Advocacy",
    "Cell",
    "Channel",
    "CompanyProfile",
    "Fault",
    "Market",
    "MarketChannel",
    "ProfileError",
    "Promotion",
    "Purposes",
    "Service",
    "Telling",
    "WordOfMouth",
    "json_schema",
    "starter_profile",
]
