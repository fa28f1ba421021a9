"""Registry of enterprises (TOML), and those of it that lie where an excess came from.

Errors::

    EnterpriseError    a registry that cannot be used; the message names entry, field and what is expected
"""

from __future__ import annotations

import tomllib
from functools import cache
from math import asin, degrees
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np
from msgspec import Meta

from analysis.case.case_file import Candidate
from analysis.statistics.limit import DATA
from schemas.geodesy import bearing_deg, great_circle_km
from schemas.parameter import load_parameters
from schemas.text_file import parse_toml
from schemas.words import words

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from analysis.case.case_file import Bearing
    from schemas.network import Station

RADIUS_KM = 20.0
"""Enterprises farther away are not named [km]; project choice."""
MOST_NAMED = 5
SIZE_KM = 0.5
"""Half the extent of an enterprise [km]: the edge of one may lie in a direction whose middle does not; project choice."""
_TABLE = "enterprise"
_LONGEST = {"name_zh": 100, "name_en": 100, "source": 500}
"""Characters of a text: names are shown in mails, pictures and tables; project choice."""


class EnterpriseError(ValueError):
    """A registry that cannot be used; the message names entry, field and what is expected."""


class EnterpriseKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of enterprise (``word.enterprise_kind``) and the kinds of source that it may be (``word.source_kind``)."""

    id: str
    sources: tuple[str, ...]

    def name(self, language: str) -> str:
        """Name in ``zh`` or ``en``."""
        return words(language, "word.enterprise_kind")(self.id)


class Enterprise(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One enterprise.

    Attributes
    ----------
    id : str
        ``[a-z0-9-]``, unique.
    name_zh, name_en : str
        One line of at most 100 characters.
    kind : str
        Id of an `EnterpriseKind`.
    latitude, longitude : float
        WGS-84 [deg].
    species : tuple of str
        What it emits, codes of the parameter registry; may be empty.
    height_m : float or None
        Of its highest outlet [m].
    source : str
        Where the entry comes from, one line of at most 500 characters.
    synthetic : bool
        True where the enterprise is invented.
    """

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}\Z")]
    name_zh: Annotated[str, Meta(min_length=1)]
    name_en: Annotated[str, Meta(min_length=1)]
    kind: str
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    species: tuple[str, ...] = ()
    height_m: Annotated[float, Meta(ge=0, le=1000)] | None = None
    source: str = ""
    synthetic: bool = False


class Registry(msgspec.Struct, frozen=True):
    """The enterprises of a registry, in the order of the file."""

    enterprises: tuple[Enterprise, ...]


class _KindFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: tuple[EnterpriseKind, ...]


@cache
def enterprise_kinds() -> Mapping[str, EnterpriseKind]:
    """Kinds of enterprises by id, ``data/enterprise_kinds.toml``.

    Examples
    --------
    >>> enterprise_kinds()["cement"].sources
    ('coal', 'dust')
    """
    read = msgspec.convert(tomllib.loads((DATA / "enterprise_kinds.toml").read_text(encoding="utf-8")), _KindFile)
    return {item.id: item for item in read.kind}


def parse_registry(text: str, name: str) -> Registry:
    r"""Read a registry strictly.

    Parameters
    ----------
    text : str
        TOML: tables ``[[enterprise]]`` with ``id, name_zh, name_en, kind, latitude, longitude`` and, optional, ``species``,
        ``height_m``, ``source``, ``synthetic``.
    name : str
        Of the file, for messages.

    Raises
    ------
    EnterpriseError
        Not TOML, another table, no enterprise, an unknown field, kind or parameter, a wrong type, a place out of range, a text
        that is blank, too long or not on one line, or an id twice.

    Examples
    --------
    >>> entry = 'id = "a"\nname_zh = "甲"\nname_en = "A"\nkind = "steel"\nlatitude = 41.8\nlongitude = 123.4'
    >>> parse_registry("[[enterprise]]\n" + entry, "enterprises.toml").enterprises[0].kind
    'steel'
    >>> parse_registry("[[enterprise]]\n" + entry.replace("41.8", "141.8"), "enterprises.toml")
    Traceback (most recent call last):
    ...
    analysis.case.registry.EnterpriseError: enterprises.toml: enterprise 1 ('a'): Expected `float` <= 90.0 - at `$.latitude`
    """
    try:
        read = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: not TOML: {error}"
        raise EnterpriseError(msg) from error
    entries = read.pop(_TABLE, None)
    if read or not isinstance(entries, list) or not entries:
        found = ", ".join(map(repr, read)) or "none"
        msg = f"{name}: expected one [[{_TABLE}]] or more and nothing else; other entries: {found}"
        raise EnterpriseError(msg)
    enterprises = tuple(
        _enterprise(entry, f"{name}: {_place(number, entry)}") for number, entry in enumerate(entries, 1)
    )
    _check_ids(enterprises, name)
    return Registry(enterprises)


def upwind(
    registry: Registry,
    station: Station,
    *,
    bearing: Bearing | None = None,
    in_place: Callable[[float, float], bool] | None = None,
    kinds: Collection[str] | None = None,
    radius_km: float = RADIUS_KM,
) -> tuple[Candidate, ...]:
    """Enterprises that lie where an excess came from: places to look, not an accusation.

    Parameters
    ----------
    registry : Registry
    station : Station
        Where the excess is; without coordinates nothing is named.
    bearing : Bearing or None
        Direction with its 90 % interval; None where none can be given.
    in_place : callable or None
        Whether a longitude and latitude [deg] lie in the 90 % region of the release; None where it cannot be located.
    kinds : collection of str or None
        Leading kinds of source (``word.source_kind``), or of enterprise; None or empty where none is named.
    radius_km : float
        [km]

    Returns
    -------
    tuple of Candidate
        At most `MOST_NAMED`: in the region of the place first, then those in the direction, of a kind that fits, and near. Empty
        where there is neither direction nor place, or nothing lies in them.

    Raises
    ------
    ValueError
        If ``radius_km`` is not above zero.

    Examples
    --------
    >>> from analysis.case.case_file import Bearing, Estimate
    >>> from schemas.network import Station
    >>> station = Station(id="ln-sy-01", instruments=(), lon=123.43, lat=41.80)
    >>> west = Bearing(from_deg=Estimate(value=270.0, low=250.0, high=290.0), chance=0.01, hours=9)
    >>> steel = Enterprise(id="a", name_zh="甲", name_en="A", kind="steel", latitude=41.80, longitude=123.33)
    >>> [(item.id, round(item.distance_km, 1), item.in_direction) for item in upwind(Registry((steel,)), station, bearing=west)]
    [('a', 8.3, True)]
    """
    if not radius_km > 0:
        msg = f"radius_km: expected a distance above 0 km, got {radius_km}"
        raise ValueError(msg)
    if (bearing is None and in_place is None) or station.lon is None or station.lat is None:
        return ()
    here = (station.lon, station.lat)
    near = [_candidate(item, here, bearing, in_place, kinds) for item in _within(registry, here, radius_km)]
    found = [item for item in near if item.in_direction or item.in_place]
    return tuple(sorted(found, key=_rank)[:MOST_NAMED])


def _within(registry: Registry, here: tuple[float, float], radius_km: float) -> list[Enterprise]:
    """Enterprises up to the radius; all distances at once, as a registry may have a hundred thousand entries."""
    places = np.array([(item.longitude, item.latitude) for item in registry.enterprises], dtype=float).reshape(-1, 2)
    lon, lat = np.broadcast_to(here, places.shape).T
    at = np.flatnonzero(great_circle_km(lon, lat, places[:, 0], places[:, 1]) <= radius_km)
    return [registry.enterprises[index] for index in at]


def _candidate(
    enterprise: Enterprise,
    here: tuple[float, float],
    bearing: Bearing | None,
    in_place: Callable[[float, float], bool] | None,
    kinds: Collection[str] | None,
) -> Candidate:
    places = (*here, enterprise.longitude, enterprise.latitude)
    distance, towards = float(great_circle_km(*places)), float(bearing_deg(*places))
    emits = {enterprise.kind, *enterprise_kinds()[enterprise.kind].sources}
    return Candidate(
        id=enterprise.id,
        name_zh=enterprise.name_zh,
        name_en=enterprise.name_en,
        kind=enterprise.kind,
        distance_km=round(distance, 2),
        bearing_deg=round(towards, 1),
        in_direction=None if bearing is None else _is_within(towards, distance, bearing),
        in_place=None if in_place is None else bool(in_place(enterprise.longitude, enterprise.latitude)),
        kind_fits=bool(emits & {*kinds}) if kinds else None,
    )


def _is_within(towards: float, distance_km: float, bearing: Bearing) -> bool:
    """Whether any of the enterprise lies in the interval of the bearing."""
    if distance_km <= SIZE_KM:
        return True
    edge = degrees(asin(SIZE_KM / distance_km))
    width = (bearing.from_deg.high - bearing.from_deg.low) % 360.0
    return (towards - bearing.from_deg.low + edge) % 360.0 <= min(width + 2 * edge, 360.0)


def _rank(candidate: Candidate) -> tuple[int, int, float, str]:
    where = 2 * bool(candidate.in_place) + bool(candidate.in_direction)
    return -where, -bool(candidate.kind_fits), candidate.distance_km, candidate.id


def _place(number: int, entry: object) -> str:
    name = entry.get("id") if isinstance(entry, dict) else None
    return f"enterprise {number} ({name!r})" if isinstance(name, str) else f"enterprise {number}"


def _enterprise(entry: object, place: str) -> Enterprise:
    try:
        enterprise = msgspec.convert(entry, Enterprise)
    except msgspec.ValidationError as error:
        hint = f"; the fields are {', '.join(Enterprise.__struct_fields__)}" if "unknown field" in str(error) else ""
        msg = f"{place}: {error}{hint}"
        raise EnterpriseError(msg) from error
    for fault in _faults(enterprise):
        msg = f"{place}: {fault}"
        raise EnterpriseError(msg)
    return enterprise


def _faults(enterprise: Enterprise) -> Iterator[str]:
    if enterprise.kind not in enterprise_kinds():
        yield f"kind: {enterprise.kind!r}, expected one of {', '.join(enterprise_kinds())}"
    for name in enterprise.species:
        if name not in load_parameters():
            yield f"species: {name!r} is no code of the parameters (schemas/parameters.csv)"
    for field, most in _LONGEST.items():
        text: str = getattr(enterprise, field)
        is_blank = field != "source" and not text.strip()
        # control signs act on a terminal and break the lines of a mail; marks of direction turn the text around a name
        if is_blank or not text.isprintable() or len(text) > most:
            yield f"{field}: {text[:80]!r}, expected one line of at most {most} characters"


def _check_ids(enterprises: tuple[Enterprise, ...], name: str) -> None:
    numbers: dict[str, int] = {}
    for number, enterprise in enumerate(enterprises, 1):
        if enterprise.id in numbers:
            msg = (
                f"{name}: enterprise {number}: id {enterprise.id!r} is that of enterprise {numbers[enterprise.id]} too"
            )
            raise EnterpriseError(msg)
        numbers[enterprise.id] = number
