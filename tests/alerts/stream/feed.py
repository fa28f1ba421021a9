"""Readings for a core of made-up rules, minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from alerts.rules.rules import parse_rules
from alerts.stream.core import Core, CoreMemory
from schemas.interval import Interval
from schemas.network import Instrument, Network, Station
from schemas.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerts.rules.baseline import Baselines
    from alerts.rules.table import AlertRules
    from schemas.alert import AlertTransition

T0 = datetime(2026, 11, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
COMMON = """
[[rule]]
name = "{name}"
title_zh = "甲"
title_en = "A"
advice_zh = "乙"
advice_en = "B"
severity = "warning"
source = "test"
verified = false
"""


def rules_of(*bodies: str) -> AlertRules:
    """Rules r0, r1, ... of the given keys."""
    return parse_rules(
        "".join(COMMON.format(name=f"r{n}") + body + "\n" for n, body in enumerate(bodies)), "rules.toml"
    )


def network_of(stations: int = 1, *, twins: bool = False, cadence_s: int = 60, late_window_h: int = 168) -> Network:
    """Stations s-1, s-2, ... of one city, 10 km apart, each with a gas and a met instrument; with twins two gas ones."""
    gas = tuple(
        Instrument(id=f"gas{n}", network="gas", cadence_s=cadence_s, parameters=("pm25", "pm10", "so2", "co"))  # type: ignore[arg-type]
        for n in range(1, 3 if twins else 2)
    )
    met = Instrument(id="met1", network="met", cadence_s=cadence_s, parameters=("rain", "temperature"))  # type: ignore[arg-type]
    return Network(
        zone="Asia/Shanghai",
        station_list=tuple(
            Station(
                id=f"s-{n}",
                instruments=(*gas, met),
                city="210100",
                lon=123.0,
                lat=41.0 + n * 0.09,
                late_window_h=late_window_h,
            )
            for n in range(1, stations + 1)
        ),
    )


def reading(
    minutes: float, values: dict[str, float], station: str = "s-1", instrument: str = "gas1", **status: str
) -> Reading:
    start = T0 + minutes * MINUTE
    network = "met" if instrument.startswith("met") else "gas"
    return Reading(network, station, instrument, Interval(start, start + MINUTE), values, status)


def core_of(
    *bodies: str,
    network: Network | None = None,
    baselines: Baselines | None = None,
    memory: CoreMemory | None = None,
) -> Core:
    return Core(rules_of(*bodies), network or network_of(), {}, baselines=baselines, memory=memory)


def play(core: Core, readings: Iterable[Reading]) -> list[AlertTransition]:
    """Each reading received a second after its end."""
    return [change for item in readings for change in core.observe([item], item.interval.end + timedelta(seconds=1))]


def moves(found: Iterable[AlertTransition]) -> list[tuple[str, str, float]]:
    """Rule, new state and minutes since `T0` of each."""
    return [(item.rule, item.to_state.value, (item.at - T0) / MINUTE) for item in found]
