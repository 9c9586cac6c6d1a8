"""The profile of a company, from which everything else starts."""

from __future__ import annotations

import hashlib
import json
import math
import os
import weakref
from pathlib import Path as FilePath
from typing import Any, Self

from pydantic import PrivateAttr, ValidationError, ValidationInfo, model_validator

from channelmix.core.errors import expect
from channelmix.profile.cells import Cell, lay_out
from channelmix.profile.checks.checks import find_problems
from channelmix.profile.evidence import Evidence, History
from channelmix.profile.faults import ProblemsError
from channelmix.profile.fields.fields import ProfileFields
from channelmix.profile.own_files import own_of
from channelmix.profile.reading.schema_json import known_schema
from channelmix.profile.reading.translate import translate
from channelmix.profile.source import read_document, read_file

OWN_FILES = ("evidence", "history")


_laid_out: dict[int, tuple[weakref.ref[Any], tuple[Cell, ...]]] = {}
"""The cells of profiles that are in use, which do not change, by their identity."""


class CompanyProfile(ProfileFields):
    """A company as the user describes it: its customers, channels, values and rules.

    Every amount is in the profile's currency per period. Read one with `from_file` or `from_json`, which
    list the faults with their places: those of the text first, then all of single fields, then all between valid
    fields. `model_validate` makes the same checks on Python's own types. Files that a profile names lie in its folder,
    which only `from_file` knows.
    """

    _own: Evidence | History | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _parts_agree(self, info: ValidationInfo) -> Self:
        if problems := find_problems(self):
            raise ProblemsError(problems)
        self._own = own_of(self, **(info.context or {}))
        return self

    @property
    def own(self) -> Evidence | History | None:
        """Contents of the profile's evidence or history file; None without one."""
        return self._own

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, read_files: bool = True) -> Self:
        """Read a profile from a JSON file of at most 10 MB in UTF-8.

        Parameters
        ----------
        path : str or path-like
        read_files : bool
            Whether to read the evidence or history file that it names, from its folder.

        Raises
        ------
        ProfileError
            If the file cannot be read or the profile is invalid; it lists the faults with line and column.
        """
        expect(path, "path", str, os.PathLike)
        return cls._read(
            read_file(path), os.fspath(path), folder=FilePath(path).parent, read_files=read_files
        )

    @classmethod
    def from_json(
        cls,
        text: str | bytes,
        *,
        source: str = "profile",
        folder: str | os.PathLike[str] | None = None,
        read_files: bool = True,
    ) -> Self:
        """Read a profile from JSON text, or from its bytes in UTF-8.

        Parameters
        ----------
        text : str or bytes
        source : str
            What messages call the text, such as the name of its file.
        folder : str or path-like, optional
            Folder of the files that it names; without one, a profile that names files is an error.
        read_files : bool
            Whether to read the files that it names.

        Raises
        ------
        ProfileError
            If the profile is invalid; it lists the faults with line and column.
        """
        expect(text, "text", str, bytes, remedy="model_validate reads Python's own types")
        home = None if folder is None else FilePath(folder)
        return cls._read(text, source, folder=home, read_files=read_files)

    @classmethod
    def _read(cls, text: str | bytes, source: str, **context: Any) -> Self:
        document = read_document(text, source)
        try:
            return cls.model_validate(document.value, context=context)
        except ValidationError as error:
            raise document.error(translate(error, document.value, known_schema())) from None

    def cells(self) -> tuple[Cell, ...]:
        """Split the company's figures over its markets, channels and purposes.

        Returns
        -------
        tuple of Cell
            Markets, then channels as they are written, then promotion, service and advocacy.
        """
        known = _laid_out.get(id(self))
        if known is None or known[0]() is not self:
            # With a thousand markets it takes a second, and a plan asks a dozen times.
            key = id(self)
            known = weakref.ref(self, lambda _: _laid_out.pop(key, None)), lay_out(self)
            _laid_out[key] = known
        return known[1]

    def with_budget(self, amount: float) -> Self:
        """Return this profile with another budget, in currency per period, and check it.

        Raises
        ------
        ProfileError
            If the amount is invalid.
        """
        return self.with_scenario("fixed_budget", amount=amount)

    def with_scenario(self, kind: str, **fields: float | None) -> Self:
        """Return this profile with another scenario, and check it.

        Parameters
        ----------
        kind : str
            Kind of scenario, such as ``target_outcome``.
        **fields : float or None
            The scenario's fields; None leaves one out.

        Raises
        ------
        ProfileError
            If there is no such scenario, or a field is invalid.
        """
        stated = {name: value for name, value in fields.items() if value is not None}
        return self._changed("profile with another scenario", scenario={"kind": kind, **stated})

    def without(self, *mechanisms: str) -> Self:
        """Return this profile with mechanisms of the published prior switched off, and check it.

        Parameters
        ----------
        *mechanisms : str
            ``word_of_mouth``, ``answer_on_time`` or ``fatigue``; those switched off before stay so.

        Raises
        ------
        ProfileError
            If there is no such mechanism.
        """
        switched_off = list(dict.fromkeys([*self.switched_off, *mechanisms]))
        return self._changed("profile without some mechanisms", switched_off=switched_off)

    def with_evidence(self, evidence: Evidence) -> Self:
        """Return this profile with other evidence, and check it.

        Raises
        ------
        ProfileError
            If the evidence is for other cells, in another currency or per another period.
        """
        expect(evidence, "evidence", Evidence, remedy="read it with Evidence.from_file or Evidence.from_json")
        return self._read(json.dumps(self._content()), "profile with other evidence", own=evidence)

    def _changed(self, source: str, **fields: Any) -> Self:
        return self._read(json.dumps(self._content() | fields), source, own=self.own)

    def _content(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def current_total(self) -> float:
        """Spend today over all cells, in currency per period."""
        return math.fsum(cell.current_spend for cell in self.cells())

    @property
    def budget(self) -> float:
        """The scenario's limit of total spend, or today's total spend without one; in currency per period."""
        limit = None if self.scenario is None else self.scenario.limit
        return self.current_total if limit is None else limit

    @property
    def sha256(self) -> str:
        """Hash of the profile's content, regardless of layout and of whether defaults are written.

        A file that the profile names counts by its content, whatever its name.
        """
        return self._digest(self._content())

    @property
    def company_sha256(self) -> str:
        """The same hash without the scenario, shared by plans for other budgets."""
        return self._digest({key: value for key, value in self._content().items() if key != "scenario"})

    def _digest(self, content: dict[str, Any]) -> str:
        if self.own is not None:
            content = {key: value for key, value in content.items() if key not in OWN_FILES}
            content["own"] = self.own.sha256
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
