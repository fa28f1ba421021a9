"""Seventy batches of an hour through the gate: ten hours of each of the seven networks, ten stations each, two batches spoilt.

Against Great Expectations used plainly: an ephemeral context for each batch, the same suite with an expectation for every single
limit, no pages. Both give the same outcome for every batch, or the benchmark fails. The import of the library is paid before.
The time counts verdicts and the pages that the job writes: those of held batches, and of each network's newest.

Run: ``python -m bench.qc.gate``
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)

from qc.gate import gate
from qc.gate.batch import make_batch
from qc.gate.outcome import SCREENS, choose, conclude, to_failure
from qc.native.test.gross_range import GrossRangeLimit
from qc.run.gate.data_docs import publish
from qc.run.gate.suite_file import read_suite
from qc.run.limits import load_thresholds
from schemas.message import NetworkCode
from schemas.network import Instrument, Station
from schemas.parameter import parameters_of

HOURS, STATIONS = 10, 10
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stations_of(network: NetworkCode) -> list[Station]:
    """Stations that report every parameter of a network."""
    codes = tuple(item.parameter for item in parameters_of(network))
    instrument = Instrument(id="a", network=network, cadence_s=60, parameters=codes)
    return [Station(id=f"s{number}", instruments=(instrument,)) for number in range(STATIONS)]


def made_hour(network: NetworkCode, start: datetime, *, spoilt: bool, rng: np.random.Generator) -> pd.DataFrame:
    """A batch; in a spoilt one the first parameter with a physical range is far outside it, as after a mistake of the unit."""
    index = pd.date_range(start, periods=1, freq="h", unit="us", name="start")
    frames = {}
    mistaken = next(item.parameter for item in parameters_of(network) if item.range_max is not None)
    for station in stations_of(network):
        columns: dict[str, float] = {}
        for item in parameters_of(network):
            limit = load_thresholds().find(GrossRangeLimit, item.parameter, network=network, station_id="", month=0)
            low = limit.suspect_min if limit and limit.suspect_min is not None else item.range_min
            high = limit.suspect_max if limit and limit.suspect_max is not None else item.range_max
            low = 0.0 if low is None else low
            value = low + ((low + 10 if high is None else high) - low) * rng.uniform(0.2, 0.3)
            if spoilt and item.parameter == mistaken:
                value = 1e6
            columns |= {item.parameter: value, f"{item.parameter}__n": 60, f"{item.parameter}__flag": 1}
        frames[station.id] = pd.DataFrame(columns, index=index)
    return make_batch(frames, stations_of(network), network, start, start + HOUR)


def plain(batch: pd.DataFrame, network: NetworkCode, codes: list[str]) -> str:
    """Outcome by the library alone."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    context: Any = gx.get_context(mode="ephemeral", project_config=config)
    chosen, _ = choose(read_suite(network).expectations, batch, codes)
    asked = [one for one in chosen if one.id not in SCREENS]
    configured = [
        {"type": one.type, "kwargs": one.kwargs, "severity": one.severity.value, "meta": {"id": one.id}}
        for one in asked
    ]
    asset = context.data_sources.add_pandas("peer").add_dataframe_asset("hours")
    loaded = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": batch})
    outcome = loaded.validate(gx.ExpectationSuite(name=network, expectations=configured), result_format="SUMMARY")
    by_id = {result.expectation_config.meta["id"]: result.to_json_dict() for result in outcome.results}
    return str(conclude([to_failure(one, by_id[one.id]["result"]) for one in asked if not by_id[one.id]["success"]])[0])


def main() -> None:
    """Evaluate all batches both ways, print one line of JSON."""
    warnings.simplefilter("ignore")
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    rng = np.random.default_rng(8)
    batches = [
        (network, made_hour(network, START + hour * HOUR, spoilt=hour == 3 and network in {"gas", "voc"}, rng=rng))
        for network in NetworkCode
        for hour in range(HOURS)
    ]
    codes = {network: [item.parameter for item in parameters_of(network)] for network in NetworkCode}
    gate.evaluate(batches[0][1], read_suite(batches[0][0]), codes[batches[0][0]])
    with tempfile.TemporaryDirectory() as directory:
        begun = time.perf_counter()
        evaluated = [(network, gate.evaluate(batch, read_suite(network), codes[network])) for network, batch in batches]
        verdicts_s = time.perf_counter() - begun
        for network in NetworkCode:
            publish(
                gate.worth_a_page([item for name, item in evaluated if name == network]),
                network,
                run_dir=Path(directory),
                now=START,
            )
        total_s = time.perf_counter() - begun
    begun = time.perf_counter()
    peers = [plain(batch, network, codes[network]) for network, batch in batches]
    peer_s = time.perf_counter() - begun
    if peers != [str(item.report.result) for _, item in evaluated]:
        msg = "qc.gate: the two ways disagree"
        raise SystemExit(msg)
    report = {
        "name": "qc.gate",
        "value": round(total_s, 2),
        "unit": "s",
        "vs": "Great Expectations 1.24 plainly: an ephemeral context a batch, an expectation a limit, no pages",
        "ratio": round(peer_s / total_s, 2),
        "workload": f"{len(batches)} batches of an hour: {len(NetworkCode)} networks x {HOURS} hours x {STATIONS} stations, 2 held; pages included",
        "verdicts_s": round(verdicts_s, 2),
        "pages_s": round(total_s - verdicts_s, 2),
        "peer_s": round(peer_s, 2),
        "warned": sum(item.report.result == "warn" for _, item in evaluated),
        "held": sum(item.report.result == "hold" for _, item in evaluated),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
