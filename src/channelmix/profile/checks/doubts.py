"""What faulty parts of a profile leave unknown, so that no fault is reported that only follows from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from channelmix.profile.faults import Path, Problem

# What a channel's figure decides, besides what is checked of the channel itself.
_DECIDES = {
    "current_spend": {"spend"},
    "cost_per_contact": {"usd_rate"},
    "service_share": {"service_shares"},
    "purposes": {"spend", "usd_rate", "service_shares"},
}
_OF_ANY_FIGURE = frozenset({"spend", "usd_rate", "service_shares"})


@dataclass(frozen=True)
class Doubts:
    """What cannot be concluded from, because other values stand in for faulty ones.

    Parameters
    ----------
    subjects : frozenset of str
        Of ``purposes`` (which are declared), ``channel_names``, ``market_names``, ``spend``, ``usd_rate`` (whether
        it is needed), ``service_shares``, ``scenario`` and ``channels`` (the figures of every channel).
    customers : frozenset of int
        Markets whose customers are unknown.
    channel_figures : frozenset of str
        Channels of which a figure is unknown.
    """

    subjects: frozenset[str] = frozenset()
    customers: frozenset[int] = frozenset()
    channel_figures: frozenset[str] = frozenset()

    @property
    def purposes(self) -> bool:
        """Whether other purposes may be declared."""
        return "purposes" in self.subjects

    @property
    def channel_names(self) -> bool:
        """Whether there may be other channels."""
        return "channel_names" in self.subjects

    @property
    def names(self) -> bool:
        """Whether a selector may name something that a fault hides."""
        return self.purposes or self.channel_names or "market_names" in self.subjects

    @property
    def spend(self) -> bool:
        """Whether there may be more spend today."""
        return self.purposes or "spend" in self.subjects

    @property
    def usd_rate(self) -> bool:
        """Whether the rate may be stated, or not be needed."""
        return self.purposes or "usd_rate" in self.subjects

    @property
    def service_shares(self) -> bool:
        """Whether shares of service contacts may sum to something else."""
        return self.purposes or "service_shares" in self.subjects

    @property
    def scenario(self) -> bool:
        """Whether there may be a scenario, or spend to take as one."""
        return self.spend or "scenario" in self.subjects

    def channel(self, name: str) -> bool:
        """Whether the channel may state other figures."""
        return "channels" in self.subjects or name in self.channel_figures

    def figures_of(self, name: str) -> bool:
        """Whether the channel may need or use other figures."""
        return self.purposes or self.channel(name)


NO_DOUBTS = Doubts()


def doubts_of(replaced: Iterable[Problem]) -> Doubts:
    """Find what the problems of single parts leave unknown; an unknown key may have meant any of its fields."""
    subjects: set[str] = set()
    customers: set[int] = set()
    channels: set[str] = set()
    for problem in replaced:
        match problem.path:
            case ("purposes",) | ("purposes", _):
                subjects.add("purposes")
            case ("channels",):
                subjects |= {"channel_names", "channels", *_OF_ANY_FIGURE}
            case ("channels", str(name), *rest):
                channels.add(name)
                subjects |= _decided(tuple(rest), problem.at_key)
                if not rest and problem.at_key:
                    subjects.add("channel_names")
            case ("markets",):
                subjects |= {"market_names", "channels", *_OF_ANY_FIGURE}
                customers.add(0)
            case ("markets", int(market)):
                subjects |= {"market_names", "channels", *_OF_ANY_FIGURE}
                customers.add(market)
            case ("markets", int(market), "customers"):
                customers.add(market)
            case ("markets", _, "name"):
                subjects.add("market_names")
            case ("markets", _, "channels", str(name), *rest):
                channels.add(name)
                subjects |= _decided(tuple(rest), problem.at_key)
            case ("markets", _, key) if problem.at_key or key == "channels":
                subjects |= {"channels", *_OF_ANY_FIGURE}
            case ("scenario", *_):
                subjects.add("scenario")
            case ("currency",) | ("usd_rate",):
                subjects.add("usd_rate")
            case (_,) if problem.at_key:
                subjects |= {"scenario", "usd_rate"}
    return Doubts(frozenset(subjects), frozenset(customers), frozenset(channels))


def _decided(rest: Path, at_key: bool) -> frozenset[str]:
    """Find what a figure of a channel decides, or the whole channel, or an unknown key in its place."""
    if not rest or (at_key and len(rest) == 1):
        return _OF_ANY_FIGURE
    return frozenset(_DECIDES.get(str(rest[0]), ()))
