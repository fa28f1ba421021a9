"""The monitoring network as configured: stations, their instruments and the channels these have.

Read from TOML (``deploy/network.example.toml`` shows every key); an unknown key, a wrong type or anything that
`schemas.network.check` finds raises `NetworkFileError` with the file and the place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from schemas.bounds import WINDOW_MAX_H
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# \Z, since $ lets a line end through
Id = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,48}\Z")]
Delay = Annotated[int, Meta(ge=0, le=604_800)]
"""At most a week [s], the usual late window."""


class Hj212Factor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a factor code of a device means, and in which unit the device sends it.

    Attributes
    ----------
    parameter : str
        One of the instrument's.
    unit : str
        One that the parameter allows; never assumed from the standard, from whose annex devices differ.
    """

    parameter: str
    unit: str


class Hj212(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an instrument reports by HJ 212.

    Attributes
    ----------
    mn : str
        Number of the device. Several instruments of one station may share it: each takes its own factors.
    cn : int
        The one kind of upload that becomes readings: 2011 real-time, 2051 minutes, 2061 hours, 2031 days. Two kinds would
        write over each other where an hour begins.
    password : str
        PW of the device; empty: the gateway refuses the device.
    minute_interval : int or None
        Length of minute data [min], needed for 2051.
    factors : dict of str to Hj212Factor
        By factor code.
    ignore : tuple of str
        Factor codes that are known and not wanted.
    tolerant_crc : bool
        Also accept the check sum of MODBUS.
    suffix : str or None
        Under which the device sends the value of the interval, where that is not ``Rtd`` for 2011 and ``Avg`` for the others.
    """

    mn: Annotated[str, Meta(pattern=r"^[!-%'-+\--:<>-~]{1,32}\Z")]
    cn: Literal[2011, 2051, 2061, 2031]
    password: Annotated[str, Meta(pattern=r"^[!-%'-+\--:<>-~]{0,32}\Z")] = ""
    minute_interval: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] | None = None
    factors: dict[str, Hj212Factor] = msgspec.field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    tolerant_crc: bool = False
    suffix: Literal["Rtd", "Avg", "Cou", "ZsRtd", "ZsAvg"] | None = None


class Instrument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One analyser.

    Attributes
    ----------
    id : str
    network : NetworkCode
    cadence_s : int
        Seconds between two readings [s].
    parameters : tuple of str
        What it may report, codes of the registry.
    model, serial : str
    since, until : datetime or None
        When it was installed, aware; None is open.
    delay_s : int or None
        Steady delay of its way to the broker [s]; None: that of the station.
    hj212 : Hj212 or None
        How it reports by HJ 212, where it does.
    """

    id: Id
    network: NetworkCode
    cadence_s: Annotated[int, Meta(ge=1, le=86_400)]
    parameters: tuple[str, ...]
    model: str = ""
    serial: str = ""
    since: datetime | None = None
    until: datetime | None = None
    delay_s: Delay | None = None
    hj212: Hj212 | None = None

    def serves_at(self, at: datetime) -> bool:
        """Whether it is installed at its station at a moment (aware)."""
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)

    def serves_within(self, start: datetime, end: datetime) -> bool:
        """Whether it is installed at its station at any moment of ``[start, end)`` (aware)."""
        return (self.since is None or self.since < end) and (self.until is None or self.until > start)


class Station(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"instruments": "instrument"}
):
    """A place with coordinates (WGS-84).

    Attributes
    ----------
    late_window_h : int
        Oldest age that is accepted [h]; 0 accepts any age (data sets).
    delay_s : int
        Steady delay of the way from station to broker [s]: no fault of the clock, and not counted as age.
    synthetic : bool
        True where the station is simulated.
    """

    id: Id
    instruments: tuple[Instrument, ...]
    name_zh: str = ""
    name_en: str = ""
    city: str = ""
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    altitude_m: float | None = None
    synthetic: bool = False
    late_window_h: Annotated[int, Meta(ge=0, le=WINDOW_MAX_H)] = 168
    delay_s: Delay = 0

    def delay_of(self, instrument: Instrument) -> timedelta:
        """Stated delay of an instrument's way to the broker: its own, or else the station's."""
        return timedelta(seconds=self.delay_s if instrument.delay_s is None else instrument.delay_s)

    def name(self, language: str) -> str:
        """Name in ``zh`` or ``en``, falling back to the other and then to the id."""
        first, second = (self.name_zh, self.name_en) if language == "zh" else (self.name_en, self.name_zh)
        return first or second or self.id

    def instruments_of(self, network: str) -> tuple[Instrument, ...]:
        """Instruments that report to ``network``."""
        return tuple(item for item in self.instruments if item.network == network)


class Network(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"station_list": "station"}, dict=True
):
    """All stations of a network file."""

    zone: str
    station_list: tuple[Station, ...]

    @cached_property
    def stations(self) -> Mapping[str, Station]:
        """Stations by id."""
        return {station.id: station for station in self.station_list}

    @cached_property
    def instruments(self) -> Mapping[tuple[str, str], Instrument]:
        """Instruments by (station id, instrument id)."""
        return {(station.id, item.id): item for station in self.station_list for item in station.instruments}

    @cached_property
    def channels(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """Parameters an instrument may report, by (station id, instrument id)."""
        return {key: frozenset(item.parameters) for key, item in self.instruments.items()}

    @cached_property
    def delays(self) -> Mapping[tuple[str, str], timedelta]:
        """Stated delay of the way to the broker, by (station id, instrument id)."""
        return {
            (station.id, item.id): station.delay_of(item)
            for station in self.station_list
            for item in station.instruments
        }

    @cached_property
    def late_windows(self) -> Mapping[tuple[str, str], timedelta]:
        """Age up to which readings are accepted, the stated delay included, by (station id, instrument id); zero: any age."""
        hours = {key: self.stations[key[0]].late_window_h for key in self.instruments}
        return {key: timedelta(hours=hours[key]) + self.delays[key] if hours[key] else timedelta(0) for key in hours}

    @cached_property
    def timezone(self) -> ZoneInfo:
        """Zone of civil days and months."""
        return ZoneInfo(self.zone)

    def stations_of(self, network: str) -> Iterator[Station]:
        """Stations with at least one instrument in ``network``, in file order."""
        return (station for station in self.station_list if station.instruments_of(network))
