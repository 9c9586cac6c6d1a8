"""Over a thousand published figures on channels, each with its source."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
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
        "vendor_blog": 0.25,
    }
)
"""Weight of a figure by its kind of source: a judgement that orders the kinds by trust."""

USD: Mapping[str, float] = MappingProxyType(
    {"USD": 1.0, "EUR": 1.08, "GBP": 1.27, "PLN": 0.25, "INR": 0.012, "AED": 0.272}
)
"""US dollars for one unit of each currency in the figures: rough rates, far more precise than the figures."""


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

    @property
    def value(self) -> float | None:
        """The typical figure, else the geometric mean of its range, else the end that is stated; in `unit`."""
        if self.typical is not None:
            return self.typical
        if self.low is not None and self.high is not None and self.low > 0.0:
            return math.sqrt(self.low * self.high)
        return self.low or self.high


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
    facts = []
    for row in read_rows("facts.csv"):
        sector, region = spellings["sector", row["sector"]], spellings["region", row["region"]]
        texts = {key: row[key] for key in ("fact_id", "quantity", "channel", "purpose", "region", "unit")}
        rest = {key: row[key] for key in ("year", "kind", "note", "source_title", "source_url")}
        low, typical, high = (float(row[key]) if row[key] else None for key in ("low", "typical", "high"))
        facts.append(
            Fact(
                **texts,
                **rest,
                sector=sector["code"],
                country=region["code"],
                continent=region["continent"],
                low=low,
                typical=typical,
                high=high,
            )
        )
    return tuple(facts)


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
        ``all``, or some of channel, purpose, country, sector, quantity and fact id, joined by ``/``: ``sms``,
        ``FR/sms``, ``service``, ``sms/cost_per_sms``.

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
    parts = {fact.channel, fact.purpose, fact.country, fact.sector, fact.quantity, fact.fact_id}
    return parts - {"", "all"}
