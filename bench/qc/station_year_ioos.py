"""Run in the environment of ioos_qc: its flags for given series, or its times for them. Not imported by anything here.

``station_year_ioos.py flags CASES.npz OUT.npz``: the cases hold ``calls`` (JSON: a list of series name, test and arguments) and for
each series ``<name>.values`` and ``<name>.times``; one array of flags a call comes out. ``station_year_ioos.py time CASES.npz`` prints
the best of some runs of each call in seconds, and the peak memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings

import numpy as np
from ioos_qc import qartod


def main() -> None:
    """See the module."""
    warnings.simplefilter("ignore")
    cases = np.load(sys.argv[2])
    calls = json.loads(str(cases["calls"]))
    series = {key: cases[key] for key in cases.files if key != "calls"}
    if sys.argv[1] == "flags":
        found = {f"{position:05d}": run(series, *call) for position, call in enumerate(calls)}
        np.savez(sys.argv[3], **found)
        return
    seconds = [
        [test, min(_timed(series, call) for _ in range(int(sys.argv[3])))] for call in calls for test in call[1:2]
    ]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_rss_mb": round(peak_mb, 1)}))


def run(series: dict[str, np.ndarray], name: str, test: str, arguments: dict) -> np.ndarray:
    """Flags of one call."""
    values, times = series[f"{name}.values"], series[f"{name}.times"]
    if test == "aggregate":
        return np.asarray(qartod.qartod_compare(list(values)), dtype=np.int8)
    function = getattr(qartod, f"{test}_test")
    if test == "climatology":
        return np.asarray(function(arguments["config"], values, times, np.zeros(values.size)), dtype=np.int8)
    timed = () if test in {"gross_range", "spike"} else (times,)
    flags = function(values, *timed, **arguments)
    return np.asarray(np.ma.getdata(flags), dtype=np.int8)


def _timed(series: dict[str, np.ndarray], call: list) -> float:
    began = time.process_time()
    run(series, *call)
    return time.process_time() - began


if __name__ == "__main__":
    main()
