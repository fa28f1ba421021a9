"""Checks of a network file beyond its types: consistency of its parts, plausible values."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from schemas.bounds import parse_zone
from schemas.moment import BoundsError, bounded_moment
from schemas.parameter import UnknownParameterError, parameter
from schemas.units import UnitError, conversion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from schemas.network import Hj212, Instrument, Network, Station

ALTITUDES_M = (-500.0, 9_000.0)
"""Of a station on the Earth [m]."""
_MINUTES = 2051
_CITY = re.compile(r"(?!(?:all|province)\Z)(?:\w[\w-]{0,47})?")
"""Nothing, or a code: part of file names and of keys of documents, where ``all`` and ``province`` are all stations."""


def faults(network: Network) -> Iterator[str]:
    """Place and expectation of everything that is wrong, in the order of the file."""
    try:
        parse_zone(network.zone)
    except BoundsError as error:
        yield f"zone: {error}"
    seen: set[str] = set()
    for position, station in enumerate(network.station_list):
        place = f"station[{position}] ({station.id})"
        if station.id in seen:
            yield f"{place}: id is used twice"
        seen.add(station.id)
        yield from _station_faults(station, place)
    yield from _device_faults(network)
    if not network.station_list:
        yield "station: none, expected at least one"


def _station_faults(station: Station, place: str) -> Iterator[str]:
    yield from _text_faults(place, name_zh=station.name_zh, name_en=station.name_en, city=station.city)
    yield from _city_faults(place, station.city)
    low, high = ALTITUDES_M
    if station.altitude_m is not None and not low <= station.altitude_m <= high:
        yield f"{place}.altitude_m: {station.altitude_m}, expected {low:g} to {high:g}"
    for name, degrees in (("lon", station.lon), ("lat", station.lat)):
        if degrees is not None and not math.isfinite(degrees):
            yield f"{place}.{name}: {degrees}, expected degrees"
    if (station.lon is None) != (station.lat is None):
        given, absent = ("lat", "lon") if station.lon is None else ("lon", "lat")
        yield f"{place}.{absent}: absent although {given} is given, expected both or none"
    for twice in _twice(item.id for item in station.instruments):
        yield f"{place}.instrument ({twice}): id is used twice at this station"
    for instrument in station.instruments:
        yield from _instrument_faults(instrument, f"{place}.instrument ({instrument.id})")
    if not station.instruments:
        yield f"{place}.instrument: none, expected at least one"


def _city_faults(place: str, city: str) -> Iterator[str]:
    if not _CITY.fullmatch(city):
        yield f"{place}.city: {city[:80]!r}, expected a code of GB/T 2260, as 210100"


def _instrument_faults(instrument: Instrument, place: str) -> Iterator[str]:
    yield from _text_faults(place, model=instrument.model, serial=instrument.serial)
    for code in instrument.parameters:
        try:
            known = parameter(code)
        except UnknownParameterError as error:
            yield f"{place}.parameters: {error}"
            continue
        if instrument.network not in known.networks:
            yield f"{place}.parameters: {code!r} is not a parameter of network {instrument.network}"
    for twice in _twice(instrument.parameters):
        yield f"{place}.parameters: {twice!r} is named twice"
    yield from _service_faults(instrument.since, instrument.until, place)
    if instrument.hj212 is not None:
        yield from _hj212_faults(instrument, instrument.hj212, f"{place}.hj212")
    if not instrument.parameters:
        yield f"{place}.parameters: none, expected at least one"


def _service_faults(since: datetime | None, until: datetime | None, place: str) -> Iterator[str]:
    bounds = {}
    for name, moment in (("since", since), ("until", until)):
        if moment is None:
            continue
        if moment.tzinfo is None:
            yield f"{place}.{name}: {moment.isoformat()} has no offset, expected one, as {moment.isoformat()}+08:00"
            continue
        try:
            bounds[name] = bounded_moment(moment)
        except BoundsError as error:
            yield f"{place}.{name}: {error}"
    if len(bounds) == 2 and bounds["until"] <= bounds["since"]:  # noqa: PLR2004 - both
        yield f"{place}.until: {bounds['until'].isoformat()}, expected after since, {bounds['since'].isoformat()}"


def _hj212_faults(instrument: Instrument, hj212: Hj212, place: str) -> Iterator[str]:
    if hj212.cn == _MINUTES and hj212.minute_interval is None:
        yield f"{place}: cn = {_MINUTES} needs minute_interval, the length of the minute data"
    targets = [item.parameter for item in hj212.factors.values()]
    for code, factor in hj212.factors.items():
        where = f"{place}.factors.{code}"
        if factor.parameter not in instrument.parameters or targets.count(factor.parameter) > 1:
            yield f"{where}: parameter {factor.parameter!r} has to be one of the instrument's, and no other factor's"
            continue
        try:
            conversion(factor.unit, parameter(factor.parameter))
        except UnitError as error:
            yield f"{where}: {error}"
    # a device's codes are the same in small and capital letters
    ignored = {code.casefold() for code in hj212.ignore}
    for code in hj212.factors:
        if code.casefold() in ignored:
            yield f"{place}.factors.{code}: is also to be ignored"
    for twice in _twice(code.casefold() for code in hj212.factors):
        yield f"{place}.factors: {twice!r} is named twice, in small and capital letters"


def _device_faults(network: Network) -> Iterator[str]:
    """A device belongs to one station, has one password, and each of its factors belongs to one instrument."""
    owners: dict[str, tuple[str, str, bool]] = {}
    taken: set[tuple[str, int, str]] = set()
    for (station_id, instrument_id), instrument in network.instruments.items():
        hj212 = instrument.hj212
        if hj212 is None:
            continue
        place = f"station {station_id}.instrument ({instrument_id}).hj212"
        owner = (station_id, hj212.password, hj212.tolerant_crc)
        if owners.setdefault(hj212.mn, owner) != owner:
            yield f"{place}: mn {hj212.mn!r} is used elsewhere with another station, password or tolerant_crc"
        codes = {(hj212.mn, hj212.cn, code) for code in (*map(str.casefold, hj212.factors), *instrument.parameters)}
        if codes & taken:
            yield f"{place}: {min(codes & taken)[2]!r} of mn {hj212.mn!r} already goes to another instrument"
        taken |= codes


def _text_faults(place: str, **texts: str) -> Iterator[str]:
    for name, text in texts.items():
        if not text.isprintable():
            yield f"{place}.{name}: {text[:80]!r}, expected text on one line"


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]  # adding says nothing
