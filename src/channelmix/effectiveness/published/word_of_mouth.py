"""Word of mouth: how many people customers tell, how many of a market hear it, and its worth.

Exposures saturate at the market's size M: of e messages told at random, ``M * (1 - exp(-e / M))`` people hear one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from channelmix.core.arrays import Array
from channelmix.effectiveness.draws import Drawn
from channelmix.engine.response.families import Exponential, Family
from channelmix.profile import Cell, Telling


def people_told(telling: Telling, publicness: Array) -> Array:
    """People whom one unsatisfied customer tells: geometric interpolation between private and public."""
    private, public = np.log(telling.told_in_private), np.log(telling.told_if_not)
    return np.asarray(np.exp((1.0 - publicness) * private + publicness * public))


@dataclass(frozen=True, eq=False)
class Talk:
    """Effects of advocacy, if all useful contacts of a period are made; shape (n_draws,) each.

    Parameters
    ----------
    heard : ndarray
        Worth of the contacts themselves, in money per period.
    praise, criticism : ndarray
        Worth of the good and the bad word of mouth of those contacted, in money per period, not negative.
    rate : ndarray
        Spend that buys the useful contacts, above 0, in currency per period.
    """

    heard: Array
    praise: Array
    criticism: Array
    rate: Array

    @property
    def net(self) -> Array:
        """Worth of all of it; negative where contacts do more harm than good."""
        return self.heard + self.praise - self.criticism

    @property
    def harm(self) -> Family | None:
        """Loss where contacts do harm, which saturates as gains do; None where they never do."""
        lost = np.maximum(-self.net, 0.0)
        return Exponential(lost[:, np.newaxis], self.rate[:, np.newaxis]) if lost.any() else None

    def part(self, spend: float) -> Array:
        """Useful contacts made at a spend, as a share of all of them."""
        return np.asarray(-np.expm1(-spend / self.rate))


def talk(cell: Cell, drawn: Drawn, telling: Telling, useful: Array, rate: Array) -> Talk:
    """Compute the word of mouth of contacted customers.

    Parameters
    ----------
    cell : Cell
        Of purpose advocacy.
    drawn : Drawn
        Its quantities.
    telling : Telling
        How many people customers tell, and the worth of an exposure.
    useful : ndarray of shape (n_draws,)
        Useful contacts per period.
    rate : ndarray of shape (n_draws,)
        Spend that buys them, above 0.
    """
    market, value = cell.customers, drawn.stated("value_per_exposure")
    telling_anyone = drawn("response_rate") * useful / market
    satisfied = drawn("satisfied_share", "satisfied_share")
    praise = telling_anyone * satisfied * telling.told_if_satisfied
    criticism = telling_anyone * (1.0 - satisfied) * people_told(telling, drawn("publicness", "publicness"))
    reach = value * market
    return Talk(value * useful, -reach * np.expm1(-praise), -reach * np.expm1(-criticism), rate)
