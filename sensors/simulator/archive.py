"""Hourly values of the time before a staged province, as stations bring them along from the system that they reported to.

Each archived instrument is one of its own in the network file, with a cadence of an hour, and in service until the others begin. Its values
are those that the same air gives: history, staged time and what goes on are one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from schemas.message import NetworkCode
from sensors.simulator.faults import faulty_stations
from sensors.simulator.layout import PLUME_TARGET, kind_of, kinds
from sensors.simulator.series import simulate_instrument
from sensors.simulator.story import PLUME_TARGET_NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from schemas.network import Instrument, Station
    from sensors.simulator.world import Site

    Field = NDArray[np.float64]

HOUR_S = 3600
PER_MESSAGE = 168
"""Readings of a message: a week of hours, well within the largest message."""
_AIR = frozenset({NetworkCode.GAS, NetworkCode.VOC, NetworkCode.PM, NetworkCode.GHG, NetworkCode.MET})
_DAY = timedelta(days=1)


def with_archive(
    stations: Iterable[Station], park: Iterable[Station], span: tuple[datetime, datetime], end: datetime
) -> tuple[Station, ...]:
    """Stations with their archived instruments; the later ones begin where these end.

    The stations with gases have an archive of gases and weather. Those of the park's city, those that a plume is aimed at, and those with a faulty
    instrument have one of all that they measure of the air.

    Parameters
    ----------
    stations : iterable of Station
        All of the province.
    park : iterable of Station
        Those of the park.
    span : (datetime, datetime)
        Of the archive, UTC.
    end : datetime
        Of the province; the late window of the stations reaches from there to the begin of the archive.
    """
    late_h = int((end + _DAY - span[0]) / timedelta(hours=1))
    whole = {PLUME_TARGET, PLUME_TARGET_NOW, *faulty_stations()}
    cities = {item.city for item in park}
    return tuple(_extended(item, span, late_h, is_whole=item.id in whole or item.city in cities) for item in stations)


def is_archived(instrument: Instrument) -> bool:
    """Whether an instrument is one of the archive."""
    return instrument.until is not None


def archive_series(site: Site, instrument: Instrument, starts: Field) -> dict[str, Field]:
    """Hourly values; of gases the means of the values at the cadence of the later instrument."""
    native_s = min(kinds()[kind_of(instrument)].cadence_s, HOUR_S)
    if instrument.network not in {NetworkCode.GAS, NetworkCode.GHG}:
        return simulate_instrument(site, instrument, starts)
    steps = HOUR_S // native_s
    fine = np.arange(len(starts) * steps) * native_s + starts[0]
    values = simulate_instrument(site, msgspec.structs.replace(instrument, cadence_s=native_s), fine)
    return {name: item.reshape(-1, steps).mean(axis=1) for name, item in values.items()}


def _extended(station: Station, span: tuple[datetime, datetime], late_h: int, *, is_whole: bool) -> Station:
    networks = {item.network for item in station.instruments}
    wanted = _AIR if is_whole else frozenset({NetworkCode.GAS, NetworkCode.MET} if NetworkCode.GAS in networks else ())
    instruments = tuple(part for item in station.instruments for part in _parts(item, wanted, span))
    if len(instruments) == len(station.instruments):
        return station
    return msgspec.structs.replace(station, instruments=instruments, late_window_h=max(station.late_window_h, late_h))


def _parts(
    instrument: Instrument, wanted: frozenset[NetworkCode], span: tuple[datetime, datetime]
) -> Iterator[Instrument]:
    """The archived instrument, where it is wanted, and the later one."""
    if instrument.network not in wanted:
        yield instrument
        return
    start, end = span
    name = f"{kind_of(instrument)}0"
    serial = f"{instrument.serial.rpartition('-')[0]}-{name}"
    yield msgspec.structs.replace(instrument, id=name, serial=serial, cadence_s=HOUR_S, since=start, until=end)
    yield msgspec.structs.replace(instrument, since=end)
