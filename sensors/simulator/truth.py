"""What really happened in a simulated period: events, faults, and the contribution of each source, hour by hour."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class TruthRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="event"):
    """An event or a fault.

    Attributes
    ----------
    kind : str
        ``haze``, ``rain``, ``ozone``, ``plume``, or a `FaultKind`.
    station_id, instrument_id, parameter : str or None
        None: all of them. A plume has a record for each station that it reaches.
    start, end : datetime
        UTC, half-open.
    magnitude : float or None
        Plume: highest PM2.5 that it adds at the station in an hour [ug m⁻³]; faults: see `InstrumentFault`.
    lon, lat : float or None
        Place of the source of a plume.
    """

    kind: str
    start: datetime
    end: datetime
    station_id: str | None = None
    instrument_id: str | None = None
    parameter: str | None = None
    magnitude: float | None = None
    lon: float | None = None
    lat: float | None = None


class ContributionRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="contribution"):
    """What each source contributes in one hour at one station.

    Attributes
    ----------
    start : datetime
        Of the hour, UTC.
    pm25_ug_m3, voc_ug_m3 : dict of str to float
        By source, without the background; sources that emit none of it are absent.
    """

    station_id: str
    start: datetime
    pm25_ug_m3: dict[str, float]
    voc_ug_m3: dict[str, float]


class ReleaseRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="release"):
    """A release of known kind, place and rate.

    Attributes
    ----------
    id : str
    kind : str
        Of ``sensors/simulator/release/kinds.toml``.
    listed : bool
        Whether an attribution library can be expected to hold the kind.
    species : str
        Leading species.
    rate_kg_h : float
        Its mean rate [kg h⁻¹].
    lon, lat : float
        WGS-84 [deg].
    height_m : float
        Of the outlet.
    start, end : datetime
        UTC, half-open.
    reached : dict of str to float
        Stations with the highest hourly mean of the leading species that it adds there [ug m⁻³]; at least 1 ug m⁻³.
    """

    id: str
    kind: str
    listed: bool
    species: str
    rate_kg_h: float
    lon: float
    lat: float
    height_m: float
    start: datetime
    end: datetime
    reached: dict[str, float]


class ReleasedRecord(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="released"):
    """What one release adds in one hour at one of the stations that it reaches.

    Attributes
    ----------
    release_id, station_id : str
    start : datetime
        Of the hour, UTC.
    values : dict of str to float
        By species, hourly mean in canonical units, ``nox`` and ``coarse`` in ug m⁻³; whether or not the station measures it.
    """

    release_id: str
    station_id: str
    start: datetime
    values: dict[str, float]


class StagedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="staged"):
    """One event of a staged province, as a case file about it should have it.

    Attributes
    ----------
    event : str
        ``plume``, ``haze``, ``ozone`` or ``fault``.
    cause : str
        Kind of the source, of the haze, of the ozone episode or of the fault.
    start, end : datetime
        UTC, half-open.
    stations : dict of str to float
        Plume: stations that it reaches, with the highest hourly mean that it adds of `species` [ug m⁻³]; fault: its station, 0;
        empty: all stations.
    species : str or None
        Of a plume.
    instrument_id, parameter : str or None
        Of a fault; None: all.
    enterprise_id : str or None
        Source in the registry; None: the source is in no registry.
    lon, lat : float or None
        Of the source.
    """

    event: str
    cause: str
    start: datetime
    end: datetime
    stations: dict[str, float]
    species: str | None = None
    instrument_id: str | None = None
    parameter: str | None = None
    enterprise_id: str | None = None
    lon: float | None = None
    lat: float | None = None


_Record = TruthRecord | ContributionRecord | ReleaseRecord | ReleasedRecord | StagedRecord


class Truth(msgspec.Struct, frozen=True):
    """Everything that is known of a simulated period."""

    records: tuple[TruthRecord, ...]
    contributions: tuple[ContributionRecord, ...]
    releases: tuple[ReleaseRecord, ...] = ()
    released: tuple[ReleasedRecord, ...] = ()
    staged: tuple[StagedRecord, ...] = ()

    def of_kind(self, kind: str) -> tuple[TruthRecord, ...]:
        """Events and faults of one kind."""
        return tuple(record for record in self.records if record.kind == kind)

    def json_lines(self) -> Iterator[bytes]:
        """One JSON object a record, each with its line end."""
        return _json_lines((*self.records, *self.contributions, *self.releases, *self.released, *self.staged))


def parse_truth(lines: Iterable[bytes]) -> Truth:
    """Read what `Truth.json_lines` wrote."""
    decoder = msgspec.json.Decoder(_Record)
    items = [decoder.decode(line) for line in lines]
    return Truth(
        tuple(item for item in items if isinstance(item, TruthRecord)),
        tuple(item for item in items if isinstance(item, ContributionRecord)),
        tuple(item for item in items if isinstance(item, ReleaseRecord)),
        tuple(item for item in items if isinstance(item, ReleasedRecord)),
        tuple(item for item in items if isinstance(item, StagedRecord)),
    )


def _json_lines(items: Iterable[_Record]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    return (encoder.encode(item) + b"\n" for item in items)
