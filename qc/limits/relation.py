"""Limits of the tests that know their network: bands of relations between parameters, runs of a gas chromatograph, rises of a dose rate."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from qc.limits.limit import BaseLimit, Positive

FLUX_CADENCE_S = 1_800
"""Averaging interval of eddy-covariance fluxes [s]."""


class Band(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a relation between parameters (`qc.hourly.relation.band`) must lie within, and from which weight on it means anything.

    Attributes
    ----------
    low, high : float or None
        Bounds of the relation's value, in its own unit; None: open.
    floor : float
        Least weight, in its own unit.
    """

    low: float | None = None
    high: float | None = None
    floor: float = 0.0


class IonBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ion_balance"):
    """Equivalents of cations over anions [1]; ``floor`` is the mass of the ions."""


class AmmoniumBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ammonium_balance"):
    """Ammonium over sulfate and nitrate in equivalents [1]; ``floor`` is their mass."""


class MassClosure(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="mass_closure"):
    """Reconstructed mass over PM2.5 [1]; ``floor`` is PM2.5."""


class OcEcRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="oc_ec_ratio"):
    """OC over EC [1]; ``floor`` is EC."""


class PotassiumRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="potassium_ratio"):
    """Water-soluble over total potassium [1]; ``floor`` is the total."""


class SulfurRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="sulfur_ratio"):
    """Sulfur as sulfate over sulfate [1]; ``floor`` is sulfate."""


class BlackCarbonRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="bc_ec_ratio"):
    """Black over elemental carbon [1]; ``floor`` is EC."""


class NitrogenOxides(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="nox_sum"):
    """NO2 and NO as NO2, over NOx [1]; ``floor`` is NOx."""


class OzoneWithNo(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ozone_with_no"):
    """NO beside ozone; ``floor`` is the ozone from which on it is looked at."""


class InversionRate(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pm_inversion_rate"):
    """Part of a day in which PM2.5 was above PM10 [1]; ``floor`` is the number of hours."""


class LocalContamination(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="local_contamination"):
    """Rise of CO2 above its surroundings; ``floor`` is that of CO."""


class CovariationBand(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="co2_ch4_covariation"):
    """Correlation of CO2 and CH4 over two days [1]; ``floor`` is the standard deviation of CO2."""


class XyleneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="xylene_ratio"):
    """m/p- over o-xylene [1]; ``floor`` is o-xylene."""


class PentaneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pentane_ratio"):
    """i- over n-pentane [1]; ``floor`` is n-pentane."""


class BenzeneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="benzene_ratio"):
    """Toluene over benzene [1]; ``floor`` is benzene."""


class EthylbenzeneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ethylbenzene_ratio"):
    """Ethylbenzene over m/p-xylene [1]; ``floor`` is m/p-xylene."""


class VocSum(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="voc_sum"):
    """Carbon of the species over TNMHC [1]; ``floor`` is TNMHC."""


class FrozenSoil(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="frozen_soil"):
    """Least soil temperature beside a soil moisture [degC]; ``floor`` is always reached."""


class RadiationBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="radiation_balance"):
    """Net radiation minus its parts [W m⁻²]; ``floor`` is always reached."""


class ShortWaveRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="short_wave_ratio"):
    """Reflected over global radiation [1]; ``floor`` is the global radiation."""


class EnergyBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="energy_balance"):
    """Turbulent fluxes over available energy [1]; ``floor`` is the available energy [W m⁻²]."""


class FrictionVelocity(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="weak_turbulence"):
    """Least friction velocity for a flux [m s⁻¹]; ``floor`` is always reached."""


class ParAtNight(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="par_at_night"):
    """PAR while the sun is more than six degrees below the horizon; ``floor`` 1 is night."""


class NdviJump(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ndvi_jump"):
    """Change of NDVI against the values before [1]; ``floor`` is always reached."""


class VocPattern(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="voc_pattern"):
    """Factors of their medians by which species are high or low, and the part of them that makes a calibration or blank run [1]."""

    high: Annotated[float, Meta(gt=1)]
    low: Annotated[float, Meta(gt=0, lt=1)]
    share: Annotated[float, Meta(gt=0.5, le=1)]


class DoseRise(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dose_rise"):
    """When a dose rate is above the dry baseline, and what rain may explain; see `qc.hourly.relation.rad.RiseLimit`."""

    sigma: Positive
    relative: Positive
    most_relative: Positive
    most: Positive
    dry_hours: Annotated[int, Meta(ge=6)]
    history_h: Annotated[int, Meta(ge=24, le=1_440)]


class OxBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ox_balance"):
    """Least sum of ozone and NO2, as ozone; ``floor`` is always reached."""


class HourNoise(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hour_noise"):
    """Standard deviation of a gas within an hour, of its unit; ``floor`` is always reached."""


class FluxSpike(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="flux_spike"):
    """Double differences of a half-hourly flux beyond ``factor`` robust deviations [1] within the last ``window_h`` [h]."""

    factor: Positive
    window_h: Annotated[int, Meta(ge=24, le=1_440)]

    @property
    def look_back_s(self) -> float:
        """See `BaseLimit`."""
        return 3600.0 * self.window_h


NetworkLimit = (
    OxBalance
    | HourNoise
    | FluxSpike
    | IonBalance
    | AmmoniumBalance
    | MassClosure
    | OcEcRatio
    | PotassiumRatio
    | SulfurRatio
    | BlackCarbonRatio
    | NitrogenOxides
    | OzoneWithNo
    | InversionRate
    | LocalContamination
    | CovariationBand
    | XyleneRatio
    | PentaneRatio
    | BenzeneRatio
    | EthylbenzeneRatio
    | VocSum
    | FrozenSoil
    | RadiationBalance
    | ShortWaveRatio
    | EnergyBalance
    | FrictionVelocity
    | ParAtNight
    | NdviJump
    | VocPattern
    | DoseRise
)
