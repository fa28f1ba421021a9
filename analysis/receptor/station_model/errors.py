"""Detection limits, relative errors and rules of a station's factorisation: ``data/receptor_errors.toml``, read strictly."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Literal

import msgspec

from analysis.receptor.pmf import PmfInputError
from analysis.statistics.limit import DATA
from schemas.parameter import load_parameters
from schemas.text_file import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ERRORS_PATH = DATA / "receptor_errors.toml"
FactorNetwork = Literal["voc", "pm"]
"""Networks whose species are factorised."""


class ModelRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Thresholds of a factorisation; each is explained in the file."""

    source: str
    verified: bool
    least_hours: int
    least_days: int
    least_species: int
    valid_share: float
    hour_share: float
    weak_signal: float
    least_signal: float
    fewest_factors: int
    most_factors: int
    least_gain: float
    least_reproduced: float
    profile_error: float
    mass_error: float


class GroupError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of all species of some groups of the registry, in the registry's unit."""

    groups: tuple[str, ...]
    network: FactorNetwork
    detection_limit: float
    relative_error: float
    verified: bool


class SpeciesError(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures of one species, in the registry's unit."""

    species: str
    detection_limit: float
    relative_error: float
    verified: bool


class SameSpecies(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Measurements of one substance, the preferred one first."""

    species: tuple[str, ...]


class ErrorRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    rules: ModelRules
    group: tuple[GroupError, ...]
    species: tuple[SpeciesError, ...] = ()
    same: tuple[SameSpecies, ...] = ()

    def figures(self, network: str, names: Iterable[str]) -> dict[str, SpeciesError]:
        """Figures of those of the species that can take part, in their order."""
        own = {item.species: item for item in self.species}
        by_group = {name: item for item in self.group if item.network == network for name in item.groups}
        known = load_parameters()
        found = {}
        for name in names:
            group = by_group.get(known[name].group) if name in known else None
            if group is not None:
                found[name] = own.get(name) or SpeciesError(
                    species=name,
                    detection_limit=group.detection_limit,
                    relative_error=group.relative_error,
                    verified=group.verified,
                )
        return found


def parse_error_rules(text: str, place: str = ERRORS_PATH.name) -> ErrorRules:
    """Rules of the text of a TOML file.

    Parameters
    ----------
    text : str
    place : str
        Name of the file in messages.

    Raises
    ------
    PmfInputError
        If a key is unknown or missing, a species is not in the registry, or a figure is out of range; the message names the place.

    Examples
    --------
    >>> rules = parse_error_rules(ERRORS_PATH.read_text(encoding="utf-8"))
    >>> rules.figures("pm", ["iron", "pm25"])["iron"].detection_limit
    0.001
    """
    try:
        rules = msgspec.convert(parse_toml(text), ErrorRules)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        message = f"{place}: {error}"
        raise PmfInputError(message) from error
    if faults := list(_faults(rules)):
        raise PmfInputError(f"{place}: " + "; ".join(faults))
    return rules


def _faults(rules: ErrorRules) -> Iterator[str]:
    known = load_parameters()
    for item in rules.species:
        if item.species not in known:
            yield f"species {item.species} is not in the registry of parameters"
    groups = [(", ".join(one.groups), one.detection_limit, one.relative_error) for one in rules.group]
    single = [(one.species, one.detection_limit, one.relative_error) for one in rules.species]
    for name, limit, error in (*groups, *single):
        if not (limit > 0 and error > 0):
            yield f"{name}: detection_limit and relative_error have to be above 0"
    if not 1 <= rules.rules.fewest_factors <= rules.rules.most_factors:
        yield "fewest_factors has to be 1 or more, and at most most_factors"
