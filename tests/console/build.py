"""Stations and frames that several tests of the console build on."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd

from alerts.mail.samples.sample_case import sample_case
from analysis.case.case_file import Bearing, Candidate, Estimate, EventKind, SimilarEvent, SourceShare
from analysis.report.stored_case import StoredCase
from schemas.flagged import RecordedFlags
from schemas.interval import Interval
from schemas.network import Instrument, Network, Station

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def instrument(
    instrument_id: str = "gas1",
    *,
    network: str = "gas",
    cadence_s: int = 60,
    parameters: tuple[str, ...] = ("o3", "pm25"),
    **more: object,
) -> Instrument:
    return Instrument(id=instrument_id, network=network, cadence_s=cadence_s, parameters=parameters, **more)


def station(station_id: str = "a-1", *instruments: Instrument, **more: object) -> Station:
    fields: dict[str, object] = {
        "name_zh": "甲站",
        "name_en": "Alpha",
        "city": "210100",
        "lon": 123.4,
        "lat": 41.8,
        **more,
    }
    return Station(id=station_id, instruments=instruments or (instrument(),), **fields)


def stored_case(station_id: str, parameter: str, at: datetime) -> StoredCase:
    """A case file with everything that a page can show, made of the sample of the mails."""
    sample = sample_case(at, ZoneInfo("Asia/Shanghai"), 150.0)
    found, chart = sample.case, sample.chart
    assert chart is not None
    key = f"{station_id}/{parameter}/{found.event.start:%Y-%m-%dT%H:%MZ}"
    own = msgspec.structs.replace(chart.marks[0], id=station_id)
    case = msgspec.structs.replace(
        found,
        key=key,
        station_id=station_id,
        parameter=parameter,
        sources=(
            SourceShare(kind="background", percent=Estimate(value=36, low=28, high=45)),
            SourceShare(kind="steel", percent=Estimate(value=52, low=38, high=63), score=0.9, species=("so2", "co")),
            SourceShare(kind="unnamed", percent=Estimate(value=12, low=2, high=26)),
        ),
        bearing=Bearing(from_deg=Estimate(value=225, low=203, high=248), chance=0.01, hours=4),
        enterprises=(
            Candidate(
                id="works", name_zh="示例钢铁厂", name_en="Example Steel Works", kind="steel", distance_km=3.2, bearing_deg=228,
                in_direction=True, in_place=None, kind_fits=True,
            ),
        ),
        similar=(
            SimilarEvent(
                key=key, kind=EventKind.PLUME, station_id=station_id, parameter=parameter, start=found.event.start,
                likeness=0.83, compared=9,
            ),
        ),
    )  # fmt: skip
    return StoredCase(case=case, chart=msgspec.structs.replace(chart, marks=(own, *chart.marks[1:])))


def network(*stations: Station) -> Network:
    return Network(zone="Asia/Shanghai", station_list=stations or (station(),))


def hours(count: int, *, end: datetime = NOW) -> pd.DatetimeIndex:
    return pd.date_range(end=pd.Timestamp(end) - pd.Timedelta(hours=1), periods=count, freq="1h", name="start")


def verdicts(native: pd.DataFrame, *, screened: bool = True) -> RecordedFlags:
    """Native records of a station; screened: at any time."""
    always = Interval(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    return RecordedFlags(native, flags(), (always,) if screened else ())


def flags(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        list(rows), columns=["start", "station_id", "instrument_id", "parameter", "test", "flag", "reason"]
    )
