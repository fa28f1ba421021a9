"""Network files as text; the standard library reads TOML but does not write it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.network import Hj212, Hj212Factor, Instrument, Network, Station


_TABLES = ("instruments", "hj212", "factors")


def network_toml(network: Network) -> str:
    """TOML that `schemas.network.file.parse_network` reads back to the same network."""
    return "\n".join(_lines(network)) + "\n"


def _lines(network: Network) -> Iterator[str]:
    yield f"zone = {_value(network.zone)}"
    for station in network.station_list:
        yield ""
        yield "[[station]]"
        yield from _pairs(station)
        for instrument in station.instruments:
            yield "[[station.instrument]]"
            yield from _pairs(instrument)
            if instrument.hj212 is not None:
                yield "[station.instrument.hj212]"
                yield from _pairs(instrument.hj212)
                for code, factor in instrument.hj212.factors.items():
                    yield f"[station.instrument.hj212.factors.{_value(code)}]"
                    yield from _pairs(factor)


def _pairs(item: Station | Instrument | Hj212 | Hj212Factor) -> Iterator[str]:
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if name in _TABLES or value is None or value == "":
            continue
        yield f"{name} = {_value(value)}"


def _value(value: str | float | bool | tuple[str, ...] | datetime) -> str:  # noqa: FBT001 - any value of a key
    # Strings, numbers, booleans and arrays of strings are written in TOML as in JSON; a time is bare.
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)
