"""What the observations prescribe to the box: levels at the steps, air from outside, mixing height, rates by hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analysis.coanalysis.cocontrol.box.light import clear_sky, cosine_of_zenith, mixing_shape
from analysis.coanalysis.cocontrol.box.rate import Moment, moment

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
    """Observed mixing ratio by step [ppb], scaled by the member's ``gauge``, and what is added unscaled."""

    values: Array
    gauge: Array
    added: Array | None = None

    def __call__(self, step: int) -> Array:
        """Of all members, (member, 1)."""
        found = self.values[step] * self.gauge
        return np.asarray(found if self.added is None else found + self.added[step])


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


def moments(given: ModelInput, latitude_deg: float) -> list[Moment]:
    """Rates of each hour, at the measured weather or a usual one."""
    days = np.asarray(given.start.day_of_year, dtype=float)
    cosine = cosine_of_zenith(days, given.hour + 0.5, latitude_deg)
    nothing = np.ones(len(days))
    radiation = np.maximum(given.series.get("global_radiation", clear_sky(cosine)), 0.0)
    temperature = given.series.get("temperature", _USUAL_TEMPERATURE_DEGC * nothing)
    humidity = np.clip(given.series.get("relative_humidity", _USUAL_HUMIDITY_PCT * nothing), 1.0, 100.0)
    rows = zip(temperature.tolist(), humidity.tolist(), radiation.tolist(), cosine.tolist(), strict=True)
    return [moment(*row) for row in rows]


def mixing_heights(given: ModelInput, growth: Array, latitude_deg: float) -> Array:
    """Mixing height by that of the night at the ends of steps, (step, member, 1) [1]; as measured where it was."""
    hours = np.arange(len(given.start) * STEPS_PER_HOUR + 1) / STEPS_PER_HOUR
    if given.has("boundary_layer_height"):
        measured = at_steps(np.maximum(given.series["boundary_layer_height"], 50.0))
        relative = (measured / np.percentile(measured, 10)).clip(0.5, 30.0)
        return np.asarray(relative[:, None, None] * np.ones_like(growth)[None])
    days = np.interp(hours, np.arange(len(given.start)), np.asarray(given.start.day_of_year, dtype=float))
    cosine = cosine_of_zenith(days, hours % 24.0, latitude_deg)
    return np.asarray(1.0 + (growth[None] - 1.0) * mixing_shape(hours % 24.0, cosine)[:, None, None])


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
        levels = [observed["nh3"](step) for step in range(0, len(given.start) * STEPS_PER_HOUR, STEPS_PER_HOUR)]
        found["nh3"] = np.percentile(np.stack(levels), 5, axis=0) * constant["outside_gas"]
    for name, mass in (("nitrate", NITRATE_G_MOL), ("sulfate", SULFATE_G_MOL)):
        mean = float(np.mean(series[name])) * LITRE / mass if given.has(name) else 1.0
        found[name] = mean * constant[f"outside_{name}"]
    found["soa"] = (max(float(np.mean(given.soa)), 0.0) if given.soa is not None else 1.0) * constant["outside_soa"]
    return found
