"""Humidity from dew point and the reverse, and pressure at the height of a station from that at sea level."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Values = TypeVar("_Values", float, "NDArray[np.float64]")

_A, _B_DEGC = 17.625, 243.04
"""Magnus form over water, -40 to 50 degC: Alduchov and Eskridge 1996 (not verified against the text)."""
_GRAVITY_M_S2 = 9.80665
"""Standard gravity [m s⁻²], ISO 2533 (not verified against the text)."""
_GAS_CONSTANT_J_KG_K = 287.05287
"""Of dry air [J kg⁻¹ K⁻¹], ISO 2533 (not verified against the text)."""
_LAPSE_K_M = 0.0065
"""Fall of temperature with height [K m⁻¹], ISO 2533 (not verified against the text)."""
_ZERO_K = 273.15


def relative_humidity(temperature_degc: _Values, dew_point_degc: _Values) -> NDArray[np.float64]:
    """Relative humidity over water [%], 0 to 100; NaN where an argument is.

    Parameters
    ----------
    temperature_degc, dew_point_degc : float or array of float
        [degC].

    References
    ----------
    Alduchov and Eskridge 1996, doi:10.1175/1520-0450(1996)035<0601:IMFAOS>2.0.CO;2, equation 21.

    Examples
    --------
    >>> round(float(relative_humidity(20.0, 10.0)), 1)
    52.5
    """
    return np.clip(100.0 * np.exp(_exponent(dew_point_degc) - _exponent(temperature_degc)), 0.0, 100.0)


def dew_point(temperature_degc: _Values, humidity_pct: _Values) -> NDArray[np.float64]:
    """Dew point over water [degC]; NaN where an argument is, or where the humidity is not above zero.

    Parameters
    ----------
    temperature_degc : float or array of float
        [degC].
    humidity_pct : float or array of float
        Relative humidity over water [%].

    References
    ----------
    As `relative_humidity`, solved for the dew point.

    Examples
    --------
    >>> round(float(dew_point(20.0, 52.5)), 1)
    10.0
    """
    part = np.asarray(humidity_pct, dtype=float) / 100.0
    exponent = np.log(np.where(part > 0, part, np.nan)) + _exponent(temperature_degc)
    return np.asarray(_B_DEGC * exponent / (_A - exponent))


def station_pressure(sea_level_hpa: _Values, temperature_degc: _Values, altitude_m: float) -> NDArray[np.float64]:
    """Pressure at a height from that at mean sea level, by the hypsometric equation [hPa]; NaN where an argument is.

    Parameters
    ----------
    sea_level_hpa : float or array of float
        [hPa].
    temperature_degc : float or array of float
        At the station [degC]; the air below is taken as 6.5 K km⁻¹ warmer, and as dry.
    altitude_m : float
        Of the station above mean sea level [m].

    References
    ----------
    ISO 2533:1975 for the constants (not verified against the text).

    Examples
    --------
    >>> round(float(station_pressure(1013.25, 15.0, 0.0)), 2), round(float(station_pressure(1013.25, 8.5, 1000.0)), 1)
    (1013.25, 898.8)
    """
    mean_k = np.asarray(temperature_degc, dtype=float) + _ZERO_K + _LAPSE_K_M * altitude_m / 2
    return np.asarray(sea_level_hpa * np.exp(-_GRAVITY_M_S2 * altitude_m / (_GAS_CONSTANT_J_KG_K * mean_k)))


def _exponent(temperature_degc: _Values) -> NDArray[np.float64]:
    values = np.asarray(temperature_degc, dtype=float)
    return np.asarray(_A * values / (_B_DEGC + values))
