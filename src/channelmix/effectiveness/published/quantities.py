"""Quantities that cells' curves depend on, and the profile's fields that replace them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from channelmix.profile import Cell, is_incremental

OF_PEOPLE = frozenset({"satisfied_share", "tells_if_satisfied", "tells_if_not"})
"""Quantities that are traits of the company's customers, whatever channel they use."""

OF_COMPANY = OF_PEOPLE.union(
    ("incremental_factor", "orders_per_click", "late_worth"),
    ("contact_pressure", "margin_share", "purchases_per_year"),
)
"""Quantities that are drawn once for the whole company: how it counts orders, what its site makes of a visit, what its
customers would give for an answer on time, how many contacts they bear and how much they buy are the same for all
channels."""

ORDERS = ("conversion_rate", "response_rate", "orders_per_click", "incremental_factor")
"""Quantities that make orders of contacts."""

_ANSWERS = ("service_share", "resolution", "on_time_share")

SHARES = OF_PEOPLE.union(
    ORDERS,
    _ANSWERS,
    (
        "contact_pressure",
        "lasting_part",
        "late_worth",
        "margin_share",
        "opt_out_per_message",
        "opt_out_per_message_cold",
        "orders_per_contact",
        "penetration",
        "publicness",
    ),
)
"""Quantities that cannot exceed 1."""

ON_PHONES = frozenset({"sms", "im", "app"})
"""Built-in channels that reach people on a mobile phone."""

TIRING = frozenset({"sms", "im"})
"""Built-in channels with published opt-out rates. Promotion in the app buys users, and messages to today's users are
free; for social media no figure was found."""

BY_CLICK = frozenset({"social", "app"})
"""Built-in channels whose published rates are of clicks or opens, not of orders."""

_CLICKS = ("response_rate", "orders_per_click", "incremental_factor")
_CONTACTS = ("cost_per_contact", "saturation_frequency")
_AT_USUAL_PRICES = (*_CONTACTS, "usual_contacts")
_MESSAGES = (*_CONTACTS, "conversion_rate", "incremental_factor")
_USERS = ("cost_per_retained_user", "months_retained", "saturation_frequency")
_SERVICE = ("cost_per_contact", *_ANSWERS, "load_variation")

QUANTITIES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("social", "promotion"): (*_AT_USUAL_PRICES, *_CLICKS, "margin_share"),
    ("sms", "promotion"): _MESSAGES,
    ("im", "promotion"): _MESSAGES,
    ("app", "promotion"): (*_USERS, *_CLICKS, "purchases_per_year", "lasting_part"),
    ("social", "service"): _SERVICE,
    ("sms", "service"): (*_SERVICE, "agent_cost_per_contact"),
    ("im", "service"): _SERVICE,
    ("app", "service"): _SERVICE,
    ("social", "advocacy"): _CONTACTS,
    ("sms", "advocacy"): _CONTACTS,
    ("im", "advocacy"): _CONTACTS,
    ("app", "advocacy"): _USERS,
}
"""Quantities of the curve of each built-in channel and purpose, whatever mechanisms are counted."""

GENERIC: Mapping[str, tuple[str, ...]] = {
    "promotion": ("incremental_factor",),
    "service": ("on_time_share", "load_variation"),
}
"""Quantities of a custom channel that states its other figures itself."""

STATED: Mapping[str, tuple[str, ...]] = {
    "cost_per_contact": ("cost_per_contact", "cost_per_retained_user", "agent_cost_per_contact"),
    "contacts_per_customer": ("saturation_frequency",),
    "opt_out_per_contact": ("opt_out_per_message", "opt_out_per_message_cold"),
    "value_per_consent": ("months_consented",),
    "resolution_share": ("resolution",),
    "on_time_share": ("on_time_share",),
    "service_share": ("service_share",),
    "publicness": ("publicness",),
    "orders_per_click": ("orders_per_click",),
    "order_value": ("margin_share",),
    "purchases_per_year": ("purchases_per_year",),
}
"""Published quantities that are not needed where the profile states a figure, by the profile's field."""


def wanted(cell: Cell) -> list[str]:
    """Quantities that the cell's curve and charge need and its profile does not state."""
    stated = {q for field, names in STATED.items() if getattr(cell, field) is not None for q in names}
    if cell.purpose == "promotion":
        stated.update(_of_stated_orders(cell))
        # What is published of social media holds at usual prices and frequencies, whatever the company's own are; of
        # pushes at their usual number.
        stated -= {"social": set(_CONTACTS), "app": {"saturation_frequency"}}.get(cell.basis or "", set())
    if cell.word_of_mouth is not None and cell.word_of_mouth.satisfied_share is not None:
        stated.add("satisfied_share")
    names = [
        *QUANTITIES.get((cell.basis or "", cell.purpose), GENERIC.get(cell.purpose, ())),
        *_of_mechanisms(cell),
    ]
    if cell.penetration is None and cell.basis in ON_PHONES and cell.purpose != "service":
        names.append("penetration")
    return [name for name in names if name not in stated]


def opt_out_of(cell: Cell) -> str:
    """Return the quantity by which people opt out of a cell's promotion: of a list that never bought, many more do."""
    cold = cell.audience == "cold" and cell.basis in TIRING
    return "opt_out_per_message_cold" if cold else "opt_out_per_message"


def _of_stated_orders(cell: Cell) -> Sequence[str]:
    """Quantities that stated rates of orders replace; those that are attributed are still discounted."""
    if cell.orders_per_contact is not None:
        if is_incremental(cell.orders_per_contact):
            return (*ORDERS, "lasting_part")
        return [name for name in ORDERS if name != "incremental_factor"]
    by_click = cell.basis in BY_CLICK and is_incremental(cell.orders_per_click)
    return ("incremental_factor",) if by_click else ()


def _of_mechanisms(cell: Cell) -> Sequence[str]:
    """Further quantities for word of mouth, timely answers and fatigue."""
    if cell.purpose == "promotion":
        pressed = ("contact_pressure",) if cell.others and cell.contacts_per_customer is None else ()
        tires = cell.basis in TIRING or cell.opt_out_per_contact is not None
        return (*pressed, opt_out_of(cell), "months_consented") if cell.fatigue and tires else pressed
    if cell.purpose == "advocacy":
        return ("publicness", "response_rate", "satisfied_share") if cell.word_of_mouth else ()
    told = ("publicness", "tells_if_not", "tells_if_satisfied") if cell.word_of_mouth else ()
    return (*told, "late_worth") if cell.answer_on_time else told
