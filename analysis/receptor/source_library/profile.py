"""Kinds of source with what they emit, by publication, and the rules of a comparison: ``data/source_profiles.toml``.

A kind has variants; a variant has parts (gas, voc, pm), each with the publication of its figures. Only ratios count: the masses of a
part are relative to each other, and to other parts by its ``scale``.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import TYPE_CHECKING, Literal

import msgspec

from analysis.statistics.limit import DATA
from schemas.message import NetworkCode
from schemas.parameter import load_parameters, parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

LIBRARY_PATH = DATA / "source_profiles.toml"
UNNAMED = "unnamed"
"""A source of no kind of the library."""
BACKGROUND = "background"
"""The usual air in greater quantity."""


class SourceLibraryError(ValueError):
    """The file of source profiles is wrong; the message names the place and what is needed."""


class LibraryRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Priors and thresholds of a comparison with the library; each is explained in the file."""

    source: str
    verified: bool
    unlisted_prior: float
    quiet_prior: float
    absent_share: float
    kind_absent_share: float
    outlier_share: float
    quiet_outlier_share: float
    incomplete: tuple[tuple[float, float], ...]
    spread_factor: float
    least_error: float
    temper: float
    accumulation_scale: float
    accumulation_spread: float
    accumulation_floor: float
    named_probability: float
    named_species: int
    factor_spread: float
    factor_outlier_share: float
    factor_named_probability: float
    factor_named_lead: float
    factor_named_score: float
    factor_sure_score: float
    factor_named_species: int


class Publication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where figures come from; ``read`` names the copy that was read, empty if none was."""

    id: str
    title: str
    link: str
    read: str


class ProfilePart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Species that were measured together.

    Attributes
    ----------
    name : {"gas", "voc", "pm"}
        A variant may have a part in several pieces, of different publications.
    mass : dict of str to float
        By registry species, relative to each other; ``nox`` as NO2.
    scale : float
        Brings ``mass`` to the common unit of the variant [1].
    spread, scale_spread : float
        Standard deviation of the logarithm of one species between sources, and of the whole part against other parts [1].
    verified : bool
        Whether the figures were read in a copy of the publication.
    """

    name: Literal["gas", "voc", "pm"]
    publication: str
    verified: bool
    unit: str
    scale: float
    scale_spread: float
    spread: float
    mass: dict[str, float]


class SourceProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One variant of a kind; ``primary``: it is emitted, not formed in the air or raised by the sea."""

    id: str
    kind: str
    part: tuple[ProfilePart, ...]
    primary: bool = True


class SourceLibrary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All profiles with the rules of a comparison."""

    rules: LibraryRules
    publication: tuple[Publication, ...]
    profile: tuple[SourceProfile, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """Ids of kinds (``word.source_kind``), each once, in the order of the file."""
        return tuple(dict.fromkeys(item.kind for item in self.profile))

    @property
    def species(self) -> tuple[str, ...]:
        """Registry species of all profiles, each once."""
        return tuple(dict.fromkeys(name for item in self.profile for part in item.part for name in part.mass))

    def groups(self, names: Iterable[str]) -> dict[str, str]:
        """Group of each species: that of the part that lists it, otherwise by the registry."""
        listed = {name: part.name for item in self.profile for part in item.part for name in part.mass}
        return {name: listed.get(name) or _registry_group(name) for name in names}

    def emitted(self) -> SourceLibrary:
        """The same without kinds that form in the air."""
        return msgspec.structs.replace(self, profile=tuple(item for item in self.profile if item.primary))


@cache
def load_library(path: Path = LIBRARY_PATH) -> SourceLibrary:
    """Read and check a file of source profiles, once.

    Parameters
    ----------
    path : Path
        TOML as ``analysis/data/source_profiles.toml``.

    Raises
    ------
    SourceLibraryError
        If a key is unknown or missing, a species is not in the registry, a publication is not listed, or a figure is not above zero.

    Examples
    --------
    >>> library = load_library()
    >>> "coal" in library.kinds, "vanadium" in library.species
    (True, True)
    """
    try:
        library = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), SourceLibrary)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        message = f"{path.name}: {error}"
        raise SourceLibraryError(message) from error
    faults = list(_faults(library))
    if faults:
        raise SourceLibraryError(f"{path.name}: " + "; ".join(faults))
    return library


def _registry_group(name: str) -> str:
    networks = parameter(name).networks
    return "voc" if NetworkCode.VOC in networks else "pm" if NetworkCode.PM in networks else "gas"


def _faults(library: SourceLibrary) -> Iterator[str]:
    known = load_parameters()
    publications = {item.id for item in library.publication}
    ids = [item.id for item in library.profile]
    yield from (f"profile {name} is there twice" for name in dict.fromkeys(ids) if ids.count(name) > 1)
    yield from (
        f"profile {profile.id}, part {part.name}: {fault}"
        for profile in library.profile
        for part in profile.part
        for fault in _part_faults(part, known, publications)
    )


def _part_faults(part: ProfilePart, known: Mapping[str, object], publications: set[str]) -> Iterator[str]:
    if part.publication not in publications:
        yield f"publication {part.publication} is not listed"
    yield from (f"{name} is not in the registry of parameters" for name in part.mass if name not in known)
    yield from (f"{name} = {value} has to be above 0" for name, value in part.mass.items() if not value > 0)
    if not min(part.scale, part.scale_spread, part.spread) > 0:
        yield "scale, scale_spread and spread have to be above 0"
    if not part.mass:
        yield "it needs at least one species"
