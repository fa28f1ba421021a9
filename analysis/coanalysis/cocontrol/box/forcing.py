"""What the observations prescribe to the box: levels at the steps, air from outside, mixing height, rates by hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.coanalysis.cocontrol.box.light import clear_sky, cosine_of_zenith, mixing_shape
from analysis.coanalysis.cocontrol.box.rate import Moment, moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.model_input import ModelInput

    Array = NDArray[np.float64]

STEPS_PER_HOUR: Final = 3
STEP_S: Final = 3600.0 / STEPS_PER_HOUR
SULFATE_G_MOL, NITRATE_G_MOL, AMMONIUM_G_MOL = 96.06, 62.0, 18.04
LITRE: Final = 24.45
"""Of a mole at 25 °C and 1013 hPa [L]."""
_USUAL_HUMIDITY_PCT = 60.0
_USUAL_TEMPERATURE_DEGC = 15.0
_CARRIED = (("co", "co"), ("so2", "so2"), ("formaldehyde", "formaldehyde"), ("aldehyde", "acetaldehyde"))
"""Gases of the box and the parameters that they follow, besides NOx, Ox and NH3."""


@dataclass(frozen=True, slots=True)
class FollowedLevel:
    """Observed mixing ratio by step [ppb], scaled by the ``gauge`` of the row, (row, 1), and what is added unscaled."""

    values: Array
    gauge: Array
    added: Array | None = None

    def __call__(self, steps: NDArray[np.int64]) -> Array:
        """Of all rows at their step, (row, 1)."""
        found = self.values[steps][:, None] * self.gauge
        return np.asarray(found if self.added is None else found + self.added[steps][:, None])


def at_steps(hourly: Array) -> Array:
    """Values at the ends of steps, and at the start of the first, by a line through the middles of the hours.

    Examples
    --------
    >>> import numpy as np
    >>> at_steps(np.array([0.0, 3.0])).round(2).tolist()
    [0.0, 0.0, 0.5, 1.5, 2.5, 3.0, 3.0]
    """
    edges = np.arange(len(hourly) * STEPS_PER_HOUR + 1) / STEPS_PER_HOUR
    return np.interp(edges, np.arange(len(hourly)) + 0.5, hourly)


def rates_by_hour(given: ModelInput, latitude_deg: float) -> Moment:
    """Rates of each hour, at the measured weather or a usual one."""
    days = np.asarray(given.start.day_of_year, dtype=float)
    cosine = cosine_of_zenith(days, given.hour + 0.5, latitude_deg)
    nothing = np.ones(len(days))
    radiation = np.maximum(given.series.get("global_radiation", clear_sky(cosine)), 0.0)
    temperature = given.series.get("temperature", _USUAL_TEMPERATURE_DEGC * nothing)
    humidity = np.clip(given.series.get("relative_humidity", _USUAL_HUMIDITY_PCT * nothing), 1.0, 100.0)
    return moments(temperature, humidity, radiation, cosine, relative_wind(given))


def relative_wind(given: ModelInput) -> Array:
    """Wind speed of the day by that of the period, a quarter to four, by hour [1]: the exchange with the air around goes with it.

    One where it was not measured. Day and night differ by their own constants.
    """
    speed = given.series.get("wind_speed")
    if speed is None or speed.mean() <= 0.0:
        return np.ones(len(given.start))
    return np.repeat(np.clip(speed.reshape(-1, 24).mean(axis=1) / speed.mean(), 0.25, 4.0), 24)


def mixing_heights(given: ModelInput, growth: Array, latitude_deg: float) -> Array:
    """Mixing height by that of the night at the ends of steps, (step, row) [1]; as measured where it was; ``growth`` is (row, 1)."""
    hours = np.arange(len(given.start) * STEPS_PER_HOUR + 1) / STEPS_PER_HOUR
    if given.has("boundary_layer_height"):
        measured = at_steps(np.maximum(given.series["boundary_layer_height"], 50.0))
        relative = (measured / np.percentile(measured, 10)).clip(0.5, 30.0)
        return np.asarray(relative[:, None] * np.ones_like(growth)[:, 0])
    days = np.interp(hours, np.arange(len(given.start)), np.asarray(given.start.day_of_year, dtype=float))
    cosine = cosine_of_zenith(days, hours % 24.0, latitude_deg)
    return np.asarray(1.0 + (growth[:, 0] - 1.0) * mixing_shape(hours % 24.0, cosine)[:, None])


def observed_levels(given: ModelInput, constant: dict[str, Array]) -> dict[str, FollowedLevel]:
    """Observed mixing ratio at a step, scaled by what the instruments may be off, by name."""
    series = given.series
    nox = series["no2"] + series.get("no", 0.25 * series["no2"])
    found = {"nox": (nox, "gauge_nox"), "ox": (series["no2"] + series["o3"], "")}
    for name, code in _CARRIED:
        if given.has(code):
            found[name] = (series[code], "gauge_ovoc" if name in {"formaldehyde", "aldehyde"} else "")
    whole = np.ones_like(constant["light"])
    result = {
        name: FollowedLevel(at_steps(values), constant.get(gauge, whole)) for name, (values, gauge) in found.items()
    }
    if given.has("ammonium"):
        particle = at_steps(np.maximum(series["ammonium"], 0.0) * LITRE / AMMONIUM_G_MOL)
        if given.has("ammonia"):
            result["nh3"] = FollowedLevel(at_steps(series["ammonia"]), constant["gauge_ammonia"], particle)
        else:
            result["nh3"] = FollowedLevel(np.ones_like(particle), constant["ammonia_unmeasured"], particle)
    return result


def outside_levels(
    given: ModelInput, constant: dict[str, Array], observed: dict[str, FollowedLevel]
) -> dict[str, Array]:
    """Mixing ratios of the air that dilutes."""
    series = given.series
    afternoon = given.between(12, 16)
    quarter = np.percentile((series["o3"] + series["no2"])[afternoon], 25)
    found = {"ox": quarter * constant["outside_ozone"]}
    for name, code in _CARRIED:
        if given.has(code):
            found[name] = np.percentile(series[code], 5) * constant["outside_gas"]
    found["nox"] = np.percentile(series["no2"] + series.get("no", 0.0), 5) * constant["outside_gas"]
    if "nh3" in observed:
        level = observed["nh3"]
        hourly = level.values[:-1:STEPS_PER_HOUR] * level.gauge + (
            0.0 if level.added is None else level.added[:-1:STEPS_PER_HOUR]
        )
        found["nh3"] = np.percentile(hourly, 5, axis=1, keepdims=True) * constant["outside_gas"]
    sulfate = (
        max(float(np.percentile(series["sulfate"], 5)), 0.0) * LITRE / SULFATE_G_MOL if given.has("sulfate") else 0.3
    )
    nitrate = float(np.mean(series["nitrate"])) * LITRE / NITRATE_G_MOL if given.has("nitrate") else 1.0
    found |= {"sulfate": sulfate * constant["outside_sulfate"], "nitrate": nitrate * constant["outside_nitrate"]}
    found["soa"] = (max(float(np.mean(given.soa)), 0.0) if given.soa is not None else 1.0) * constant["outside_soa"]
    return found
