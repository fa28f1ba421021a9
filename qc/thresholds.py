"""Limits of the tests, read strictly from ``thresholds.toml``.

A limit is for one test and names parameters or groups of the registry; it may be narrowed to a network, a station and
months. Of several that fit, the narrowest wins: station before months before network before parameter before group. A
second file (beside the network file, `OVERRIDES_NAME`) replaces or adds limits without code. No limit: the test is not
evaluated, which is counted, and is no pass.

Errors::

    ThresholdError    names file and place: unknown key, parameter, station, unit; a limit given twice
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from schemas.message import NetworkCode
from schemas.parameter import ParameterGroup, UnknownParameterError, load_parameters, parameter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PACKAGED = Path(__file__).with_name("thresholds.toml")
OVERRIDES_NAME = "thresholds.toml"

Positive = Annotated[float, Meta(gt=0)]
Month = Annotated[int, Meta(ge=1, le=12)]


class ThresholdError(ValueError):
    """A threshold file that cannot be used; the message names file, place and expectation."""


class _Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="test"):
    """What every limit states.

    Attributes
    ----------
    unit : str
        Canonical unit of all its parameters; stated so that a reader cannot mistake the figures.
    source : str
    verified : bool
        Whether the source's own text was read.
    parameters : tuple of str
    groups : tuple of ParameterGroup
    network : NetworkCode or None
    station : str or None
    months : tuple of int
        Civil months, 1 to 12; empty is all.
    """

    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool
    parameters: tuple[str, ...] = ()
    groups: tuple[ParameterGroup, ...] = ()
    network: NetworkCode | None = None
    station: str | None = None
    months: tuple[Month, ...] = ()


class GrossRange(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="gross_range"):
    """Spans; an absent fail bound is the physical range of the parameter registry, an absent suspect bound none."""

    suspect_min: float | None = None
    suspect_max: float | None = None
    fail_min: float | None = None
    fail_max: float | None = None


class Spike(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spike"):
    """Distance of a native value from both neighbours; ``relative`` to their mean [1]."""

    suspect: Positive
    relative: Annotated[float, Meta(ge=0)] = 0.0


class RateOfChange(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rate_of_change"):
    """Change per minute, of native values."""

    suspect_per_minute: Positive


class FlatLine(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="flat_line"):
    """How long native values may stay within ``tolerance`` [s]; values at or below ``above`` are not judged."""

    suspect_s: Positive
    tolerance: Positive
    above: float | None = None


class HourlySpike(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hourly_spike"):
    """An hour above ``ratio`` times the mean of its neighbours and more than ``increment`` above it."""

    ratio: Annotated[float, Meta(gt=1)]
    increment: Positive


class HourlyFlat(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hourly_flat"):
    """How many hourly values in a row may lie within ``tolerance``; hours at or below ``above`` are not judged."""

    hours: Annotated[int, Meta(ge=2, le=72)]
    tolerance: Positive
    above: float | None = None


class PmInversion(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pm_inversion"):
    """PM2.5 above ``ratio`` times PM10 and more than ``difference`` above it."""

    ratio: Annotated[float, Meta(ge=1)]
    difference: Positive


FLUX_CADENCE_S = 1_800
"""Averaging interval of eddy-covariance fluxes [s]."""
BaseLimit = _Limit
"""For type bounds."""


class Band(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a relation between parameters (`qc.relation`) must lie within, and from which weight on it means anything.

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


class OxBalance(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ox_balance"):
    """Least sum of ozone and NO2, as ozone; ``floor`` is always reached."""


class InversionRate(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pm_inversion_rate"):
    """Part of three days in which PM2.5 was above PM10 [1]; ``floor`` is the number of hours."""


class HourNoise(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hour_noise"):
    """Standard deviation of a gas within an hour, of its unit; ``floor`` is always reached."""


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


class FluxSpike(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="flux_spike"):
    """Double differences of a half-hourly flux beyond ``factor`` robust deviations [1] within the last ``window_h`` [h]."""

    factor: Positive
    window_h: Annotated[int, Meta(ge=24, le=1_440)]


class VocPattern(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="voc_pattern"):
    """Factors of their medians by which species are high or low, and the part of them that makes a calibration or blank run [1]."""

    high: Annotated[float, Meta(gt=1)]
    low: Annotated[float, Meta(gt=0, lt=1)]
    share: Annotated[float, Meta(gt=0.5, le=1)]


class DoseRise(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="dose_rise"):
    """When a dose rate is above the dry baseline, and what rain may explain; see `qc.checks_rad.RiseLimit`."""

    sigma: Positive
    relative: Positive
    most_relative: Positive
    most: Positive
    dry_hours: Annotated[int, Meta(ge=6)]
    history_h: Annotated[int, Meta(ge=24, le=1_440)]


Limit = (
    GrossRange
    | Spike
    | FluxSpike
    | RateOfChange
    | FlatLine
    | HourlySpike
    | HourlyFlat
    | PmInversion
    | IonBalance
    | AmmoniumBalance
    | MassClosure
    | OcEcRatio
    | PotassiumRatio
    | SulfurRatio
    | BlackCarbonRatio
    | NitrogenOxides
    | OzoneWithNo
    | OxBalance
    | InversionRate
    | HourNoise
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
_Kind = TypeVar("_Kind", bound=_Limit)


class HourRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an hour is valid: least share of its native values [1]."""

    min_completeness: Annotated[float, Meta(gt=0, le=1)]
    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    hour: HourRule | None = None
    limit: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class _Key:
    """Where one limit holds; None: everywhere."""

    kind: type[_Limit]
    parameter: str
    by_group: bool
    network: str | None
    station: str | None
    month: int | None


@dataclass(frozen=True, eq=False)
class Thresholds:
    """All limits, resolved by `find`.

    Attributes
    ----------
    hour : HourRule
    version : str
        First 12 hex digits of the SHA-256 of the files' text: kept with every run.
    """

    hour: HourRule
    version: str
    _limits: Mapping[_Key, Limit]

    def find(self, kind: type[_Kind], code: str, *, network: str, station_id: str, month: int) -> _Kind | None:
        """Narrowest limit of a test for a parameter at a station in a civil month; None: not evaluated."""
        for station, at_month, of_network, by_group in product(
            (station_id, None), (month, None), (network, None), (False, True)
        ):
            found = self._limits.get(_Key(kind, code, by_group, of_network, station, at_month))
            if isinstance(found, kind):
                return found
        return None

    def all_of(self, code: str, *, network: str, station_id: str, month: int) -> list[Limit]:
        """Limits of all tests that hold for a parameter at a station in a month."""
        kinds = Limit.__args__
        found = (self.find(kind, code, network=network, station_id=station_id, month=month) for kind in kinds)
        return [limit for limit in found if limit is not None]

    def longest_native_window_s(self) -> float:
        """Longest look-back that a native test needs [s]."""
        return max((limit.suspect_s for limit in self._limits.values() if isinstance(limit, FlatLine)), default=0.0)

    def flux_window_s(self, network: str, cadence_s: int) -> float:
        """Look-back of the spike test of half-hourly fluxes [s]; 0 for what is none."""
        if network != NetworkCode.ECO or cadence_s != FLUX_CADENCE_S:
            return 0.0
        return max(
            (3600.0 * limit.window_h for limit in self._limits.values() if isinstance(limit, FluxSpike)), default=0.0
        )

    def longest_hourly_window_h(self) -> int:
        """Longest look-back that an hourly test needs [h]."""
        return max((limit.hours for limit in self._limits.values() if isinstance(limit, HourlyFlat)), default=1)

    def history_h(self, network: str) -> int:
        """Hours of the past that the hourly tests of one network need for its ordinary state [h]."""
        wanted = {"rad": DoseRise, "ghg": CovariationBand, "gas": InversionRate, "voc": VocPattern}.get(network)
        if wanted is None:
            return self.longest_hourly_window_h()
        given = [limit.history_h for limit in self._limits.values() if isinstance(limit, DoseRise)]
        return max([*given, 72]) if wanted is DoseRise else 72


def load_thresholds(overrides: Path | None = None, stations: Collection[str] | None = None) -> Thresholds:
    """Read the packaged limits and, where it exists, a file that overrides them.

    Parameters
    ----------
    overrides : Path or None
    stations : collection of str or None
        Known station ids; a limit for another station is an error. None: not checked.

    Raises
    ------
    ThresholdError
    """
    files = [(PACKAGED, _read(PACKAGED))]
    if overrides is not None and overrides.exists():
        files.append((overrides, _read(overrides)))
    return _merge(tuple((str(path), text) for path, text in files), None if stations is None else frozenset(stations))


def parse_thresholds(text: str, name: str) -> Thresholds:
    """Parse one file by itself; raises `ThresholdError`."""
    return _merge(((name, text),), None)


@cache
def _merge(files: tuple[tuple[str, str], ...], stations: frozenset[str] | None) -> Thresholds:
    hour: HourRule | None = None
    limits: dict[_Key, Limit] = {}
    for name, text in files:
        parsed = _parse(text, name)
        hour = parsed.hour or hour
        limits.update(_expand(parsed, name, stations))
    if hour is None:
        _fail(files[0][0], "hour", "the table [hour] is missing")
    digest = hashlib.sha256("\0".join(text for _, text in files).encode()).hexdigest()
    return Thresholds(hour, digest[:12], limits)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}"
        raise ThresholdError(msg) from error


def _parse(text: str, name: str) -> _File:
    try:
        return msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: not TOML: {error}"
        raise ThresholdError(msg) from error
    except msgspec.ValidationError as error:
        msg = f"{name}: {error}"
        raise ThresholdError(msg) from error


def _expand(parsed: _File, name: str, stations: frozenset[str] | None) -> dict[_Key, Limit]:
    """One key for each parameter and month of each limit."""
    limits: dict[_Key, Limit] = {}
    for position, limit in enumerate(parsed.limit):
        place = f"limit[{position}] ({limit.__struct_config__.tag})"
        _check(limit, name, place, stations)
        for code, by_group in _codes(limit, name, place):
            for month in limit.months or (None,):
                key = _Key(type(limit), code, by_group, limit.network, limit.station, month)
                if key in limits:
                    _fail(name, place, f"{code!r} is already limited by another limit of the same narrowness")
                limits[key] = limit
    return limits


def _codes(limit: Limit, name: str, place: str) -> Iterator[tuple[str, bool]]:
    for code in limit.parameters:
        try:
            parameter(code)
        except UnknownParameterError as error:
            _fail(name, f"{place}.parameters", str(error))
        yield from _with_unit(code, limit, name, place, by_group=False)
    for item in load_parameters().values():
        if item.group in limit.groups:
            yield from _with_unit(item.parameter, limit, name, place, by_group=True)


def _with_unit(code: str, limit: Limit, name: str, place: str, *, by_group: bool) -> Iterator[tuple[str, bool]]:
    if parameter(code).unit != limit.unit:
        _fail(name, f"{place}.unit", f"{limit.unit!r}, but {code!r} is kept in {parameter(code).unit!r}")
    yield code, by_group


def _check(limit: Limit, name: str, place: str, stations: frozenset[str] | None) -> None:
    if not limit.parameters and not limit.groups:
        _fail(name, place, "expected parameters or groups")
    if limit.station is not None and stations is not None and limit.station not in stations:
        _fail(name, f"{place}.station", f"unknown station {limit.station!r}")
    if isinstance(limit, GrossRange):
        bounds = [limit.fail_min, limit.suspect_min, limit.suspect_max, limit.fail_max]
        given = [bound for bound in bounds if bound is not None]
        if not given or given != sorted(given) or len(set(given)) < len(given):
            _fail(name, place, "expected fail_min < suspect_min < suspect_max < fail_max, at least one of them")


def _fail(name: str, place: str, what: str) -> NoReturn:
    msg = f"{name}: {place}: {what}"
    raise ThresholdError(msg)
