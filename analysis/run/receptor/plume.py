"""Where a release is, as seen from a station at a moment: read, locate, store one document."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analysis.receptor.neighbours import near
from analysis.receptor.plume import PlumeInputError, evidence_of, locate
from analysis.receptor.plume.product import PlumeProduct, plume_product
from analysis.receptor.plume.station_hours import WEATHER, placed_stations
from analysis.run.gate_mask import held_note
from analysis.run.hours import read_hours
from analysis.run.to_json import to_json
from schemas.frames import SEPARATOR
from schemas.interval import Interval, floor_hour
from schemas.parameter import parameter
from schemas.reason import Reason
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analysis.case.join_networks import Frames
    from schemas.network import Network, Station
    from schemas.reason import Figure
    from store.settings import SharedSettings
    from store.state import HeldBatch

KIND = "plume"
"""Of the documents."""
REACH_KM = 20.0
"""[km] Stations this near to the station count; project choice."""
HISTORY = timedelta(days=20)
"""Before the event, for the background."""


def locate_plume(
    settings: SharedSettings, station_id: str, code: str, moment: datetime, now: datetime, *, hours: int = 6
) -> PlumeProduct:
    """Locate the release that the stations around a station met up to a moment, and store the answer.

    Parameters
    ----------
    settings : SharedSettings
    station_id : str
    code : str
        Parameter.
    moment : datetime
        UTC; the event is the hours up to and with the hour that holds it.
    now : datetime
        UTC.
    hours : int
        Length of the event [h].

    Returns
    -------
    PlumeProduct
        Stored as a document of kind ``plume``; its key ends in the event's first hour.

    Raises
    ------
    PlumeInputError
        For a station or parameter that cannot be used, or too few stations or hours; the message says what is needed.

    """
    station = _station(settings.stations, station_id)
    networks = (*sorted(parameter(code).networks), "met")
    end = floor_hour(moment) + timedelta(hours=1)
    window = Interval(end - timedelta(hours=hours), end)
    if floor_hour(moment) > now:
        local = moment.astimezone(settings.stations.timezone)
        msg = f"{local:%Y-%m-%d %H:%M} ({settings.stations.zone}) has not come: a moment up to now is needed"
        raise PlumeInputError(msg)
    with closing(InfluxStore(settings)) as store:
        frames, held = read_hours(settings, store, window.start - HISTORY, end, networks=tuple(dict.fromkeys(networks)))
    product = _located(station, settings.stations, frames, code, window)
    _write(settings, product, held)
    return product


def _station(network: Network, station_id: str) -> Station:
    station = network.stations.get(station_id)
    if station is None:
        msg = f"station {station_id} is not in the network file"
        raise PlumeInputError(msg)
    if station.lon is None or station.lat is None:
        msg = f"station {station_id} has no coordinates in the network file: lon and lat are needed"
        raise PlumeInputError(msg)
    return station


def _located(station: Station, network: Network, frames: Frames, code: str, window: Interval) -> PlumeProduct:
    around = [station, *(item for item, _, _ in near(station, network.stations, radius_km=REACH_KM))]
    hourly = {item.id: found for item in around if (found := _joined(frames, item.id, code)) is not None}
    measuring = [name for name, frame in hourly.items() if code in frame]
    if not measuring:
        msg = f"no station within {REACH_KM:.0f} km of {station.id} has hours of {code} up to {window.end:%Y-%m-%dT%H:%MZ}"
        end = f"{window.end.astimezone(network.timezone):%Y-%m-%d %H:%M}"
        figures: dict[str, Figure] = {
            "radius": REACH_KM,
            "station": station.id,
            "parameter": code,
            "end": end,
            "zone": network.zone,
        }
        raise PlumeInputError(msg, reason=Reason("plume", "no_hours", figures, "attribution"))
    precision = 10.0 ** -parameter(code).decimals
    evidence = evidence_of(around, hourly, code, window, precision=precision)
    return plume_product(
        station, code, window, locate(evidence), evidence=evidence, placed=placed_stations(around, hourly)
    )


def _joined(frames: Frames, station_id: str, code: str) -> pd.DataFrame | None:
    """Hours of the parameter and the weather of one station; None where it has neither."""
    own = next((item for item in _frames_of(frames, station_id) if code in item and item[code].notna().any()), None)
    met = frames.get("met", {}).get(station_id)
    weather = None if met is None or met.empty else _columns(met, WEATHER)
    if own is None:
        return weather
    own = _columns(own, (code,))
    return own if weather is None else own.join(weather.drop(columns=own.columns, errors="ignore"), how="outer")


def _frames_of(frames: Frames, station_id: str) -> list[pd.DataFrame]:
    by_network: Mapping[str, Mapping[str, pd.DataFrame]] = frames
    return [items[station_id] for name, items in by_network.items() if name != "met" and station_id in items]


def _columns(frame: pd.DataFrame, codes: tuple[str, ...]) -> pd.DataFrame:
    return frame[[name for name in frame.columns if str(name).split(SEPARATOR)[0] in codes]]


def _write(settings: SharedSettings, product: PlumeProduct, held: list[HeldBatch]) -> None:
    body = to_json(product) | ({"held": held_note(held)} if held else {})
    with StateStore(settings.state_url) as state:
        state.documents.put(KIND, product.key, body)
