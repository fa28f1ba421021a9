"""Faults drawn at random for a planned week: kind, instrument, channel, size and length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.verdict.flaw import Flaw
from sensors.simulator.checks import TARGET_VALUE
from sensors.simulator.faults import SPAN_VALUE
from sensors.simulator.layout import kind_of
from sensors.simulator.profiles import load_profiles

if TYPE_CHECKING:
    from schemas.interval import Interval
    from schemas.network import Instrument, Station

_HOUR_S = 3600.0
_FAULTS = ("step", "stuck", "spike", "calibration", "clock", "outage")
_FAULT_SHARE = (0.24, 0.16, 0.17, 0.19, 0.2, 0.04)
_REPORTED = frozenset({"step", "stuck", "calibration"})
_WIDE = frozenset({"gc", "xrf", "ions", "ocec", "ghg"})
"""Kinds of instruments of which one fault concerns all channels."""
CHECKED = frozenset(SPAN_VALUE) | frozenset(TARGET_VALUE)
"""Parameters that zero, span and target gas check."""
_RARE = frozenset({"met", "ceil", "flux", "soil", "water"})


def _chosen(station: Station, rng: np.random.Generator) -> Instrument:
    weight = np.array([0.25 if kind_of(item) in _RARE else 1.0 for item in station.instruments])
    return station.instruments[int(rng.choice(len(weight), p=weight / weight.sum()))]


def _channel(instrument: Instrument, rng: np.random.Generator) -> str:
    typical = dict(zip(load_profiles().parameters, load_profiles().background, strict=True))
    known = [code for code in instrument.parameters if code not in {"rain", "wind_direction"}]
    if "o3" in known and rng.random() < 0.3:
        return "o3"  # one of seven gases, but a quarter of all questions
    likely = [code for code in known if kind_of(instrument) != "gc" or typical.get(code, 0) > 0.1] or known
    return likely[int(rng.integers(len(likely)))]


def draw_flaw(station: Station, begin: float, rng: np.random.Generator) -> Flaw:
    """Draw a fault of a station that begins at ``begin`` [epoch seconds]."""
    kind = str(rng.choice(_FAULTS, p=_FAULT_SHARE))
    instrument = _chosen(station, rng)
    if kind == "calibration":
        checked = [item for item in station.instruments if kind_of(item) == "gc" or CHECKED & set(item.parameters)]
        instrument, kind = (checked[int(rng.integers(len(checked)))], kind) if checked else (instrument, "step")
    made = {
        "step": _step, "stuck": _stuck, "spike": _spike, "calibration": _calibration, "clock": _clock, "outage": _outage,
    }[kind]  # fmt: skip
    variant, code, hours, size, is_seen = made(instrument, rng)
    begin = instrument.cadence_s * float(np.floor(begin / instrument.cadence_s))
    return Flaw(
        kind=kind, variant=variant, station_id=station.id, instrument_id=instrument.id, parameter=code, start=begin,
        end=begin + hours * _HOUR_S, size=size, is_seen=is_seen,
        is_reported=kind in _REPORTED and not is_seen and bool(rng.random() < 0.1),
    )  # fmt: skip


_Drawn = tuple[str, "str | None", float, float, bool]


def _gain(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(1.6), np.log(5)))) if rng.random() < 0.65 else float(rng.uniform(0.1, 0.6))


def _step(instrument: Instrument, rng: np.random.Generator) -> _Drawn:
    hours = float(rng.uniform(6, 60))
    if kind_of(instrument) in _WIDE and rng.random() < 0.35:
        size = float(rng.uniform(1.5, 3) if rng.random() < 0.65 else rng.uniform(0.3, 0.65))
        return "all_channels", None, hours, size, False
    code, is_seen = _channel(instrument, rng), bool(rng.random() < 0.25)
    if rng.random() < 0.5:
        return "gain", code, hours, _gain(rng), is_seen
    return "offset", code, hours, float(rng.choice([-1, 1], p=[0.3, 0.7]) * rng.uniform(4, 12)), False


def _stuck(instrument: Instrument, rng: np.random.Generator) -> _Drawn:
    return (
        "flicker" if rng.random() < 0.2 else "exact",
        _channel(instrument, rng),
        float(rng.uniform(4, 30)),
        0.0,
        False,
    )


def _spike(instrument: Instrument, rng: np.random.Generator) -> _Drawn:
    an_hour = _HOUR_S / instrument.cadence_s
    readings = int(rng.integers(1, 4)) if an_hour > 6 else 1
    hours = readings / an_hour
    size = float(rng.uniform(4, 14)) * max(1.0, an_hour / readings)
    return "spike", _channel(instrument, rng), hours, size, False


def _calibration(instrument: Instrument, rng: np.random.Generator) -> _Drawn:
    if kind_of(instrument) == "gc":
        is_blank = bool(rng.random() < 0.4)
        return "run", None, 1.0, float(rng.uniform(0.005, 0.04) if is_blank else rng.uniform(16, 40)), False
    gases = [code for code in instrument.parameters if code in CHECKED]
    if kind_of(instrument) == "gas" and rng.random() < 0.25:
        return "span", None, float(rng.uniform(0.3, 0.9)), 0.0, False
    code = gases[int(rng.integers(len(gases)))]
    if rng.random() < 0.4:
        return "dead", code, float(rng.uniform(36, 90)), float(rng.uniform(0.02, 0.2)), True
    return "gain", code, float(rng.uniform(36, 90)), _gain(rng), True


def _clock(instrument: Instrument, rng: np.random.Generator) -> _Drawn:
    cadence, hours = instrument.cadence_s, float(rng.uniform(1.5, 12))
    if rng.random() < 0.25:
        return "jitter", None, hours, float(min(cadence / 2, rng.uniform(12, 300))), False
    jump = float(rng.integers(70, 3300))
    jump += 17.0 if abs((jump + cadence / 2) % cadence - cadence / 2) < 0.05 * cadence else 0.0
    return "jump", None, hours + max(0.0, cadence / _HOUR_S - 1), float(rng.choice([-1, 1]) * jump), False


def _outage(instrument: Instrument, rng: np.random.Generator) -> _Drawn:
    _ = instrument
    return "outage", None, float(rng.uniform(3, 12)), 0.0, False


def draw_drift(station: Station, week: Interval, rng: np.random.Generator) -> Flaw:
    """Draw a slow drift that begins in the first three days and lasts."""
    instrument = _chosen(station, rng)
    start, end = week.start.timestamp() + rng.uniform(0, 72) * _HOUR_S, week.end.timestamp()
    is_gain = bool(rng.random() < 0.6)
    size = float(rng.uniform(1.5, 3.5) if rng.random() < 0.6 else rng.uniform(0.15, 0.55))
    offset = float(rng.choice([-1, 1]) * rng.uniform(4, 12))
    return Flaw(
        kind="drift", variant="gain" if is_gain else "offset", station_id=station.id, instrument_id=instrument.id,
        parameter=_channel(instrument, rng), start=float(start), end=end, size=size if is_gain else offset,
        is_seen=is_gain and bool(rng.random() < 0.3),
    )  # fmt: skip
