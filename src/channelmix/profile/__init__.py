"""What the user writes about the company, read strictly: every fault is located."""

from channelmix.profile.cells import Cell as Cell
from channelmix.profile.cells import Telling as Telling
from channelmix.profile.company import CompanyProfile as CompanyProfile
from channelmix.profile.faults import Fault as Fault
from channelmix.profile.faults import ProfileError as ProfileError
from channelmix.profile.fields.estimates import Estimate as Estimate
from channelmix.profile.fields.estimates import is_incremental as is_incremental
from channelmix.profile.fields.fields import Advocacy as Advocacy
from channelmix.profile.fields.fields import Channel as Channel
from channelmix.profile.fields.fields import Market as Market
from channelmix.profile.fields.fields import MarketChannel as MarketChannel
from channelmix.profile.fields.fields import Promotion as Promotion
from channelmix.profile.fields.fields import Purposes as Purposes
from channelmix.profile.fields.fields import Service as Service
from channelmix.profile.fields.fields import WordOfMouth as WordOfMouth
from channelmix.profile.fields.values import BUILT_IN_CHANNELS as BUILT_IN_CHANNELS
from channelmix.profile.fields.values import MECHANISMS as MECHANISMS
from channelmix.profile.fields.values import PURPOSES as PURPOSES
from channelmix.profile.reading.schema_json import json_schema as json_schema
from channelmix.profile.starter import starter_profile as starter_profile
