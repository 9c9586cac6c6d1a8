"""Published figures with their sources, and the survey."""

from channelmix.datasets.facts import Fact as Fact
from channelmix.datasets.facts import facts_frame as facts_frame
from channelmix.datasets.facts import find_facts as find_facts
from channelmix.datasets.facts import load_facts as load_facts
from channelmix.datasets.facts import source_titles as source_titles
from channelmix.datasets.published import PriorRange as PriorRange
from channelmix.datasets.published import StatedRange as StatedRange
from channelmix.datasets.published import load_ranges as load_ranges
from channelmix.datasets.published import load_stated_ranges as load_stated_ranges
from channelmix.datasets.survey import SERVICE_USE as SERVICE_USE
from channelmix.datasets.survey import SURVEY_SOURCE as SURVEY_SOURCE
from channelmix.datasets.survey import SURVEYED_COMPANIES as SURVEYED_COMPANIES
from channelmix.datasets.survey import USE as USE
from channelmix.datasets.survey import use_standard_error as use_standard_error
