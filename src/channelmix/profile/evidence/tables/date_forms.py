"""The forms in which one date is written, and the days that it can mean by the order of day, month and year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime

ORDERS = {"dmy": "day{0}month{0}year", "mdy": "month{0}day{0}year", "ymd": "year{0}month{0}day"}
"""Orders of day, month and year, and how they are said with a separator."""

Days = Mapping[str, date]
"""The day that a text means by each order in which it is a date."""

_MONTHS = (
    "january janvier januar",
    "february fevrier februar",
    "march mars marz mrz maerz",
    "april avril",
    "may mai",
    "june juin juni",
    "july juillet juli",
    "august aout",
    "september septembre",
    "october octobre oktober",
    "november novembre",
    "december decembre dezember",
)
_WEEKDAY = (
    "mon(day)? tue(s|sday)? wed(nesday)? thu(rs|rsday)? fri(day)? sat(urday)? sun(day)?"
    " lun(di)? mar(di)? mer(credi)? jeu(di)? ven(dredi)? sam(edi)? dim(anche)?"
    " mo(ntag)? di(enstag)? mi(ttwoch)? do(nnerstag)? fr(eitag)? sa(mstag)? so(nntag)?"
)
_BEFORE = re.compile(
    rf"(?:{_WEEKDAY.replace('(', '(?:').replace(' ', '|')})[.,]*\s+(?=.*\d.*\d)", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(?:T|\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?:\s*([AP])\.?M\.?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?"
)
_MONTH_NAME = re.compile(r"([^\W\d_]{3,})\.?")
_SHORT = re.compile(r"(?:(\d{2})([-/ .'\u2019]+))?([^\W\d_]{3,}\.?)(?:([-/ .'\u2019]+)(\d{2}))?")
_FROM_TO = re.compile(r"\s+(?:-|to|bis|au|until)\s+|\s*[\u2013\u2014]\s*|(?<=-\d\d)/(?=\d{4}-)")


def days_of(text: str) -> Days:
    """The days that a text without a time of day can mean; empty where it is no date.

    >>> {order: str(day) for order, day in days_of("03/04/2024").items()}
    {'dmy': '2024-04-03', 'mdy': '2024-03-04'}
    >>> {str(day) for day in days_of("2 Jan 2024").values()}
    {'2024-01-02'}
    """
    for pattern, read in _FORMS:
        if match := pattern.fullmatch(text.strip()):
            return read(match)
    return {}


def first_of(text: str) -> tuple[str, str | None]:
    """First date of a range, and its last; None where the text is no range.

    >>> first_of("2023-01-02 - 2023-01-08"), first_of("2023-01-02/2023-01-08"), first_of("2023-01-02")
    (('2023-01-02', '2023-01-08'), ('2023-01-02', '2023-01-08'), ('2023-01-02', None))
    """
    parts = _FROM_TO.split(text.strip())
    return (parts[0], parts[1]) if len(parts) == 2 else (text, None)


def without_clock(text: str) -> tuple[str, str, str]:
    """Date, time of day such as ``08:00:00``, and zone; the latter two empty where the text has none.

    >>> without_clock("1/31/2024 12:30 PM"), without_clock("2024-01-31T00:00:00Z"), without_clock("2024-01")
    (('1/31/2024', '12:30:00', ''), ('2024-01-31', '00:00:00', 'Z'), ('2024-01', '', ''))
    """
    match = _CLOCK.search(text)
    if match is None or match.end() < len(text.rstrip()):
        return text, "", ""
    hour, minute, second, half, zone = match.groups()
    hours = int(hour) % 12 + 12 * (half in ("P", "p")) if half else int(hour)
    return text[: match.start()], f"{hours:02d}:{minute}:{second or '00'}", zone or ""


def shape_of(text: str) -> str:
    """How a date is written, whichever it is: dates of several shapes in a column come from several hands.

    >>> shape_of("31/01/2024") == shape_of("1/2/2024"), shape_of("31/01/2024") == shape_of("2024-01-31")
    (True, False)
    """
    plain = re.sub(
        r"(?<=\d)(?:st|nd|rd|th|er|e|\u00e8me)\b|(?<=[^\W\d_])\.",
        "",
        text.strip().replace("-W", "W"),
        flags=re.IGNORECASE,
    )
    return re.sub(r"\d{1,2}", "d", re.sub(r"\d{3,}", "y", re.sub(r"[^\W\d_]+", "W", plain)))


def short_of(text: str) -> tuple[str, str, str, bool] | None:
    """Parts of a name of a month beside one number that may be its day or its year; None where a text is none.

    Returns
    -------
    tuple of (str, str, str, bool) or None
        Name, what separates, number, and whether the number comes first.

    >>> short_of("Jan-21"), short_of("21 janv."), short_of("Jan-2021"), short_of("week-21")
    (('Jan', '-', '21', False), ('janv.', ' ', '21', True), None, None)
    """
    match = _SHORT.fullmatch(text.strip())
    if match is None:
        return None
    before, left, name, right, after = match.groups()
    if (before is None) == (after is None) or not _named_month(name.rstrip(".")):
        return None
    return name, right or left or "", before or after, before is not None


def day_by_format(text: str, form: str) -> Days:
    """The day that a text means by a format such as ``%d/%m/%Y``; empty where it is not written so.

    Names of months may be English, French or German.

    >>> {str(day) for day in day_by_format("f\u00e9vr.-21", "%b-%y").values()}
    {'2021-02-01'}
    """
    if "%b" in form or "%B" in form:
        text = _MONTH_NAME.sub(_in_english("%B" in form), text)
    try:
        return dict.fromkeys(ORDERS, datetime.strptime(text, form).date())
    except ValueError:
        return {}


def _in_english(whole: bool) -> Callable[[re.Match[str]], str]:
    """Replace a name of a month by the English one, `whole` or of three letters; other words stay."""

    def name(match: re.Match[str]) -> str:
        month = _named_month(match[1])
        english = _MONTHS[month - 1].split()[0] if month else ""
        return (english if whole else english[:3]) or match[0]

    return name


def _certain(year: int, month: int, day: int) -> Days:
    try:
        return dict.fromkeys(ORDERS, date(year, month, day))
    except ValueError:
        return {}


def _century(year: str) -> int:
    return int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)


def _triple(match: re.Match[str]) -> Days:
    """Three numbers of at most two digits, or of which the last has four."""
    first, _, second, third = match.groups()
    wanted = {"dmy": (third, second, first), "mdy": (third, first, second)}
    if len(third) == 2:
        wanted["ymd"] = (first, second, third)
    found = {}
    for order, (year, month, day) in wanted.items():
        if days := _certain(_century(year.zfill(2)), int(month), int(day)):
            found[order] = days[order]
    return found


def _named_month(word: str) -> int:
    """Number of the month that a word begins the name of, in English, French or German; 0 where it is not one."""
    plain = "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))
    if len(plain) < 3:
        return 0
    found = [i for i, names in enumerate(_MONTHS, start=1) if any(n.startswith(plain) for n in names.split())]
    return found[0] if len(found) == 1 else 0


def _named(year: str, month: str, day: str) -> Days:
    return _certain(_century(year), _named_month(month), int(day))


def _week(year: str, week: str, day: str | None) -> Days:
    try:
        return dict.fromkeys(ORDERS, date.fromisocalendar(int(year), int(week), int(day or 1)))
    except ValueError:
        return {}


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Days]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), read)
    for pattern, read in (
        (
            rf"(?:{_BEFORE.pattern})?(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}})",
            lambda m: _certain(int(m[1]), int(m[3]), int(m[4])),
        ),
        (r"(\d{4})[-/.](\d{1,2})", lambda m: _certain(int(m[1]), int(m[2]), 1)),
        (r"(\d{1,2})[-/.](\d{4})", lambda m: _certain(int(m[2]), int(m[1]), 1)),
        (rf"(?:{_BEFORE.pattern})?(\d{{1,2}})([-/. ])(\d{{1,2}})\2(\d{{4}}|\d{{2}})", _triple),
        (r"(\d{4})[- ]?W(\d{1,2})(?:-?([1-7]))?", lambda m: _week(m[1], m[2], m[3])),
        (
            r"(?:KW|CW|W|Week|Wk|Woche|Kalenderwoche|Semaine|Sem)\.? ?(\d{1,2})(?:[ /-]+|, ?)(\d{4})",
            lambda m: _week(m[2], m[1], None),
        ),
        (r"(\d{4})[- ]?Q([1-4])", lambda m: _certain(int(m[1]), 3 * int(m[2]) - 2, 1)),
        (
            r"(?:Q|T|Quarter |Quartal |Trimestre )([1-4])(?:[ /-]+|, ?)(\d{4})",
            lambda m: _certain(int(m[2]), 3 * int(m[1]) - 2, 1),
        ),
        (
            r"([1-4])(?:\.|st|nd|rd|th|er|e|\u00e8me)? ?(?:Q|Quarter|Quartal|Trimestre)[ /-]+(\d{4})",
            lambda m: _certain(int(m[2]), 3 * int(m[1]) - 2, 1),
        ),
        (
            rf"(?:{_BEFORE.pattern})?(\d{{1,2}})(?:st|nd|rd|th|er|\.)?[ -]+([^\W\d_]+)[., -]+(\d{{4}}|\d{{2}})",
            lambda m: _named(m[3], m[2], m[1]),
        ),
        (
            rf"(?:{_BEFORE.pattern})?([^\W\d_]+)\.? +(\d{{1,2}})(?:st|nd|rd|th)?,? +(\d{{4}})",
            lambda m: _named(m[3], m[1], m[2]),
        ),
        (r"([^\W\d_]{3,})[., -]+(\d{4})", lambda m: _named(m[2], m[1], "1")),
        (r"(\d{4})[ -]+([^\W\d_]{3,})\.?", lambda m: _named(m[1], m[2], "1")),
    )
)
