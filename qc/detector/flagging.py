"""Flags of the learnt detector: the values of one sonde in, SUSPECT flags with reasons out.

No value is failed: even the prior range is empirical.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.detector.detection import AnomalousRun, AnomalyGround, detect
from qc.detector.feature import SKEWED
from qc.detector.scoring import (
    Model,
    Prior,
)
from qc.limits.learnt_anomaly import TEST, LearntAnomaly
from qc.native.rolling import on_grid, slots
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, check_time_index, concat_flags, parameters_in
from schemas.message import NetworkCode
from schemas.parameter import load_parameters
from schemas.reason import reason_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from qc.limits.thresholds import Thresholds
    from qc.native.series import Stream

ANOMALY_TESTS = (TEST,)
#: The longest window of the figures [h]; shorter series have less certain results.
BACKGROUND_H = 720.0
_CLUES = {
    "residual": "hours",
    "spike": "hours",
    "step": "hours",
    "level": "level",
    "noise": "noise",
    "burst": "noise",
    "range": "noise",
    "run": "repeats",
    "since": "service",
    "to": "service",
    "impossible": "impossible",
    "others": "others",
    "temperature": "freezing",
    "frost": "freezing",
    "saturation": "saturation",
}
"""Catalogue word (``word.clue``) of a figure, by the first part of its name."""
_SPECIAL = {"residual_168h": "days", "residual_720h": "days", "residual_same_hour": "same_hour"}


def flag_sonde(native: pd.DataFrame, stream: Stream, thresholds: Thresholds, model: Model) -> pd.DataFrame:
    """Flags of one instrument's native frame, a record a suspicious value.

    Parameters
    ----------
    native : DataFrame
        `schemas.frames` native; best at least `BACKGROUND_H` long.
    stream : Stream
        Its cadence must be an hour or less.
    thresholds : Thresholds
        Only parameters with a `LearntAnomaly` limit in the first row's civil month are evaluated.
    model : Model

    Returns
    -------
    DataFrame
        `schemas.frames` flags.

    Raises
    ------
    FrameError
        If the frame breaks its contract.
    """
    check_time_index(native)
    codes = parameters_in(native)
    priors = priors_of(
        thresholds, codes, network=stream.network, station_id=stream.station_id, month=_month(native, stream)
    )
    index = pd.DatetimeIndex(native.index)
    # the detector counts rows: an absent one is a row without values
    stamps = index.as_unit("us").asi8
    place = slots((stamps - stamps[:1]) / 1e6, stream.cadence_s)
    sonde = {code: on_grid(native[code].to_numpy(dtype=np.float64), place) for code in codes if code in priors}
    results = detect(sonde, priors, model, per_hour=max(1, round(3600 / stream.cadence_s)))
    rows = {int(at): row for row, at in enumerate(place)}
    return concat_flags(
        [
            _records(stream, code, index, _of_rows(row_words(code, sonde[code], priors[code], result.runs), rows))
            for code, result in results.items()
        ]
    )


def _of_rows(reasons: Mapping[int, str], rows: Mapping[int, int]) -> dict[int, str]:
    """Reasons by row of the frame; those of rows that are absent are left out."""
    return {rows[at]: reason for at, reason in reasons.items() if at in rows}


def priors_of(
    thresholds: Thresholds,
    codes: Iterable[str],
    *,
    network: str = NetworkCode.ECO,
    station_id: str = "",
    month: int = 1,
) -> dict[str, Prior]:
    """Priors of the parameters that have a limit; the others are absent."""
    found = {}
    for code in codes:
        limit = thresholds.find(LearntAnomaly, code, network=network, station_id=station_id, month=month)
        if limit is not None:
            least = np.inf if limit.least_offset is None else limit.least_offset
            found[code] = Prior(low=limit.prior_min, high=limit.prior_max, least_offset=least)
    return found


def row_words(code: str, values: NDArray[np.float64], prior: Prior, runs: Sequence[AnomalousRun]) -> dict[int, str]:
    """Stored reason of every row of the runs."""
    return {row: words(code, float(values[row]), prior, run) for run in runs for row in range(run.first, run.last + 1)}


def words(code: str, value: float, prior: Prior | None, run: AnomalousRun) -> str:
    """Stored reason of a run; that of a range holds the value."""
    unit = load_parameters()[code].unit if code in load_parameters() else ""
    prior = prior or Prior()
    if run.ground is AnomalyGround.RANGE:
        return reason_text(TEST, "range", value=value, unit=unit, low=prior.low, high=prior.high)
    if run.ground is AnomalyGround.OFFSET:
        shown = f"log {unit}" if code in SKEWED else unit
        return reason_text(TEST, "offset", size=_rounded(run.size), unit=shown, score=_rounded(run.score))
    return reason_text(TEST, run.ground.value, why=clue_of(run.figure), score=_rounded(run.score))


def clue_of(figure: str) -> str:
    """Catalogue word of a figure; the name itself where the catalogues have none."""
    return _SPECIAL.get(figure) or _CLUES.get(figure.split("_", maxsplit=1)[0], figure)


def _records(stream: Stream, code: str, index: pd.DatetimeIndex, reasons: Mapping[int, str]) -> pd.DataFrame:
    frame = pd.DataFrame({"start": index[list(reasons)], "reason": list(reasons.values())}).assign(
        station_id=stream.station_id,
        instrument_id=stream.instrument_id,
        parameter=code,
        test=TEST,
        flag=np.int8(Flag.SUSPECT),
    )
    return frame[list(FLAG_COLUMNS)]


def _month(native: pd.DataFrame, stream: Stream) -> int:
    return int(pd.DatetimeIndex(native.index)[0].tz_convert(stream.zone).month) if len(native) else 1


def _rounded(number: float) -> float:
    return float(f"{number:.2g}")
