"""Which parameters belong together in chemistry: ``data/event_families.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.statistics.limit import DATA
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NO_CONCENTRATION = frozenset({"met", "eco", "rad"})


class EventFamily(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters that rise together for a reason.

    Attributes
    ----------
    parameters, groups : tuple of str
        Registry codes, and groups of the registry of which all parameters are members.
    falls : tuple of str
        Parameters that fall while the others rise.
    """

    id: str
    reason: str
    verified: bool
    parameters: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    falls: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    family: tuple[EventFamily, ...]


@cache
def families() -> tuple[EventFamily, ...]:
    """The families, groups resolved to their parameters.

    Raises
    ------
    ValueError
        If a family names a parameter or a group that the registry does not have.

    Examples
    --------
    >>> next(item.falls for item in families() if item.id == "photochemistry")
    ('no', 'no2', 'nox')
    """
    read = msgspec.convert(tomllib.loads((DATA / "event_families.toml").read_text(encoding="utf-8")), _File)
    return tuple(_resolved(item) for item in read.family)


@cache
def linked(first: str, second: str) -> bool:
    """Whether rises of two parameters belong together in chemistry; a parameter belongs to itself.

    Parameters
    ----------
    first, second : str
        Registry codes; an unknown one belongs to nothing but itself.

    Examples
    --------
    >>> linked("so2", "sulfate"), linked("ch4", "ethane"), linked("ch4", "sulfate")
    (True, True, False)
    """
    return first == second or any(first in item and second in item for item in _members())


@cache
def falls_with(fallen: str, risen: str) -> bool:
    """Whether one parameter falls while another one rises.

    Examples
    --------
    >>> falls_with("no2", "o3"), falls_with("o3", "no2")
    (True, False)
    """
    return any(fallen in item.falls and risen in item.parameters for item in families())


@cache
def falling() -> frozenset[str]:
    """Parameters whose falls are looked for."""
    return frozenset(name for item in families() for name in item.falls)


@cache
def watched() -> frozenset[str]:
    """Parameters whose rises are looked for: concentrations, and the dose rate.

    Examples
    --------
    >>> "pm25" in watched(), "temperature" in watched()
    (True, False)
    """
    pollutants = (code for code, item in load_parameters().items() if str(item.group) not in _NO_CONCENTRATION)
    return frozenset({*pollutants, "gamma_dose_rate"} - {"h2o"})


def link_table(parameters: Sequence[str], signs: Sequence[bool]) -> NDArray[np.bool_]:
    """Which kinds of rise belong together, as a symmetric matrix.

    Parameters
    ----------
    parameters : sequence of str, length n
    signs : sequence of bool, length n
        True where the kind is a fall.

    Returns
    -------
    array of bool, (n, n)
    """
    kinds = tuple(zip(parameters, signs, strict=True))
    return np.array([[_kinds_linked(*a, *b) for b in kinds] for a in kinds], dtype=bool).reshape(len(kinds), len(kinds))


def _kinds_linked(first: str, first_falls: bool, second: str, second_falls: bool) -> bool:  # noqa: FBT001 - pairs
    if first_falls == second_falls:
        return linked(first, second) if not first_falls else first == second
    fallen, risen = (first, second) if first_falls else (second, first)
    return falls_with(fallen, risen)


@cache
def _members() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(item.parameters) for item in families())


def _resolved(family: EventFamily) -> EventFamily:
    known = load_parameters()
    groups = {str(item.group) for item in known.values()}
    for name in (*family.parameters, *family.falls):
        if name not in known:
            msg = f"event_families.toml: family {family.id!r}: unknown parameter {name!r}"
            raise ValueError(msg)
    for group in family.groups:
        if group not in groups:
            msg = f"event_families.toml: family {family.id!r}: unknown group {group!r}; known: {', '.join(sorted(groups))}"
            raise ValueError(msg)
    of_groups = (code for code, item in known.items() if str(item.group) in family.groups)
    return msgspec.structs.replace(family, parameters=tuple(dict.fromkeys((*family.parameters, *of_groups))))
