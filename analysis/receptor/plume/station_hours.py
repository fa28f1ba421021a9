"""Evidence of a plume from hourly frames of stations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.plume.dispersion import Stability, stability
from analysis.receptor.plume.evidence import PlumeEvidence
from analysis.receptor.plume.excess import PlumeInputError, excess_over_background, mass_concentration
from analysis.receptor.plume.forward import HourlyWind
from analysis.receptor.wind import CALM_BELOW_M_S, sectors
from qc.angle import vector_mean
from schemas.frames import STD, valid_values
from schemas.parameter import parameter
from schemas.units import REFERENCE_PRESSURE_HPA, REFERENCE_TEMPERATURE_K

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from schemas.interval import Interval
    from schemas.network import Station

DIRECTION_ERROR_DEG = 6.0
"""Error of an hour's mean direction as that of the plume, beyond the scatter of stations; project choice, not verified [deg]."""
WEATHER = ("wind_speed", "wind_direction", "global_radiation", "boundary_layer_height", "temperature", "pressure")
"""Parameters that the evidence uses besides the released one."""
_DAY_W_M2 = 10.0
"""Radiation above which it is day [W m⁻²]."""
_ZERO_DEGC_K = 273.15


def evidence_of(
    stations: Sequence[Station], hourly: Mapping[str, pd.DataFrame], code: str, window: Interval, *, precision: float
) -> PlumeEvidence:
    """Evidence of the hours of an event.

    Parameters
    ----------
    stations : sequence of Station
        Those without coordinates or without a frame are left out.
    hourly : mapping of station id to DataFrame
        `schemas.frames` hourly, with the hours before the event as history: ``code``, and where there are ``wind_speed``,
        ``wind_direction`` with its standard deviation, ``global_radiation``, ``boundary_layer_height``, ``temperature``, ``pressure``.
    code : str
        Parameter, a gas.
    window : Interval
        Hours of the event.
    precision : float
        Least standard deviation of an hourly value [canonical unit].

    Returns
    -------
    PlumeEvidence
        Wind is the mean over the stations. Without radiation the air is taken as neutral, without temperature or pressure as at the
        reference state of GB 3095.

    Raises
    ------
    PlumeInputError
        As `analysis.receptor.plume.excess.excess_over_background` and `mass_concentration`.
    """
    placed = placed_stations(stations, hourly)
    if not placed:
        msg = f"no station with coordinates has hours of {code}: at least 3 are needed"
        raise PlumeInputError(msg)
    frames = [hourly[item.id] for item in placed]
    table = _table(frames, code)
    index = pd.DatetimeIndex(table.index)
    in_event = np.asarray((index >= pd.Timestamp(window.start)) & (index < pd.Timestamp(window.end)))
    speeds, directions = (_table(frames, name) for name in ("wind_speed", "wind_direction"))
    sector = sectors(speeds.mean(axis=1), _mean_direction(speeds, directions)).to_numpy(dtype=np.int64)
    found = excess_over_background(table.to_numpy(), in_event, sector, precision=precision)
    air = {"temperature_k": _temperature_k(frames, in_event), "pressure_hpa": _pressure_hpa(frames, in_event)}
    sigma = np.broadcast_to(found.sigma, found.excess.shape)
    return PlumeEvidence(
        lon=np.array([item.lon for item in placed], dtype=float),
        lat=np.array([item.lat for item in placed], dtype=float),
        excess_ug_m3=mass_concentration(found.excess, parameter(code), **air),
        sigma_ug_m3=mass_concentration(sigma, parameter(code), **air),
        wind=_winds(frames, in_event),
        memory=found.memory,
    )


def placed_stations(stations: Sequence[Station], hourly: Mapping[str, pd.DataFrame]) -> list[Station]:
    """Stations with coordinates and a frame, in the order of the evidence."""
    return [item for item in stations if item.lon is not None and item.lat is not None and item.id in hourly]


def _table(frames: Sequence[pd.DataFrame], code: str) -> pd.DataFrame:
    """Valid values, hours by stations; hours that a station lacks are NaN."""
    return pd.concat([valid_values(frame, code) for frame in frames], axis=1, keys=range(len(frames))).sort_index()


def _mean_direction(speeds: pd.DataFrame, directions: pd.DataFrame) -> pd.Series:
    """Mean over stations, each with the same weight [deg]; NaN without any."""
    angle = np.radians(directions.where(speeds >= CALM_BELOW_M_S))
    east, north = np.sin(angle).mean(axis=1), np.cos(angle).mean(axis=1)
    return pd.Series(np.degrees(np.arctan2(east, north)) % 360.0, index=directions.index)


def _winds(frames: Sequence[pd.DataFrame], in_event: np.ndarray) -> tuple[HourlyWind, ...]:
    spreads = [frame.rename(columns={"wind_direction" + STD: "spread"}) for frame in frames]
    speeds, directions, spread, radiation, lid = (
        _table(part, name)[in_event].to_numpy()
        for part, name in (
            *((frames, "wind_speed"), (frames, "wind_direction"), (spreads, "spread")),
            *((frames, "global_radiation"), (frames, "boundary_layer_height")),
        )
    )
    return tuple(
        _wind(speeds[hour], directions[hour], spread[hour], _mean(radiation[hour]), _mean(lid[hour]))
        for hour in range(int(in_event.sum()))
    )


def _wind(speed: np.ndarray, direction: np.ndarray, spread: np.ndarray, radiation: float, lid: float) -> HourlyWind:
    mean_speed = _mean(speed)
    known = np.isfinite(direction) & (np.nan_to_num(speed) >= CALM_BELOW_M_S)
    from_deg = vector_mean(direction[known]) if known.any() else np.nan
    off = (direction[known] - from_deg + 180.0) % 360.0 - 180.0
    scatter = float(np.sqrt(np.mean(off**2) / known.sum())) if known.any() else 0.0
    is_known = bool(np.isfinite(mean_speed) and np.isfinite(radiation))
    return HourlyWind(
        speed_m_s=mean_speed,
        from_deg=float(from_deg),
        stability=stability(mean_speed, radiation, is_day=radiation > _DAY_W_M2) if is_known else Stability.D,
        meander_deg=_mean(spread),
        error_deg=float(np.hypot(DIRECTION_ERROR_DEG, scatter)),
        mixing_height_m=lid,
    )


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _temperature_k(frames: Sequence[pd.DataFrame], in_event: np.ndarray) -> float:
    mean = _mean(_table(frames, "temperature")[in_event].to_numpy())
    return REFERENCE_TEMPERATURE_K if np.isnan(mean) else mean + _ZERO_DEGC_K


def _pressure_hpa(frames: Sequence[pd.DataFrame], in_event: np.ndarray) -> float:
    mean = _mean(_table(frames, "pressure")[in_event].to_numpy())
    return REFERENCE_PRESSURE_HPA if np.isnan(mean) else mean
