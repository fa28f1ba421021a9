"""Light of the box model: photolysis from measured radiation, or from the height of the sun where none was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_CLEAR_W_M2 = 1050.0


def cosine_of_zenith(day_of_year: Array, hour: Array, latitude_deg: float) -> Array:
    """Cosine of the solar zenith angle, 0 below the horizon; ``hour`` in local solar time [h].

    Examples
    --------
    >>> import numpy as np
    >>> round(float(cosine_of_zenith(np.array([172.0]), np.array([12.0]), 23.44)[0]), 3)
    1.0
    """
    tilt = np.radians(23.44) * np.sin(2 * np.pi * (day_of_year - 81.0) / 365.0)
    place = np.radians(latitude_deg)
    found = np.sin(place) * np.sin(tilt) + np.cos(place) * np.cos(tilt) * np.cos(2 * np.pi * (hour - 12.0) / 24.0)
    return np.asarray(np.maximum(found, 0.0))


def no2_photolysis(radiation_w_m2: Array) -> Array:
    """J(NO2) of a surface with low albedo [s⁻¹] from global radiation [W m⁻²].

    References
    ----------
    Trebs et al. 2009, Atmos. Meas. Tech. 2, 725: 1.47e-5 G - 4.84e-9 G² (figures from memory, not verified).

    Examples
    --------
    >>> import numpy as np
    >>> round(float(no2_photolysis(np.array([800.0]))[0]), 5)
    0.00866
    """
    light = np.clip(radiation_w_m2, 0.0, 1300.0)
    return np.asarray(1.47e-5 * light - 4.84e-9 * light**2)


def clear_sky(cosine: Array) -> Array:
    """Global radiation of an average sky [W m⁻²]: four fifths of clear."""
    return np.asarray(0.8 * _CLEAR_W_M2 * cosine**1.15)


def mixing_shape(hour: Array, cosine: Array) -> Array:
    """Mixing height between that of the night, 0, and the highest of the day, 1: half grown 3.5 h after sunrise, half gone 0.5 h before sunset.

    Parameters
    ----------
    hour : array
        Local solar hour of the day [h]; whole days.
    cosine : array
        Of `cosine_of_zenith`, at these hours.

    Examples
    --------
    >>> import numpy as np
    >>> hour = np.arange(24.0)
    >>> mixing_shape(hour, cosine_of_zenith(np.full(24, 172.0), hour, 40.0)).round(1)[[4, 8, 13, 22]].tolist()
    [0.0, 0.3, 1.0, 0.0]
    """
    up = cosine > 0.0
    rise = hour[up].min() if up.any() else 7.0
    fall = hour[up].max() + 1.0 if up.any() else 17.0
    grown = 1.0 / (1.0 + np.exp(-(hour - rise - 3.5) / 0.8))
    return np.asarray(grown / (1.0 + np.exp((hour - fall + 0.5) / 0.7)))
