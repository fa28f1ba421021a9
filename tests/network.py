"""Network files as text, from a few words a station."""

from __future__ import annotations

import json


def network_text(*stations: str) -> str:
    """A network file of these stations (`station`)."""
    return "\n".join(['zone = "Asia/Shanghai"', *stations])


def station(station_id: str, *instruments: str, **keys: str | float) -> str:
    """A station with instruments (`instrument`) and further keys, as ``lon=123.4``."""
    return "\n".join(["[[station]]", _lines(id=station_id, **keys), *instruments])


def instrument(instrument_id: str, network: str, cadence_s: int, *parameters: str, hj212: str = "", **keys: str) -> str:
    """An instrument of a station, with the lines of its HJ 212 table and further keys, as ``until="2026-06-03T00:00:00Z"``."""
    head = _lines(id=instrument_id, network=network, cadence_s=cadence_s)
    table = f"[station.instrument.hj212]\n{hj212}" if hj212 else ""
    return "\n".join(["[[station.instrument]]", head, f"parameters = {json.dumps(parameters)}", _lines(**keys), table])


def _lines(**keys: str | float) -> str:
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in keys.items())
