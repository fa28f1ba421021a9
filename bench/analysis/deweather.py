"""R2 of daily means from weather and calendar on whole weeks held out, one JSON line.

``python -m bench.analysis.deweather`` needs the six sites of Beijing in ``SKYGROUND_SHARED_DATA`` or ``../shared/data``. Predictors and
settings were chosen on the sites Aotizhongxin, Dongsi and Gucheng; all six are scored. ``peer``: LightGBM with default parameters
on plain weather of the day and time, on the same folds.
"""

from __future__ import annotations

import json
import sys
from zoneinfo import ZoneInfo

from analysis.forecast.daily.site_hours import DailyTarget, site_hours
from analysis.forecast.deweather.model import FOLDS, GAP_D, daily_means, held_out, held_out_plain, r_squared
from analysis.forecast.deweather.predictor import predictors
from analysis.run.hour_source import hours_of_files
from bench.receptor.files import SHARED

_TARGETS = ("no2", "pm25")


def main() -> int:
    """Print the figure; exit with 1 where the data are absent."""
    folder = SHARED / "beijing"
    if not folder.is_dir():
        sys.stderr.write("deweather: no folder beijing in SKYGROUND_SHARED_DATA\n")
        return 1
    hours = site_hours(hours_of_files([folder], "beijing").hourly, DailyTarget.PM25, ZoneInfo("Asia/Shanghai"))
    data = predictors(hours)
    ours, plain = {}, {}
    for target in _TARGETS:
        daily = daily_means(hours, target)
        ours[target] = r_squared(daily, held_out(data, daily)[0])
        plain[target] = r_squared(daily, held_out_plain(data, daily))
    lowest = min(_TARGETS, key=lambda name: ours[name])
    line: dict[str, object] = {"name": "deweather", "value": round(ours[lowest], 3), "unit": "1", "of": lowest}
    line["peer"] = round(plain[lowest], 3)
    line |= {f"r2_{name}": round(value, 3) for name, value in ours.items()}
    line |= {f"peer_{name}": round(value, 3) for name, value in plain.items()}
    line["workload"] = (
        f"Beijing, {len(hours.stations)} sites, {hours.days[0]:%Y-%m} to {hours.days[-1]:%Y-%m}, {FOLDS} folds of single "
        f"weeks (Monday to Sunday), {GAP_D} days on both sides left out"
    )
    print(json.dumps(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
