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
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from qc.limits.limit import (
    AttenuatedSignal,
    Climatology,
    DetectionLimit,
    DriftLimit,
    Isolated,
    Positive,
    Regime,
    Resolution,
    Rollover,
    SpikeBurst,
    Step,
    VarianceChange,
)
from qc.limits.limit import BaseLimit as _Limit
from qc.limits.relation import DoseRise, NetworkLimit
from qc.limits.space import Space, SpaceLimit, VerdictRule
from schemas.parameter import UnknownParameterError, load_parameters, parameter
from schemas.units import unit_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PACKAGED = Path(__file__).with_name("thresholds.toml")
OVERRIDES_NAME = "thresholds.toml"
_HISTORY_H = {"gas": 24, "ghg": 72, "voc": 72}
"""Hours of the past by network: medians of species, two gases together, a day of inversions."""


class ThresholdError(ValueError):
    """A threshold file that cannot be used; the message names file, place and expectation."""


class GrossRange(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="gross_range"):
    """Spans; an absent fail bound is the physical range of the parameter registry, an absent suspect bound none."""

    suspect_min: float | None = None
    suspect_max: float | None = None
    fail_min: float | None = None
    fail_max: float | None = None

    def mistake(self) -> str | None:
        """See `_Limit`."""
        bounds = [self.fail_min, self.suspect_min, self.suspect_max, self.fail_max]
        given = [bound for bound in bounds if bound is not None]
        if not given or given != sorted(given) or len(set(given)) < len(given):
            return "expected fail_min < suspect_min < suspect_max < fail_max, at least one of them"
        return None


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

    @property
    def look_back_s(self) -> float:
        """See `_Limit`."""
        return self.suspect_s


class HourlySpike(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hourly_spike"):
    """An hour above ``ratio`` times the mean of its neighbours and more than ``increment`` above it."""

    ratio: Annotated[float, Meta(gt=1)]
    increment: Positive

    def without_meaning(self) -> str | None:
        """See `_Limit`."""
        return "ratio: a direction has no zero to be measured from"


class HourlyFlat(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="hourly_flat"):
    """How many hourly values in a row may lie within ``tolerance``; hours at or below ``above`` are not judged."""

    hours: Annotated[int, Meta(ge=2, le=72)]
    tolerance: Positive
    above: float | None = None


class PmInversion(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pm_inversion"):
    """PM2.5 above ``ratio`` times PM10 and more than ``difference`` above it."""

    ratio: Annotated[float, Meta(ge=1)]
    difference: Positive


class InstrumentUncertainty(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="uncertainty"):
    """Standard uncertainty that the instrument's maker or calibration states: no test, a figure beside every hour.

    Attributes
    ----------
    relative : float
        Part of the value [1].
    absolute : float
        In the unit of the value.
    """

    relative: Annotated[float, Meta(ge=0)] = 0.0
    absolute: Annotated[float, Meta(ge=0)] = 0.0


class LearntAnomaly(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="learnt_anomaly"):
    """What the learnt detector is given beforehand.

    Attributes
    ----------
    prior_min, prior_max : float
        Values outside are suspicious and take no part in any background.
    least_offset : float or None
        Smallest wrong setting between two visits worth a correction; None: the sensor is not set at visits.
    """

    prior_min: float
    prior_max: float
    least_offset: Positive | None = None

    def mistake(self) -> str | None:
        """See `_Limit`."""
        if self.prior_min < self.prior_max:
            return None
        return f"prior_min {self.prior_min}, prior_max {self.prior_max}: expected prior_min < prior_max"


Limit = (
    GrossRange
    | Spike
    | RateOfChange
    | FlatLine
    | Climatology
    | DetectionLimit
    | SpikeBurst
    | AttenuatedSignal
    | Step
    | VarianceChange
    | Regime
    | Resolution
    | Rollover
    | Isolated
    | DriftLimit
    | HourlySpike
    | HourlyFlat
    | PmInversion
    | NetworkLimit
    | LearntAnomaly
    | InstrumentUncertainty
    | SpaceLimit
)
_Kind = TypeVar("_Kind", bound=_Limit)


class HourRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an hour is valid: least share of its native values [1]."""

    min_completeness: Annotated[float, Meta(gt=0, le=1)]
    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


class ClockRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a reading is off the grid of its instrument; see `qc.native.timing.clock_test`.

    Attributes
    ----------
    tolerance_s : float
        [s]
    least_share : float
        Share of readings that must keep to one phase, or the instrument has no grid [1].
    """

    tolerance_s: Positive
    least_share: Annotated[float, Meta(gt=0.5, le=1)]
    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    hour: HourRule | None = None
    clock: ClockRule | None = None
    verdict: VerdictRule | None = None
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
    clock : ClockRule or None
        None: clocks are not judged.
    verdict : VerdictRule or None
        None: `qc.verdict` cannot be asked.
    """

    hour: HourRule
    version: str
    _limits: Mapping[_Key, Limit]
    clock: ClockRule | None = None
    verdict: VerdictRule | None = None
    _found: dict[tuple[object, ...], Limit | None] = field(default_factory=dict, repr=False)

    def find(self, kind: type[_Kind], code: str, *, network: str, station_id: str, month: int) -> _Kind | None:
        """Narrowest limit of a test for a parameter at a station in a civil month; None: not evaluated."""
        # A run asks for the same few limits of every stream again and again; few stations have limits of their own.
        station = station_id if station_id in self._stations else None
        asked = (kind, code, network, station, month)
        try:
            found = self._found[asked]
        except KeyError:
            found = self._found[asked] = self._resolve(kind, code, network, station, month)
        return found if isinstance(found, kind) else None

    @cached_property
    def _stations(self) -> frozenset[str | None]:
        """Stations that have limits of their own."""
        return frozenset(key.station for key in self._limits)

    def _resolve(self, kind: type[_Limit], code: str, network: str, station_id: str | None, month: int) -> Limit | None:
        for station, at_month, of_network, by_group in product(
            (station_id, None), (month, None), (network, None), (False, True)
        ):
            found = self._limits.get(_Key(kind, code, by_group, of_network, station, at_month))
            if found is not None:
                return found
        return None

    def all_of(self, code: str, *, network: str, station_id: str, month: int) -> list[Limit]:
        """Limits of all tests that hold for a parameter at a station in a month."""
        kinds = Limit.__args__
        found = (self.find(kind, code, network=network, station_id=station_id, month=month) for kind in kinds)
        return [limit for limit in found if limit is not None]

    def of_kind(self, kind: type[_Kind]) -> list[_Kind]:
        """All limits of a test."""
        return [limit for limit in self._limits.values() if isinstance(limit, kind)]

    def widest_radius_km(self) -> float:
        """How far neighbours may be away [km]."""
        return max((limit.radius_km for limit in self._limits.values() if isinstance(limit, Space)), default=0.0)

    def longest_native_window_s(self, codes: Collection[str] | None = None) -> float:
        """Longest look-back that a native test of any of the parameters (None: of all) needs [s]."""
        limits = self._of(codes)
        return max((limit.look_back_s for limit in limits), default=0.0)

    def longest_hourly_window_h(self, codes: Collection[str] | None = None) -> int:
        """Longest look-back that an hourly test of any of the parameters (None: of all) needs [h]."""
        return max((limit.hours for limit in self._of(codes) if isinstance(limit, HourlyFlat)), default=1)

    def _of(self, codes: Collection[str] | None) -> Iterator[Limit]:
        return (limit for key, limit in self._limits.items() if codes is None or key.parameter in codes)

    def history_h(self, network: str) -> int:
        """Hours of the past that the hourly tests of one network need for its ordinary state [h]."""
        if network == "rad":
            return max((limit.history_h for limit in self._limits.values() if isinstance(limit, DoseRise)), default=0)
        return _HISTORY_H.get(network, 0)


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
    clock: ClockRule | None = None
    verdict: VerdictRule | None = None
    limits: dict[_Key, Limit] = {}
    for name, text in files:
        parsed = _parse(text, name)
        hour = parsed.hour or hour
        clock = parsed.clock or clock
        verdict = parsed.verdict or verdict
        limits.update(_expand(parsed, name, stations))
    if hour is None:
        hour = _packaged_hour()
    digest = hashlib.sha256("\0".join(text for _, text in files).encode()).hexdigest()
    return Thresholds(hour, digest[:12], limits, clock, verdict)


def _packaged_hour() -> HourRule:
    """Rule of the hour where a file states none, as files that only add limits do."""
    hour = _parse(_read(PACKAGED), str(PACKAGED)).hour
    assert hour is not None, "the packaged file has it"
    return hour


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
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
    if unit_named(limit.unit) != parameter(code).unit:
        _fail(name, f"{place}.unit", f"{limit.unit!r}, but {code!r} is kept in {parameter(code).unit!r}")
    yield code, by_group


def _check(limit: Limit, name: str, place: str, stations: frozenset[str] | None) -> None:
    if not limit.parameters and not limit.groups:
        _fail(name, place, "expected parameters or groups")
    if limit.station is not None and stations is not None and limit.station not in stations:
        _fail(name, f"{place}.station", f"unknown station {limit.station!r}")
    unreal = limit.not_finite()
    if unreal is not None:
        _fail(name, f"{place}.{unreal}", "expected a finite number")
    wrong = limit.mistake()
    if wrong is None and any(parameter(code).period for code in limit.parameters if code in load_parameters()):
        wrong = limit.without_meaning()
    if wrong is not None:
        _fail(name, place, wrong)


def _fail(name: str, place: str, what: str) -> NoReturn:
    msg = f"{name}: {place}: {what}"
    raise ThresholdError(msg)
