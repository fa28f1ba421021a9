"""The tests of quality control and the flags each may give. Their names and messages are in the catalogues (`schemas.words`)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from schemas.flag import Flag
from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUSPECT = (
    "spike",
    "rate_of_change",
    "flat_line",
    "climatology",
    "detection_limit",
    "spike_burst",
    "attenuated_signal",
    "step",
    "variance_change",
    "regime",
    "resolution",
    "rollover",
    "isolated",
    "clock",
    "flux_spike",
    "suspect_share",
    "hourly_spike",
    "hourly_flat",
    "pm_inversion",
    "ion_balance",
    "ammonium_balance",
    "mass_closure",
    "oc_ec_ratio",
    "potassium_ratio",
    "sulfur_ratio",
    "bc_ec_ratio",
    "nox_sum",
    "ozone_with_no",
    "ox_balance",
    "pm_inversion_rate",
    "hour_noise",
    "local_contamination",
    "co2_ch4_covariation",
    "xylene_ratio",
    "pentane_ratio",
    "benzene_ratio",
    "ethylbenzene_ratio",
    "voc_sum",
    "frozen_soil",
    "radiation_balance",
    "short_wave_ratio",
    "energy_balance",
    "weak_turbulence",
    "par_at_night",
    "ndvi_jump",
    "drift",
    "voc_pattern",
    "target_gas",
    "buddy",
    "spatial_consistency",
)
_OTHERS: dict[str, set[Flag]] = {
    "status": {Flag.FAIL, Flag.SUSPECT},
    "gross_range": {Flag.FAIL, Flag.SUSPECT},
    "gap": {Flag.MISSING},
    "completeness": {Flag.FAIL, Flag.MISSING},
    "dose_rise": {Flag.PASS, Flag.SUSPECT},
    "learnt_anomaly": {Flag.SUSPECT, Flag.UNKNOWN},
    "calibration": {Flag.FAIL},
}
TESTS: Mapping[str, frozenset[Flag]] = MappingProxyType(
    {
        **dict.fromkeys(_SUSPECT, frozenset({Flag.SUSPECT})),
        **{name: frozenset(flags) for name, flags in _OTHERS.items()},
    }
)
"""Flags that a test may give, by its name."""


def figure(value: float) -> str:
    """A number with six significant digits and without trailing zeros."""
    return f"{value:.6g}"


def reason(test: str, kind: str, /, **figures: str | float) -> str:
    """Stored text of a reason; see `schemas.reason.encode_reason`."""
    return encode_reason(Reason(test, kind, figures))
