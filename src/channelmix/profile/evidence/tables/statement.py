"""Faults of what is stated about a table, such as a column that it does not have."""

from __future__ import annotations

from channelmix.core.errors import InputError


class StatementError(InputError):
    """Something that was stated about a table does not fit it.

    Parameters
    ----------
    message : str
    path : tuple of str or int
        Which statement, as in a profile's history: ``("controls", 0)``.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


def within(source: str, error: InputError) -> InputError:
    """Put the name of a table before a message.

    >>> within("h.csv", StatementError("no column sms", ("unpaid", 0))).path
    ('unpaid', 0)
    """
    message = f"{source}: {error}"
    return StatementError(message, error.path) if isinstance(error, StatementError) else InputError(message)
