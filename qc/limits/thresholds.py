"""Limits of the tests from ``thresholds.toml``, and the one that holds for a parameter, station and month.

A limit is for one test and names parameters or groups of the registry; it may be narrowed to a network, a station and
months. Of several that fit, the narrowest wins: station before months before network before parameter before group. A
second file (next to the network file, `OVERRIDES_NAME`) replaces or adds limits without code. Without a limit the test is not
evaluated, which is counted, and is no pass.

Errors: `qc.limits.load.ThresholdError`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from qc.limits.limit import BaseLimit, HourRule, tag_of
from qc.limits.load import LimitKinds, ThresholdError, fail, parse_limits
from schemas.parameter import UnknownParameterError, load_parameters, parameter
from schemas.text_file import read_text
from schemas.units import unit_named

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PACKAGED = Path(__file__).with_name("thresholds.toml")
OVERRIDES_NAME = "thresholds.toml"
_Kind = TypeVar("_Kind", bound=BaseLimit)
_Rule = TypeVar("_Rule", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class _Key:
    """Where one limit holds; None: everywhere."""

    kind: type[BaseLimit]
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
    kinds : LimitKinds
        What the files may contain.
    """

    hour: HourRule
    version: str
    kinds: LimitKinds
    _limits: Mapping[_Key, BaseLimit]
    _rules: Mapping[type[msgspec.Struct], msgspec.Struct]
    _found: dict[tuple[object, ...], BaseLimit | None] = field(default_factory=dict, repr=False)

    def find(self, kind: type[_Kind], code: str, *, network: str, station_id: str, month: int) -> _Kind | None:
        """Narrowest limit of a test for a parameter at a station in a civil month; None: not evaluated."""
        # A run needs the same few limits for every stream; few stations have own limits.
        station = station_id if station_id in self._stations else None
        key = (kind, code, network, station, month)
        try:
            found = self._found[key]
        except KeyError:
            found = self._found[key] = self._resolve(kind, code, network, station, month)
        return found if isinstance(found, kind) else None

    def rule(self, kind: type[_Rule]) -> _Rule | None:
        """Rule that holds for all parameters, such as the one of clocks; None: no file states it."""
        found = self._rules.get(kind)
        return found if isinstance(found, kind) else None

    @cached_property
    def _stations(self) -> frozenset[str | None]:
        """Stations with own limits."""
        return frozenset(key.station for key in self._limits)

    def _resolve(
        self, kind: type[BaseLimit], code: str, network: str, station_id: str | None, month: int
    ) -> BaseLimit | None:
        for station, at_month, of_network, by_group in product(
            (station_id, None), (month, None), (network, None), (False, True)
        ):
            found = self._limits.get(_Key(kind, code, by_group, of_network, station, at_month))
            if found is not None:
                return found
        return None

    def all_of(self, code: str, *, network: str, station_id: str, month: int) -> list[BaseLimit]:
        """Limits of all tests that hold for a parameter at a station in a month."""
        kinds = self.kinds.limits.values()
        found = (self.find(kind, code, network=network, station_id=station_id, month=month) for kind in kinds)
        return [limit for limit in found if limit is not None]

    def of_kind(self, kind: type[_Kind]) -> list[_Kind]:
        """All limits of a test."""
        return [limit for limit in self._limits.values() if isinstance(limit, kind)]

    def longest_native_window_s(self, codes: Collection[str] | None = None) -> float:
        """Longest look-back that a native test of any of the parameters (None: of all) needs [s]."""
        limits = self._of(codes)
        return max((limit.look_back_s for limit in limits), default=0.0)

    def longest_hourly_window_h(self, codes: Collection[str] | None = None) -> int:
        """Longest look-back that an hourly test of any of the parameters (None: of all) needs [h]."""
        return max((limit.look_back_h for limit in self._of(codes)), default=1)

    def _of(self, codes: Collection[str] | None) -> Iterator[BaseLimit]:
        return (limit for key, limit in self._limits.items() if codes is None or key.parameter in codes)


def load_thresholds(
    kinds: LimitKinds, overrides: Path | None = None, stations: Collection[str] | None = None
) -> Thresholds:
    """Read the packaged limits and, where it exists, a file that overrides them.

    Parameters
    ----------
    kinds : LimitKinds
    overrides : Path or None
    stations : collection of str or None
        Known station ids; a limit for another station is an error. None: not checked.

    Raises
    ------
    ThresholdError
    """
    files = [(PACKAGED, read_text(PACKAGED, ThresholdError))]
    if overrides is not None and overrides.exists():
        files.append((overrides, read_text(overrides, ThresholdError)))
    known = None if stations is None else frozenset(stations)
    return _merge(tuple((str(path), text) for path, text in files), kinds, known)


def parse_thresholds(text: str, name: str, kinds: LimitKinds) -> Thresholds:
    """Limits of one file alone; raises `ThresholdError`."""
    return _merge(((name, text),), kinds, None)


@cache
def _merge(files: tuple[tuple[str, str], ...], kinds: LimitKinds, stations: frozenset[str] | None) -> Thresholds:
    hour: HourRule | None = None
    rules: dict[type[msgspec.Struct], msgspec.Struct] = {}
    limits: dict[_Key, BaseLimit] = {}
    for name, text in files:
        parsed = parse_limits(text, name, kinds)
        hour = parsed.hour or hour
        rules.update(parsed.rules)
        limits.update(_expand(parsed.limits, name, stations))
    digest = hashlib.sha256("\0".join(text for _, text in files).encode()).hexdigest()
    return Thresholds(hour or _packaged_hour(), digest[:12], kinds, limits, rules)


def _packaged_hour() -> HourRule:
    """Rule of the hour where a file states none, as files that only add limits do."""
    hour = parse_limits(read_text(PACKAGED, ThresholdError), str(PACKAGED), LimitKinds({}, {}, is_partial=True)).hour
    assert hour is not None, "the packaged file has it"
    return hour


def _expand(
    placed: tuple[tuple[str, BaseLimit], ...], name: str, stations: frozenset[str] | None
) -> dict[_Key, BaseLimit]:
    """One key for each parameter and month of each limit."""
    limits: dict[_Key, BaseLimit] = {}
    for at, limit in placed:
        place = f"{at} ({tag_of(limit)})"
        _check(limit, name, place, stations)
        for code, by_group in _codes(limit, name, place):
            for month in limit.months or (None,):
                key = _Key(type(limit), code, by_group, limit.network, limit.station, month)
                if key in limits:
                    fail(name, place, f"{code!r} is already limited by another limit of the same narrowness")
                limits[key] = limit
    return limits


def _codes(limit: BaseLimit, name: str, place: str) -> Iterator[tuple[str, bool]]:
    for code in limit.parameters:
        try:
            parameter(code)
        except UnknownParameterError as error:
            fail(name, f"{place}.parameters", str(error))
        yield from _with_unit(code, limit, name, place, by_group=False)
    for item in load_parameters().values():
        if item.group in limit.groups:
            yield from _with_unit(item.parameter, limit, name, place, by_group=True)


def _with_unit(code: str, limit: BaseLimit, name: str, place: str, *, by_group: bool) -> Iterator[tuple[str, bool]]:
    if unit_named(limit.unit) != parameter(code).unit:
        fail(name, f"{place}.unit", f"{limit.unit!r}, but {code!r} is kept in {parameter(code).unit!r}")
    yield code, by_group


def _check(limit: BaseLimit, name: str, place: str, stations: frozenset[str] | None) -> None:
    if not limit.parameters and not limit.groups:
        fail(name, place, "expected parameters or groups")
    if limit.station is not None and stations is not None and limit.station not in stations:
        fail(name, f"{place}.station", f"unknown station {limit.station!r}")
    unreal = limit.not_finite()
    if unreal is not None:
        fail(name, f"{place}.{unreal}", "expected a finite number")
    wrong = limit.mistake()
    if wrong is None and any(parameter(code).period for code in limit.parameters if code in load_parameters()):
        wrong = limit.without_meaning()
    if wrong is not None:
        fail(name, place, wrong)
