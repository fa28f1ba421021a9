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


class _Check(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far data are marked back where no good check is on record [h]."""

    back_h: Annotated[float, Meta(gt=0, le=8_784)] = 168.0


class ZeroCheck(_Check, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="zero_check"):
    """Zero drift in percent of ``full_scale`` [canonical unit]: beyond ``adjust_pct`` calibrate, beyond ``invalid_pct`` the data fail."""

    full_scale: Positive
    adjust_pct: Positive
    invalid_pct: Positive


class SpanCheck(_Check, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="span_check"):
    """Span drift in percent of the reference, likewise."""

    adjust_pct: Positive
    invalid_pct: Positive


class FlowCheck(_Check, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="flow_check"):
    """Flow that was measured against the set one, in percent of this, likewise."""

    adjust_pct: Positive
    invalid_pct: Positive


class TargetCheck(_Check, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="target_check"):
    """Residual of a target gas, beyond which data are suspect back to the last good target [canonical unit]."""

    goal: Positive


class _Space(_Limit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What both tests in space state.

    Attributes
    ----------
    radius_km, height_m : float
        How far away, and how much higher or lower, a station of like kind may be to count.
    min_neighbours : int
        Fewer: not judged.
    deviations : float
        SUSPECT beyond so many robust standard deviations [1].
    floor : float
        Least standard deviation, unit of the parameter.
    relative : float
        Least standard deviation as a part of the level around [1].
    """

    radius_km: Positive
    height_m: Positive
    min_neighbours: Annotated[int, Meta(ge=2)]
    deviations: Positive
    floor: Positive
    relative: Annotated[float, Meta(ge=0)] = 0.0


class Buddy(_Space, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="buddy"):
    """A value against the median of its neighbours."""


class SpatialConsistency(_Space, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="spatial_consistency"):
    """A value against what the others let expect there by optimal interpolation.

    Attributes
    ----------
    length_km, length_m : float
        Scales over which departures resemble each other, across and in height.
    noise : float
        Variance of what a station alone has, by that of the field [1].
    """

    length_km: Positive
    length_m: Positive
    noise: Positive


class Weight(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one piece of evidence adds to the log-odds of an event: where it speaks for one, and where for a fault."""

    name: str
    event: Annotated[float, Meta(ge=0, le=6)]
    fault: Annotated[float, Meta(ge=-6, le=0)]
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


class VerdictRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weights of `qc.verdict`; ``prior`` are the log-odds of an event before anything is known [1]."""

    prior: Annotated[float, Meta(ge=-6, le=6)]
    source: Annotated[str, Meta(min_length=3)]
    verified: bool
    evidence: tuple[Weight, ...]


Limit = GrossRange | Spike | RateOfChange | FlatLine | HourlySpike | HourlyFlat | PmInversion
_Calibration = ZeroCheck | SpanCheck | FlowCheck | TargetCheck
Limit |= _Calibration | Buddy | SpatialConsistency
_Kind = TypeVar("_Kind", bound=_Limit)


class HourRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an hour is valid: least share of its native values [1]."""

    min_completeness: Annotated[float, Meta(gt=0, le=1)]
    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    hour: HourRule | None = None
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
    verdict : VerdictRule or None
        None: `qc.verdict` cannot be asked.
    version : str
        First 12 hex digits of the SHA-256 of the files' text: kept with every run.
    """

    hour: HourRule
    version: str
    _limits: Mapping[_Key, Limit]
    verdict: VerdictRule | None = None

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

    def widest_radius_km(self) -> float:
        """How far neighbours may be away [km]."""
        return max((limit.radius_km for limit in self._limits.values() if isinstance(limit, _Space)), default=0.0)

    def longest_native_window_s(self) -> float:
        """Longest look-back that a native test needs [s]."""
        return max((limit.suspect_s for limit in self._limits.values() if isinstance(limit, FlatLine)), default=0.0)

    def longest_hourly_window_h(self) -> int:
        """Longest look-back that an hourly test needs [h]."""
        return max((limit.hours for limit in self._limits.values() if isinstance(limit, HourlyFlat)), default=1)


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
    verdict: VerdictRule | None = None
    limits: dict[_Key, Limit] = {}
    for name, text in files:
        parsed = _parse(text, name)
        hour = parsed.hour or hour
        verdict = parsed.verdict or verdict
        limits.update(_expand(parsed, name, stations))
    if hour is None:
        _fail(files[0][0], "hour", "the table [hour] is missing")
    digest = hashlib.sha256("\0".join(text for _, text in files).encode()).hexdigest()
    return Thresholds(hour, digest[:12], limits, verdict)


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
    if isinstance(limit, ZeroCheck | SpanCheck | FlowCheck) and limit.adjust_pct > limit.invalid_pct:
        _fail(name, place, "expected adjust_pct <= invalid_pct")
    if isinstance(limit, GrossRange):
        bounds = [limit.fail_min, limit.suspect_min, limit.suspect_max, limit.fail_max]
        given = [bound for bound in bounds if bound is not None]
        if not given or given != sorted(given) or len(set(given)) < len(given):
            _fail(name, place, "expected fail_min < suspect_min < suspect_max < fail_max, at least one of them")


def _fail(name: str, place: str, what: str) -> NoReturn:
    msg = f"{name}: {place}: {what}"
    raise ThresholdError(msg)
