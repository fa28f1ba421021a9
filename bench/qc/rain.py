"""Rain or release: gamma dose rates of 20 Japanese stations with rain gauges, and releases added to them.

The hours that count are those in which the dose rate is more than 20 % above the station's median while it rains. Skipped, with a
reason, where the shared data are absent.
"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.hourly.relation.rad import RAIN_H, DoseRise, Rise, rises_of
from qc.run.limits import load_thresholds
from sensors.datasets import gamma_japan

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "gamma_japan"
OVER = 1.2
RELEASES_NGY_H = (20.0, 40.0, 80.0)
RELEASE_H = 8
TRIES = 20


def hours_of() -> Iterator[tuple[str, pd.DataFrame]]:
    """Station and its hours: mean dose rate [nGy h⁻¹] and rain [mm]."""
    for station_id, readings in groupby(gamma_japan.read(DATA), key=lambda item: item.station_id):
        rows = [
            (item.interval.start, item.values.get("gamma_dose_rate"), item.values.get("rain"))  # noqa: PD011 - a reading
            for item in readings
        ]
        frame = pd.DataFrame(rows, columns=["start", "dose", "rain"]).set_index("start").sort_index()
        hours = frame.resample("h")
        yield station_id, pd.DataFrame({"dose": hours["dose"].mean(), "rain": hours["rain"].sum(min_count=1)})


def main() -> int:
    """Evaluate the record, add releases, print one line of JSON."""
    if not DATA.exists():
        sys.stderr.write(f"qc.rain: skipped, {DATA} is absent\n")
        return 0
    limit = load_thresholds().find(DoseRise, "gamma_dose_rate", network="rad", station_id="", month=7)
    if limit is None:
        sys.stderr.write("qc.rain: there is no limit for dose_rise\n")
        return 1
    rng = np.random.default_rng(42)
    counted = named = dry = dry_named = 0
    seen: dict[str, list[int]] = {}
    for _, hours in hours_of():
        dose, rain = hours["dose"].to_numpy(), hours["rain"].to_numpy()
        times = pd.DatetimeIndex(hours.index).tz_localize(None).to_numpy()
        found = rises_of(dose, rain, times, limit)
        over = dose > OVER * np.nanmedian(dose)
        wet = over & (rain > 0)
        counted, named = counted + int(wet.sum()), named + int((found.kinds[wet] == Rise.WASH_OUT).sum())
        unseen = over & (found.since_rain_h > RAIN_H)
        dry, dry_named = dry + int(unseen.sum()), dry_named + int((found.kinds[unseen] == Rise.WASH_OUT).sum())
        for amount in RELEASES_NGY_H:
            for where, hit in (("dry", found.since_rain_h > 2 * RAIN_H), ("rain", rain > 0)):
                places = np.flatnonzero(hit[: len(dose) - RELEASE_H])
                for first in rng.choice(places, min(TRIES, places.size), replace=False):
                    raised = dose.copy()
                    raised[first : first + RELEASE_H] += amount
                    kinds = rises_of(raised, rain, times, limit).kinds[first : first + RELEASE_H]
                    tally = seen.setdefault(f"{amount:g} nGy/h, {where}", [0, 0])
                    tally[0] += 1
                    tally[1] += bool((kinds == Rise.UNEXPLAINED).any())
    share = named / counted
    print(
        json.dumps(
            {
                "name": "qc.rain",
                "value": round(share, 4),
                "unit": "1, hours named wash-out",
                "vs": "must reach 0.95; aim 0.99",
                "ratio": round(share / 0.95, 3),
                "workload": f"20 stations, {counted} hours over 1.2 x the median with rain",
                "over_without_rain": dry,
                "of_these_named_wash_out": dry_named,
                "releases_of_8_h_seen": {name: round(hits / tries, 3) for name, (tries, hits) in seen.items()},
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
