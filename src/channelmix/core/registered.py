"""Classes that register themselves by a kind, so that no list of them is kept by hand."""

from __future__ import annotations

from typing import Any, ClassVar, Self


class Registered:
    """Base of classes that are found by their kind.

    A class registers itself when it is defined, ``class GroupShare(Constraint, kind="group_share")``; without a kind it
    is only a base of others. Two classes of one kind are an error.
    """

    kind: ClassVar[str]
    """The class's name in JSON and messages."""
    _known: ClassVar[dict[str, type[Any]]] = {}

    def __init_subclass__(cls, *, kind: str | None = None) -> None:
        super().__init_subclass__()
        if kind is not None:
            cls.kind = kind
            cls.register()

    @classmethod
    def registered(cls) -> dict[str, type[Self]]:
        """Return this class and its subclasses that have a kind, by kind, in the order of their definition."""
        return {kind: one for kind, one in cls._known.items() if issubclass(one, cls)}

    @classmethod
    def register(cls) -> None:
        """Put the class into the registry, as its definition does."""
        other = cls._known.setdefault(cls.kind, cls)
        if other is not cls:
            raise TypeError(f'{other.__name__} and {cls.__name__} are both of the kind "{cls.kind}"')

    @classmethod
    def unregister(cls) -> None:
        """Take the class out of the registry, as tests do with classes of their own."""
        del cls._known[cls.kind]
