"""What the benchmarks of quality control share: a province's network file, and months of readings straight as line protocol."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from schemas.parameter import parameters_of
from store.influx.line import escape_key, series_key, to_nanoseconds
from store.influx.store import Bucket, InfluxStore
from store.settings import SharedSettings
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)


def network_text(stations: int, instruments: Sequence[tuple[str, int, Sequence[str]]]) -> str:
    """Network file: stations that all have the same instruments, each (network, cadence [s], parameters)."""
    parts = ['zone = "Asia/Shanghai"']
    for number in range(stations):
        parts.append(f'[[station]]\nid = "s{number:03d}"')
        for network, cadence_s, codes in instruments:
            listed = ", ".join(f'"{code}"' for code in codes)
            parts.append(
                f'[[station.instrument]]\nid = "{network}1"\nnetwork = "{network}"\ncadence_s = {cadence_s}\nparameters = [{listed}]'
            )
    return "\n".join(parts) + "\n"


def codes_of(network: str, count: int) -> list[str]:
    """First parameters of a network that are neither angles nor sums."""
    named = [item.parameter for item in parameters_of(network) if item.averaging.value == "mean"]
    return named[:count]


def settings_of(directory: Path, url: str, text: str) -> SharedSettings:
    """Settings of a run of its own in a directory, with both databases made."""
    (directory / "network.toml").write_text(text, encoding="utf-8")
    settings = SharedSettings(
        run_dir=directory / "run",
        influx_url=url,
        influx_database="bench_qc",
        influx_timeout_s=300,
        state_url=f"sqlite:///{directory / 'state.sqlite'}",
        network=directory / "network.toml",
    )
    with StateStore(settings.state_url) as state:
        state.migrate()
    store = InfluxStore(settings)
    store.ensure()
    store.close()
    return settings


def fill(
    store: InfluxStore, network: str, stations: Sequence[str], codes: Sequence[str], *, cadence_s: int, rows: int
) -> None:
    """Write ``rows`` readings of every station; one text of fields serves all, which no test can tell apart.

    Raises
    ------
    RuntimeError
        The store did not take them.
    """
    rng = np.random.default_rng(20)
    values = 20 + np.cumsum(rng.normal(0, 0.05, (rows, len(codes))), axis=0) + rng.normal(0, 0.3, (rows, len(codes)))
    names = [escape_key(code) for code in codes]
    texts = [",".join(f"{name}={value:.3f}" for name, value in zip(names, row, strict=True)) for row in values.tolist()]
    step = int(timedelta(seconds=cadence_s).total_seconds() * 1e9)
    times = range(to_nanoseconds(START), to_nanoseconds(START) + rows * step, step)
    for station in stations:
        key = series_key(network, (("station", station), ("instrument", f"{network}1")))
        lines = (f"{key} {text} {at}".encode() for text, at in zip(texts, times, strict=True))
        while batch := list(itertools.islice(lines, 20_000)):
            if store.write_lines(Bucket.NATIVE, batch).accepted != len(batch):
                msg = f"{station}: readings were not taken"
                raise RuntimeError(msg)
