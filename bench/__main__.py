"""Run benchmarks, each in a process of its own, and print their JSON lines."""

from __future__ import annotations

import argparse
import fnmatch
import os
import subprocess
import sys

#: Names of the figures that a module prints.
MODULES = {
    "bench.ingest.drain": ("ingest.drain",),
    "bench.ingest.refusals": ("ingest.refusals",),
    "bench.ingest.start": ("ingest.start",),
    "bench.ingest.load": ("ingest.latency", "ingest.memory", "ingest.catchup", "ingest.scale"),
    "bench.query_year": ("query.year",),
    "bench.ingest.hj212_decode": ("hj212.decode",),
    "bench.qc.province_hour": ("qc.province_hour",),
    "bench.qc.reprocess_year": ("qc.reprocess_year",),
    "bench.ingest.gateway_conns": ("gateway.conns",),
    "bench.alerts.watch_rate": ("watch.rate",),
    "bench.alerts.watch_latency": ("watch.latency",),
    "bench.analysis.forecast_daily": (
        "forecast.pm25",
        "forecast.pm25.noweather",
        "forecast.mda8",
        "forecast.mda8.noweather",
        "forecast.coverage",
        "forecast.cost",
    ),
    "bench.analysis.deweather": ("deweather",),
    "bench.analysis.deweather_trend": ("deweather.trend",),
    "bench.analysis.coanalysis_year": ("coanalysis.year",),
    "bench.qc.simulator": ("qc.simulator",),
    "bench.qc.rain": ("qc.rain",),
    "bench.alerts.radiation": ("rad.release",),
    "bench.qc.station_year": ("qc.station_year",),
    "bench.qc.logan": ("qc.logan",),
    "bench.qc.gate": ("qc.gate",),
    "bench.space.outliers": ("qc.space",),
    "bench.space.simulator": ("qc.space_simulator",),
    "bench.verdict.score": ("qc.verdict",),
    "bench.analysis.event_grouping": ("event.grouping",),
    "bench.analysis.event_kinds": ("event.kinds",),
    "bench.analysis.case_first": ("case.first",),
    "bench.analysis.attribution_noise": ("attribution.noise",),
    "bench.analysis.attribution_truth": ("attribution.truth",),
    "bench.analysis.case_compute": ("case.compute",),
    "bench.receptor.pmf_speed": ("pmf.speed",),
    "bench.receptor.pmf_truth": ("pmf.truth",),
    "bench.receptor.pmf_epa": ("pmf.epa",),
    "bench.receptor.pmf_coverage": ("pmf.coverage",),
    "bench.receptor.pmf_hourly": ("pmf.hourly",),
    "bench.receptor.truth": ("receptor.truth",),
    "bench.receptor.noise": ("receptor.noise",),
    "bench.receptor.band": ("receptor.band",),
    "bench.receptor.plume_truth": ("plume.truth",),
    "bench.cocontrol.score": ("cocontrol.truth",),
    "bench.receptor.direction": ("direction.noise", "direction.truth"),
    "bench.receptor.plume_labelled": ("plume.labelled",),
    "bench.alerts.cases": ("alerts.cases",),
    "bench.alerts.storm": ("alerts.storm",),
    "bench.alerts.crash": ("alerts.crash",),
}


def main() -> int:
    """Run the modules whose figures match ``--only``; status 1 when one of them failed or none matched."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--only", default="*", help="patterns of figure names, separated by spaces")
    patterns = parser.parse_args().only.split()
    chosen = [
        module
        for module, names in MODULES.items()
        if any(fnmatch.fnmatch(name, item) for name in names for item in patterns)
    ]
    if not chosen:
        sys.stderr.write(
            f"no benchmark matches {' '.join(patterns)}; known: {', '.join(name for names in MODULES.values() for name in names)}\n"
        )
        return 1
    environment = {"OPENBLAS_NUM_THREADS": "1"} | os.environ  # as of the command skyground
    return max(
        subprocess.run([sys.executable, "-m", module], check=False, env=environment).returncode for module in chosen
    )


if __name__ == "__main__":
    sys.exit(main())
