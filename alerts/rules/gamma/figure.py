"""Figures of the gamma rule. None is of a standard: the texts of HJ 61-2021 and HJ 1009-2019 were not read."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(gt=0, lt=1)]


class GammaFigures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the rule compares with what; project defaults, not verified.

    Attributes
    ----------
    baseline_h, least_dry : float, int
        The baseline is the median of the station's own dry readings of this time back [h], of this many at least.
    dry_after_h : float
        Readings so long after the rain of the own gauge are dry [h].
    least_spread : float
        Least standard deviation of dry readings, as a part of the baseline [1].
    half_time_h : float
        Effective half-time of the wash-out on the ground, 20 to 60 min are usual [h].
    most_rain_mm, rain_power : float
        Rain of a reading counts up to this amount [mm], to this power [1]: heavy rain brings less progeny a millimetre.
    neighbours, within_km, neighbour_age_h : int, float, float
        Stations whose dose rates tell what rain brings here: the nearest, not farther [km], not older [h].
    wet_h : float
        So long after rain at the station or at a neighbour it is wet [h].
    dry_most_relative : float
        Without rain at any of these gauges neighbours explain at most this part of the baseline [1].
    most_relative, most_ngy_h : float
        Rain explains at most this part of the baseline [1] or this much [nGy h⁻¹], whichever is more.
    ridge, forget : float
        Weight of the prior of the fitted coefficients [nGy² h⁻²], and what a reading leaves of the weight of earlier ones [1].
    neighbour_spread, explained, deposit_noise, wet_floor_ngy_h, dry_floor_ngy_h : float
        Noise of the explained part: by the spread of the neighbours [1], by the explained dose rate [1], by the deposit of the own gauge
        [nGy h⁻¹ for each mm to the power], while wet and dry [nGy h⁻¹].
    window_h, two_h, three_h : float
        Readings of the window are compared [h]: the lowest of those that span these times [h].
    dry_one, dry_two, dry_three, wet_one, wet_two, wet_three : float
        Levels in standard deviations for one reading, and for the lowest over ``two_h`` and ``three_h``; the score is the
        largest ratio to its level [1].
    least_level, margin_dry, margin_wet : float
        A station's alarm level is not below this score and this many times the highest of its training record [1].
    near_count, near_km, sparse_dry, sparse_wet : int, float, float, float
        With fewer stations than this within this distance [km] the least level is so many times ``least_level`` [1]: nothing tells there what
        rain brings.
    least_baseline_ngy_h : float
        While wet the least level rises in proportion as the baseline is below this [nGy h⁻¹]: a shower adds as much to a low one.
    """

    baseline_h: Positive = 336.0
    least_dry: Annotated[int, Meta(ge=6)] = 20
    dry_after_h: Positive = 3.0
    least_spread: Share = 0.02
    half_time_h: Positive = 0.6
    most_rain_mm: Positive = 5.0
    rain_power: Positive = 0.7
    neighbours: Annotated[int, Meta(ge=1, le=8)] = 6
    within_km: Positive = 100.0
    neighbour_age_h: Positive = 1.0
    wet_h: Positive = 5.0
    dry_most_relative: Positive = 0.5
    most_relative: Positive = 1.0
    most_ngy_h: Positive = 50.0
    ridge: Positive = 50.0
    forget: Share = 0.9995
    neighbour_spread: Positive = 0.3
    explained: Positive = 0.15
    deposit_noise: Positive = 1.0
    wet_floor_ngy_h: Positive = 1.5
    dry_floor_ngy_h: Positive = 0.3
    window_h: Positive = 3.0
    two_h: Positive = 0.6
    three_h: Positive = 1.4
    dry_one: Positive = 9.0
    dry_two: Positive = 2.0
    dry_three: Positive = 4.5
    wet_one: Positive = 7.0
    wet_two: Positive = 1.8
    wet_three: Positive = 1.8
    least_level: Positive = 1.6
    margin_dry: Positive = 1.2
    margin_wet: Positive = 1.1
    near_count: Annotated[int, Meta(ge=1, le=8)] = 3
    near_km: Positive = 50.0
    sparse_dry: Positive = 1.5
    sparse_wet: Positive = 4.0
    least_baseline_ngy_h: Positive = 30.0
