"""Flags of the learnt detector: everything that one sonde measured in, SUSPECT out, each run with its reason in words.

Nothing here fails a value: even the prior range is a matter of experience.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc import wording
from qc.detector.anomaly import (
    EVENT_FIGURES,
    STATE_FIGURES,
    Model,
    Prior,
    Scored,
    contributions,
    prepare_sonde,
    score,
    suspicious,
)
from qc.detector.feature import SKEWED
from qc.limits.thresholds import LearntAnomaly
from qc.native.checks import CheckError
from qc.native.rolling import on_grid, slots
from schemas.flag import Flag
from schemas.frames import FLAG_COLUMNS, check_time_index, concat_flags, parameters_in
from schemas.message import NetworkCode
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from qc.limits.thresholds import Thresholds
    from qc.native.flagging import Stream

TEST = "learnt_anomaly"
ANOMALY_TESTS = (TEST,)
#: Fewer hours than this are not judged: no background to stand out from [h].
LEAST_H = 24.0
#: The longest window of the figures [h]; shorter series are judged, less surely.
BACKGROUND_H = 720.0
_WORDS = {
    "residual": "stands out from the hours around it",
    "spike": "stands out from the hours around it",
    "step": "stands out from the hours around it",
    "level": "far from the usual level",
    "noise": "noise or bursts unlike the usual",
    "burst": "noise or bursts unlike the usual",
    "range": "noise or bursts unlike the usual",
    "run": "repeats itself",
    "since": "beside a service visit",
    "to": "beside a service visit",
    "impossible": "impossible values nearby",
    "others": "other parameters are odd too",
    "temperature": "water near freezing",
    "frost": "water near freezing",
    "saturation": "oxygen out of line with its saturation",
}
_SPECIAL = {
    "residual_168h": "stands out from the days around it",
    "residual_720h": "stands out from the days around it",
    "residual_same_hour": "unlike the same hour of the days around it",
}


class AnomalyGround(StrEnum):
    """Why a value is suspicious; the names of the test's sentences."""

    RANGE = "range"
    OFFSET = "offset"
    EVENT = "event"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class AnomalousRun:
    """Consecutive suspicious rows of one ground.

    Attributes
    ----------
    first, last : int
        Rows, both included.
    figure : str
        The figure that raised the score most, where that is highest; empty for range and offset.
    score : float
        Highest score; NaN for range.
    size : float
        Of an offset, in the parameter's unit (its logarithm if skewed); else NaN.
    """

    first: int
    last: int
    ground: AnomalyGround
    figure: str
    score: float
    size: float


@dataclass(frozen=True, slots=True)
class DetectorResult:
    """Outcome for one parameter: one flag a row (PASS, SUSPECT, MISSING; UNKNOWN where too short), and the runs."""

    flags: NDArray[np.int8]
    runs: list[AnomalousRun]


def detect(
    sonde: Mapping[str, NDArray[np.float64]], priors: Mapping[str, Prior], model: Model, *, per_hour: int
) -> dict[str, DetectorResult]:
    """Judge everything that one sonde measured.

    Parameters
    ----------
    sonde : mapping of str to array of float, shape (n,)
        By parameter, canonical units, NaN where missing; rows ascend in time, of one cadence (gaps are tolerated).
    priors : mapping of str to Prior
        A parameter without one has no range and no offsets.
    model : Model
    per_hour : int
        Rows an hour, at least 1.

    Raises
    ------
    CheckError
        If the lengths differ or ``per_hour`` is not above zero.
    """
    rows = _row_count(sonde, per_hour)
    if rows < LEAST_H * per_hour:
        return {code: DetectorResult(_unjudged(values), []) for code, values in sonde.items()}
    found = {}
    for code, (series, offsets, table) in prepare_sonde(sonde, priors, per_hour=per_hour).items():
        found[code] = _result(code, score(code, series, offsets, table, model), series.values, model)
    return found


def flag_sonde(native: pd.DataFrame, stream: Stream, thresholds: Thresholds, model: Model) -> pd.DataFrame:
    """Flags of one instrument's native frame, a record a suspicious value.

    Parameters
    ----------
    native : DataFrame
        `schemas.frames` native; the longer, the surer (`BACKGROUND_H`).
    stream : Stream
        Its cadence must be an hour or less.
    thresholds : Thresholds
        Only parameters with a `LearntAnomaly` limit in the first row's civil month take part.
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
    """Reason of every row of the runs, in English."""
    return {row: words(code, float(values[row]), prior, run) for run in runs for row in range(run.first, run.last + 1)}


def words(code: str, value: float, prior: Prior | None, run: AnomalousRun) -> str:
    """Reason of a run, in English; the value stands in the reason of a range."""
    unit = load_parameters()[code].unit if code in load_parameters() else ""
    prior = prior or Prior()
    if run.ground is AnomalyGround.RANGE:
        return wording.reason(TEST, "range", value=value, unit=unit, low=prior.low, high=prior.high)
    if run.ground is AnomalyGround.OFFSET:
        shown = f"log {unit}" if code in SKEWED else unit
        return wording.reason(TEST, "offset", size=_rounded(run.size), unit=shown, score=_rounded(run.score))
    return wording.reason(TEST, run.ground.value, why=figure_words(run.figure), score=_rounded(run.score))


def figure_words(figure: str) -> str:
    """What a figure means, for people; the name itself where nobody has found words."""
    return _SPECIAL.get(figure) or _WORDS.get(figure.split("_", maxsplit=1)[0], figure)


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


def _row_count(sonde: Mapping[str, NDArray[np.float64]], per_hour: int) -> int:
    lengths = {code: len(values) for code, values in sonde.items()}
    if len(set(lengths.values())) > 1:
        msg = f"parameters of different length: {lengths}"
        raise CheckError(msg)
    if per_hour < 1:
        msg = f"per_hour: {per_hour}, expected at least 1"
        raise CheckError(msg)
    return next(iter(lengths.values()), 0)


def _unjudged(values: NDArray[np.float64]) -> NDArray[np.int8]:
    return np.where(np.isfinite(values), Flag.UNKNOWN, Flag.MISSING).astype(np.int8)


def _result(code: str, scored: Scored, values: NDArray[np.float64], model: Model) -> DetectorResult:
    present = np.isfinite(values)
    flags = np.where(present, Flag.PASS, Flag.MISSING).astype(np.int8)
    flags[present & suspicious(scored, model.cuts)] = Flag.SUSPECT
    grounds = np.full(len(flags), "", dtype=object)
    # The most telling ground comes last, so that it stays.
    for ground, where in (
        (AnomalyGround.STATE, scored.state >= model.cuts.state),
        (AnomalyGround.EVENT, scored.event >= model.cuts.event),
        (AnomalyGround.OFFSET, scored.offset >= model.cuts.offset),
        (AnomalyGround.RANGE, scored.hard),
    ):
        grounds[where & present] = ground.value
    return DetectorResult(flags, _runs(code, grounds, scored, model))


def _runs(code: str, grounds: NDArray[np.object_], scored: Scored, model: Model) -> list[AnomalousRun]:
    bounds = [0, *(np.flatnonzero(grounds[1:] != grounds[:-1]) + 1).tolist(), len(grounds)]
    spans = [(begin, end, AnomalyGround(grounds[begin])) for begin, end in pairwise(bounds) if grounds[begin]]
    peaks = [begin + int(np.argmax(_scores(ground, scored)[begin:end])) for begin, end, ground in spans]
    figures = {
        AnomalyGround.EVENT: iter(_leading(AnomalyGround.EVENT, code, spans, peaks, scored, model)),
        AnomalyGround.STATE: iter(_leading(AnomalyGround.STATE, code, spans, peaks, scored, model)),
    }
    return [
        AnomalousRun(
            begin,
            end - 1,
            ground,
            next(figures[ground]) if ground in figures else "",
            np.nan if ground is AnomalyGround.RANGE else float(_scores(ground, scored)[at]),
            _size(begin, scored) if ground is AnomalyGround.OFFSET else np.nan,
        )
        for (begin, end, ground), at in zip(spans, peaks, strict=True)
    ]


def _scores(ground: AnomalyGround, scored: Scored) -> NDArray[np.float64]:
    return {
        AnomalyGround.EVENT: scored.event,
        AnomalyGround.STATE: scored.state,
        AnomalyGround.OFFSET: scored.offset,
    }.get(ground, scored.event)


def _size(row: int, scored: Scored) -> float:
    covering = [item for item in scored.offsets if item.first <= row <= item.last]
    return max(covering, key=lambda item: item.score).size


def _leading(  # noqa: PLR0917 - one row of each run, judged in one call
    ground: AnomalyGround,
    code: str,
    spans: list[tuple[int, int, AnomalyGround]],
    peaks: list[int],
    scored: Scored,
    model: Model,
) -> list[str]:
    """By run of a ground, the figure that raised the score most."""
    boosters, names = (model.events, EVENT_FIGURES) if ground is AnomalyGround.EVENT else (model.states, STATE_FIGURES)
    rows = [at for at, span in zip(peaks, spans, strict=True) if span[2] is ground]
    weights = contributions(boosters, scored.table.iloc[rows], code, names)
    return [names[at] for at in np.argmax(weights, axis=1)] if rows else []
