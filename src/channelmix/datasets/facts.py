"""Over 1,200 published figures on channels, each with its source."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from statistics import NormalDist
from types import MappingProxyType
from typing import TYPE_CHECKING

from channelmix.core.errors import InputError, nearest_name
from channelmix.datasets.files import read_rows
from channelmix.datasets.survey import SURVEY_SOURCE

if TYPE_CHECKING:
    import pandas as pd


TRUST: Mapping[str, float] = MappingProxyType(
    {
        "official_stat": 1.0,
        "academic": 1.0,
        "platform_doc": 0.8,
        "measured_vendor": 0.7,
        "consultancy": 0.6,
        "survey_vendor": 0.4,
        "secondary": 0.4,
        "vendor_blog": 0.1,
    }
)
"""Weight of a figure by its kind of source: a judgement that orders the kinds by trust, but for the last one. Vendors'
blogs weigh as little as cover of other sources allows (docs/explanation/prior.md)."""

USD: Mapping[str, float] = MappingProxyType(
    {row["currency"]: float(row["usd_per_unit"]) for row in read_rows("rough_usd_rates.csv")}
)
"""US dollars for one unit of common currencies: rough rates, far more precise than the figures."""

COUNTED = (
    "people", "households", "messages", "experiments", "campaigns", "brands", "companies", "regions", "estimates",
    "models",
)  # fmt: skip
"""What the size of a study counts."""

_BOUND = re.compile(r"[(, ](below|at (most|least)|more than|up to|as much as|often or more)\)")
"""Words of a unit that make its figure the end of an unknown range."""


@dataclass(frozen=True)
class Fact:
    """One published figure, as its source states it.

    Parameters
    ----------
    fact_id : str
        Such as ``CST012``.
    quantity, channel, purpose : str
        Subject of the figure; ``all`` if it holds for every channel or purpose.
    sector : str
        A sector of profiles, or ``all``.
    region : str
        As the source names it.
    country : str
        ISO 3166 code if the region is one country, else empty.
    continent : str
        Continent if known, else empty.
    low, typical, high : float or None
        The figure or range, in `unit`; None for a qualitative figure.
    unit, year : str
        Unit; year, or ``n.d.`` if the source gives none.
    kind : str
        Kind of source, one of `TRUST`.
    note : str
        Remark.
    source_title, source_url : str
        Citation.
    randomised : bool or None
        Whether the figure is of a randomised experiment, or of what is called an experiment or a trial of people; None
        if the source was not read to say, as with tests of regions that vendors pool.
    n : int or None
        Size of the study as stated ("over 20,000" is 20,000): with control and treated together if `n_of` is people.
        Of a study of many brands, campaigns or experiments, a figure by sector or medium rests on a part.
    n_of : str
        What `n` counts, one of `COUNTED`; empty without n.
    control, treated : float or None
        Levels as stated, in the percent or money of `unit`. The figure is their difference if the unit says points or
        counts money, else the level of the treated.
    level : float or None
        Confidence level of the interval from `low` to `high`, such as 0.9; None where they are a range.
    standard_error : float or None
        Of the figure, in `unit`: as stated, else half the interval over the quantile of its level.
    """

    fact_id: str
    quantity: str
    channel: str
    purpose: str
    sector: str
    region: str
    country: str
    continent: str
    low: float | None
    typical: float | None
    high: float | None
    unit: str
    year: str
    kind: str
    note: str
    source_title: str
    source_url: str
    randomised: bool | None = None
    n: int | None = None
    n_of: str = ""
    control: float | None = None
    treated: float | None = None
    level: float | None = None
    standard_error: float | None = None

    @property
    def value(self) -> float | None:
        """The typical figure, else the middle of its range, else the end that is stated; in `unit`.

        The middle is the geometric mean, or the arithmetic one of a range that begins below zero.
        """
        if self.typical is not None:
            return self.typical
        if self.low is not None and self.high is not None and self.low != 0.0:
            return math.sqrt(self.low * self.high) if self.low > 0.0 else (self.low + self.high) / 2.0
        return self.low or self.high

    @property
    def is_bound(self) -> bool:
        """Whether the unit calls the figure a bound: "(at most)", "(more than)"."""
        return _BOUND.search(self.unit) is not None


@cache
def load_facts() -> tuple[Fact, ...]:
    """Return every published figure.

    Examples
    --------
    >>> facts = load_facts()
    >>> len(facts) > 1000, facts[0].source_title != ""
    (True, True)
    """
    spellings = {(row["field"], row["spelling"]): row for row in read_rows("spellings.csv")}
    return tuple(
        _fact(row, spellings["sector", row["sector"]], spellings["region", row["region"]])
        for row in read_rows("facts.csv")
    )


def _fact(row: Mapping[str, str], sector: Mapping[str, str], region: Mapping[str, str]) -> Fact:
    low, typical, high, control, treated, level, stated_error = (
        float(row[key]) if row[key] else None
        for key in ("low", "typical", "high", "control", "treated", "level", "standard_error")
    )
    return Fact(
        fact_id=row["fact_id"],
        quantity=row["quantity"],
        channel=row["channel"],
        purpose=row["purpose"],
        sector=sector["code"],
        region=row["region"],
        country=region["code"],
        continent=region["continent"],
        low=low,
        typical=typical,
        high=high,
        unit=row["unit"],
        year=row["year"],
        kind=row["kind"],
        note=row["note"],
        source_title=row["source_title"],
        source_url=row["source_url"],
        randomised={"yes": True, "no": False, "": None}[row["randomised"]],
        n=int(row["n"]) if row["n"] else None,
        n_of=row["n_of"],
        control=control,
        treated=treated,
        level=level,
        standard_error=_standard_error(low, high, level) if stated_error is None else stated_error,
    )


def _standard_error(low: float | None, high: float | None, level: float | None) -> float | None:
    """Half an interval over the quantile of its level; None for a range."""
    if low is None or high is None or level is None:
        return None
    return (high - low) / (2.0 * NormalDist().inv_cdf((1.0 + level) / 2.0))


def continent_of(country: str) -> str:
    """Return the continent of a country by its ISO 3166 code, or an empty text if the figures do not include it.

    >>> continent_of("FR"), continent_of("XX")
    ('Europe', '')
    """
    return _continents().get(country, "") if country else ""


@cache
def _continents() -> Mapping[str, str]:
    return {row["code"]: row["continent"] for row in read_rows("spellings.csv") if row["field"] == "region"}


def find_facts(selector: str = "all") -> list[Fact]:
    """Return the figures that a selector names, in order.

    Parameters
    ----------
    selector : str
        ``all``, or some of channel, purpose, country, sector, quantity, kind of source, ``randomised`` and fact id,
        joined by ``/``: ``sms``, ``FR/sms``, ``service``, ``sms/cost_per_sms``, ``sms/randomised``.

    Raises
    ------
    InputError
        If a part is unknown, with a hint, or if no figure has all parts.
    """
    facts = list(load_facts())
    if selector == "all":
        return facts
    known = {tag for fact in facts for tag in _tags(fact)}
    wanted = selector.split("/")
    for part in wanted:
        if part not in known:
            raise InputError(f'there is no published figure on "{part}"{nearest_name(part, sorted(known))}')
    found = [fact for fact in facts if set(wanted) <= _tags(fact)]
    if not found:
        raise InputError(f'there is no published figure on all of "{selector}"; use only some of its parts')
    return found


def source_titles(fact_ids: Iterable[str]) -> list[str]:
    """Return the titles of the sources of some facts, each once; facts of the survey have ids such as F4."""
    titles = {fact.fact_id: fact.source_title for fact in load_facts()}
    return list(dict.fromkeys(titles.get(fact_id, SURVEY_SOURCE) for fact_id in fact_ids))


def facts_frame(selector: str = "all") -> pd.DataFrame:
    """Return the figures that a selector names as a DataFrame, one row per figure."""
    import pandas as pd  # importing it takes longer than a plan

    return pd.DataFrame([asdict(fact) for fact in find_facts(selector)]).set_index("fact_id")


def _tags(fact: Fact) -> set[str]:
    parts = {fact.channel, fact.purpose, fact.country, fact.sector, fact.quantity, fact.kind, fact.fact_id}
    return (parts | {"randomised" if fact.randomised else ""}) - {"", "all"}
