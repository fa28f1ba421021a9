"""Constraints of a factorisation, from a file."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated

import msgspec

from analysis.receptor.pmf import PmfInputError, Pull
from schemas.text_file import parse_toml, read_text

if TYPE_CHECKING:
    from pathlib import Path


class PullEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table ``[[pull]]``: a value, or bounds.

    Attributes
    ----------
    factor : int
        From 1.
    at : str
        Species of the profile, or time of the contribution, as in the files.
    value, low, high : float or None
        Concentration for a species, relative to the mean for a contribution [1].
    """

    factor: int
    at: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


class ConstraintFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file.

    Attributes
    ----------
    most_growth : float
        Most the objective may grow [1].
    pull : tuple of PullEntry
    """

    most_growth: Annotated[float, msgspec.Meta(gt=0)]
    pull: Annotated[tuple[PullEntry, ...], msgspec.Meta(min_length=1)]


def read_constraints(path: Path) -> tuple[tuple[Pull, ...], float]:
    """Read pulls, and the most that the objective may grow [1].

    Parameters
    ----------
    path : Path
        TOML: ``most_growth`` and tables ``[[pull]]`` with ``factor``, ``at``, and ``value`` or ``low`` and ``high``.

    Raises
    ------
    PmfInputError
        If the file cannot be read or has another form; the message names the place.
    """
    try:
        found = msgspec.convert(parse_toml(read_text(path, PmfInputError)), ConstraintFile)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: {error}"
        raise PmfInputError(msg) from error
    return tuple(_pull(path, number, entry) for number, entry in enumerate(found.pull, 1)), found.most_growth


def _pull(path: Path, number: int, entry: PullEntry) -> Pull:
    if entry.value is not None and entry.low is None and entry.high is None:
        return Pull(factor=entry.factor, at=entry.at, low=entry.value, high=entry.value)
    if entry.value is None and entry.low is not None and entry.high is not None:
        return Pull(factor=entry.factor, at=entry.at, low=entry.low, high=entry.high)
    msg = f"{path}, pull {number}: value, or low and high, is needed"
    raise PmfInputError(msg)
