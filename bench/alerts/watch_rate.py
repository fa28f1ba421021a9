"""How many messages a second one core of the watch takes with 200 rules: read from the raw log, decoded, validated, evaluated, stored.

60 stations of three instruments send a message a minute each (gas 7 values, met 5, voc 30, units spelled out). 200 rules of all streamed
kinds cover all stations; about one value in ten thousand is beyond a limit. The time is that of the processor (`time.process_time`), which
leaves out waiting for the disk. Prints one line of JSON; ``decode`` is the rate of reading, decoding and validating alone.
"""

from __future__ import annotations

import gc
import json
import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from alerts.rules.baseline import Baselines, HourOfDay
from alerts.settings import AlertSettings
from alerts.stream.configuration import Configuration
from alerts.stream.follow import LogFollower, collector_settings
from alerts.stream.reader import BATCH, StreamReader
from schemas.message import RawMessage
from schemas.network import Instrument, Network, Station
from schemas.parameter import load_parameters, parameter
from sensors.network_file import network_toml
from store.rawlog import BEGINNING, RawLog
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterator

STATIONS, MINUTES = 60, 150
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
START = datetime(2026, 11, 1, tzinfo=UTC)
RULES = 200
GAS = ("pm25", "pm10", "so2", "no2", "co", "o3", "no")
MET = ("temperature", "relative_humidity", "global_radiation", "wind_speed", "rain")
VOC = tuple(code for code, item in load_parameters().items() if "voc" in item.networks)[:30]
CHANNELS = [(network, code) for network, codes in (("gas", GAS), ("voc", VOC), ("met", MET)) for code in codes]
_LIMIT = 40.0
"""Values are lognormal with median 1 and sigma 1: one in 9,000 is beyond it [unit of each parameter]."""


def main() -> None:
    """Run the watch over one log several times and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        settings = _prepare(Path(name))
        log = RawLog(collector_settings(settings).rawlog_dir)
        count = _fill(log)
        gc.set_threshold(50_000, 20, 50)
        alone = median(_decode(settings, log) for _ in range(ROUNDS))
        rounds = [_watch(settings, log, number) for number in range(ROUNDS)]
        log.close()
    rate = median(count / seconds for seconds, _ in rounds)
    print(
        json.dumps(
            {
                "name": "watch.rate",
                "value": round(rate),
                "unit": "messages/s a core",
                "vs": "must reach 5,000, aim 15,000",
                "workload": f"{count} messages of {STATIONS} stations, 14 values on average, {RULES} rules of 6 kinds; median of {ROUNDS}",
                "decode": round(count / alone),
                "transitions": rounds[0][1],
                "rounds": [round(count / seconds) for seconds, _ in rounds],
                "load_1min": os.getloadavg()[0],
            }
        )
    )


def _prepare(directory: Path) -> AlertSettings:
    network, rules = directory / "network.toml", directory / "rules.toml"
    network.write_text(network_toml(_network()), encoding="utf-8")
    rules.write_text("\n".join(_rules()), encoding="utf-8")
    return AlertSettings(run_dir=directory / "run", network=network, rules=rules, influx_url="http://127.0.0.1:1")


def _network() -> Network:
    items = tuple(
        Instrument(id=f"{network}1", network=network, cadence_s=60, parameters=codes)  # type: ignore[arg-type]
        for network, codes in (("gas", GAS), ("voc", VOC), ("met", MET))
    )
    return Network(
        zone="Asia/Shanghai",
        station_list=tuple(
            Station(id=f"st-{n:02d}", instruments=items, city=f"2101{n % 6:02d}", lon=120 + n / 20, lat=41.0)
            for n in range(STATIONS)
        ),
    )


def _rules() -> Iterator[str]:
    """Rules of all kinds, over all channels in turn."""
    kinds = (
        'kind = "threshold"\naveraging = "native"\nabove = {limit}\nfor_h = 0\n',
        'kind = "threshold"\nabove = {limit}\n',
        'kind = "rate"\nrise = {limit}\nper_min = 10\nfloor = {limit}\n',
        'kind = "persistence"\nfor_h = 2\nmax_gap_h = 1\n',
        'kind = "several"\nabove = {limit}\nat_least = 3\n',
        'kind = "hour_of_day"\nz_above = 6\nfloor = {limit}\n',
        'kind = "threshold"\naveraging = "native"\nabove = {limit}\nfor_h = 0.1\n',
    )
    common = 'title_zh = "t"\ntitle_en = "t"\nadvice_zh = "a"\nadvice_en = "a"\nseverity = "warning"\nsource = "bench"\nverified = false\n'
    for number in range(RULES):
        network, code = CHANNELS[number % len(CHANNELS)]
        known = parameter(code)
        high = known.range_max if known.range_max is not None else 1e6
        limit = min(_LIMIT * (1 + number // 50), 0.9 * high)
        body = kinds[(number // len(CHANNELS) + number) % len(kinds)].format(limit=limit)
        yield f'[[rule]]\nname = "r{number}"\n{common}network = "{network}"\nparameter = "{code}"\nunit = "{known.unit}"\n{body}'


def _fill(log: RawLog) -> int:
    rng, count = random.Random(20261101), 0
    for minute in range(MINUTES):
        start = START + timedelta(minutes=minute)
        batch = [
            RawMessage(
                f"obs/v1/{network}/st-{station:02d}/{network}1/json",
                _payload(rng, start, minute, codes),
                start + timedelta(minutes=1, seconds=station / 30),
            )
            for station in range(STATIONS)
            for network, codes in (("gas", GAS), ("voc", VOC), ("met", MET))
        ]
        log.append(batch)
        count += len(batch)
    return count


def _payload(rng: random.Random, start: datetime, number: int, codes: tuple[str, ...]) -> bytes:
    body = {
        "start": start.isoformat(),
        "end": (start + timedelta(minutes=1)).isoformat(),
        "seq": number,
        "values": {code: round(rng.lognormvariate(0, 1), 4) for code in codes},
        "units": {code: parameter(code).unit for code in codes},
    }
    return msgspec.json.encode(body)


def _decode(settings: AlertSettings, log: RawLog) -> float:
    """Seconds for reading, decoding, validating and screening alone."""
    with StateStore(settings.state_url) as state:
        state.migrate()
        follower = LogFollower(collector_settings(settings), log, state, BEGINNING)
        begun = time.process_time()
        while follower.next(BATCH):
            pass
        return time.process_time() - begun


def _watch(settings: AlertSettings, log: RawLog, number: int) -> tuple[float, int]:
    """Seconds for the whole log, and transitions stored."""
    for name in ("watch.snapshot",):
        (collector_settings(settings).rawlog_dir / name).unlink(missing_ok=True)
    log.drop_cursor("watch")
    own = settings.model_copy(update={"state_url": f"sqlite:///{settings.run_dir}/state-{number}.sqlite"})
    usual = Baselines()
    usual.replace(
        {
            (network, f"st-{n:02d}", code, 28): HourOfDay(median=(1.0,) * 24, spread=(1.0,) * 24)
            for network, code in CHANNELS
            for n in range(STATIONS)
        }
    )
    with StateStore(own.state_url) as state:
        state.migrate()
        reader = StreamReader(Configuration(own), log, state, usual, START)
        begun, stored = time.process_time(), 0
        while (done := reader.step(START)).messages:
            stored += len(done.stored)
        return time.process_time() - begun, stored


if __name__ == "__main__":
    main()
