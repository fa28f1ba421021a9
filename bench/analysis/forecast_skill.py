"""Skill of the 24 h forecast on real data, one JSON line a figure.

``python -m bench.analysis.forecast_skill`` needs the shared data (``SKYGROUND_SHARED_DATA`` or ``../shared/data``) and, for the
supersite, the path of ``DEFAULT_DATA.csv`` of the AeroViz wheel in ``SKYGROUND_SUPERSITE_CSV``.

Beijing: 6 stations, trained on what lay before each block of 2016-03-01 to 2017-02-28, refitted every quarter. Supersite:
one station, 2021-02 to 2021-03, the last 20 days scored, refitted every 5 days.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from analysis.forecast.backtest import THRESHOLDS, Backtest, BacktestPlan, backtest
from analysis.forecast.feature import network_features
from analysis.forecast.grid import MODEL
from analysis.forecast.model import TrainingOptions
from analysis.forecast.training import train

SHANGHAI, TAIPEI = ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Taipei")
_COMPASS = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
_BEIJING = {
    "pm25": "PM2.5", "pm10": "PM10", "so2": "SO2", "no2": "NO2", "o3": "O3", "temperature": "TEMP",
    "pressure": "PRES", "dew_point": "DEWP", "rain": "RAIN", "wind_speed": "WSPM",
}  # fmt: skip
_SUPERSITE = {
    "pm25": "PM2.5",
    "pm10": "PM10",
    "temperature": "AT",
    "relative_humidity": "RH",
    "wind_speed": "WS",
    "wind_direction": "WD",
}
_UG_M3_PER_PPB = {"o3": ("O3", 1.9618), "no2": ("NO2", 1.8804), "so2": ("SO2", 2.6183)}


def main() -> None:
    """Print every figure; data that is not there is named and left out."""
    beijing = _shared() / "beijing"
    if beijing.is_dir():
        frames = {path.name.split("_")[2].lower(): read_beijing(path) for path in sorted(beijing.glob("*.csv.gz"))}
        first, last = (pd.Timestamp(day, tz=SHANGHAI).tz_convert("UTC") for day in ("2016-03-01", "2017-03-01"))
        for target in ("pm25", "o3"):
            plan = BacktestPlan(start=first, end=last, refit=pd.Timedelta(days=92), thresholds=THRESHOLDS[target])
            _run("beijing", frames, target, SHANGHAI, plan)
        _training_time(frames)
    else:
        _say({"name": "forecast.skill", "skipped": "no beijing data"})
    supersite = Path(os.environ.get("SKYGROUND_SUPERSITE_CSV", ""))
    if supersite.is_file():
        frame = read_supersite(supersite)
        last = frame.index[-1]
        for target in ("pm25", "o3"):
            thresholds = {"pm25": (35.0, 75.0), "o3": (100.0, 160.0)}[target]
            plan = BacktestPlan(
                start=last - pd.Timedelta(days=20), end=last, refit=pd.Timedelta(days=5), thresholds=thresholds
            )
            _run("supersite", {"supersite": frame}, target, TAIPEI, plan)
    else:
        _say({"name": "forecast.skill", "skipped": "no supersite data"})


def read_beijing(path: Path) -> pd.DataFrame:
    """One site as an hourly frame: µg m⁻³, CO mg m⁻³, hours labelled by their start, UTC."""
    table = pd.read_csv(path)
    index = pd.to_datetime(table[["year", "month", "day", "hour"]]).dt.tz_localize(SHANGHAI).dt.tz_convert("UTC")
    frame = pd.DataFrame(
        {code: table[name].to_numpy(float) for code, name in _BEIJING.items()},
        index=pd.DatetimeIndex(index, name="start"),
    )
    frame["co"] = table["CO"].to_numpy(float) / 1000.0
    frame["wind_direction"] = (
        table["wd"].map({word: place * 22.5 for place, word in enumerate(_COMPASS)}).to_numpy(float)
    )
    return frame


def read_supersite(path: Path) -> pd.DataFrame:
    """Read gases and weather of the supersite: ppb to µg m⁻³ at 298.15 K, UTC."""
    table = pd.read_csv(path, index_col="Time", parse_dates=True, low_memory=False)
    index = pd.DatetimeIndex(table.index).tz_localize(TAIPEI).tz_convert("UTC").rename("start")
    numbers = table.apply(pd.to_numeric, errors="coerce")
    frame = pd.DataFrame({code: numbers[name].to_numpy(float) for code, name in _SUPERSITE.items()}, index=index)
    for code, (name, factor) in _UG_M3_PER_PPB.items():
        frame[code] = numbers[name].to_numpy(float) * factor
    return frame[~frame.index.duplicated()].sort_index()


def _shared() -> Path:
    return Path(os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))


def _run(workload: str, frames: dict[str, pd.DataFrame], target: str, zone: ZoneInfo, plan: BacktestPlan) -> None:
    began = time.perf_counter()
    result = backtest(frames, target, zone, plan)
    seconds = time.perf_counter() - began
    if result is None:
        _say({"name": f"forecast.{target}", "skipped": "nothing to score", "workload": workload})
        return
    for item in result.skills:
        if item.predictor == MODEL:
            _say(_line(result, item.horizon, item.threshold or 0.0, workload))
    _say({"name": f"forecast.{target}.backtest", "value": round(seconds, 1), "unit": "s", "workload": workload})


def _line(result: Backtest, horizon: str, threshold: float, workload: str) -> dict[str, object]:
    rows = {name: result.skill(horizon, name, threshold) for name in (MODEL, "persistence", "yesterday", "climatology")}
    ours, other = rows[MODEL], rows["persistence"]
    line: dict[str, object] = {
        "name": f"forecast.{result.target}.csi",
        "value": _rounded(ours.csi if ours else None),
        "unit": "1",
        "vs": "persistence",
        "ratio": _rounded(ours.csi / other.csi) if ours and other and ours.csi and other.csi else None,
        "workload": f"{workload}, horizon {horizon}, threshold {threshold:g} ug/m3",
    }
    for name, row in rows.items():
        if row:
            line[name] = {key: _rounded(getattr(row, key)) for key in ("mae", "rmse", "pod", "far", "csi", "cut")} | {
                "n": row.n,
                "events": row.events,
            }
    return line


def _training_time(frames: dict[str, pd.DataFrame]) -> None:
    sixty_days = {name: frame.iloc[-60 * 24 :] for name, frame in list(frames.items())[:1]}
    features = network_features(sixty_days, "pm25", SHANGHAI)
    began = time.perf_counter()
    train(features, "pm25", before=features[0].origins[-1], options=TrainingOptions(rows=20_000))
    seconds = time.perf_counter() - began
    _say(
        {
            "name": "forecast.train",
            "value": round(seconds, 2),
            "unit": "s",
            "workload": "one station, 60 days, mean and 3 quantiles",
        }
    )


def _rounded(figure: float | None) -> float | None:
    return None if figure is None or not np.isfinite(figure) else round(figure, 3)


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
