"""Suspicious runs in all parameters of one sonde. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from qc.detector.scoring import (
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
from qc.native.argument import InvalidInputError
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


LEAST_H = 24.0
"""Shorter series are UNKNOWN: they have no background [h]; project default."""


class AnomalyGround(StrEnum):
    """Why a value is suspicious: the kinds of the test's messages."""

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
        Figure that raised the score most, at its maximum; empty for range and offset.
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
    """Evaluate all parameters of one sonde.

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
    InvalidInputError
        If the lengths differ or ``per_hour`` is not above zero.
    """
    rows = _row_count(sonde, per_hour)
    if rows < LEAST_H * per_hour:
        return {code: DetectorResult(_unjudged(values), []) for code, values in sonde.items()}
    found = {}
    for code, (series, offsets, table) in prepare_sonde(sonde, priors, per_hour=per_hour).items():
        found[code] = _result(code, score(code, series, offsets, table, model), series.values, model)
    return found


def _row_count(sonde: Mapping[str, NDArray[np.float64]], per_hour: int) -> int:
    lengths = {code: len(values) for code, values in sonde.items()}
    if len(set(lengths.values())) > 1:
        msg = f"parameters of different length: {lengths}"
        raise InvalidInputError(msg)
    if per_hour < 1:
        msg = f"per_hour: {per_hour}, expected at least 1"
        raise InvalidInputError(msg)
    return next(iter(lengths.values()), 0)


def _unjudged(values: NDArray[np.float64]) -> NDArray[np.int8]:
    return np.where(np.isfinite(values), Flag.UNKNOWN, Flag.MISSING).astype(np.int8)


def _result(code: str, scored: Scored, values: NDArray[np.float64], model: Model) -> DetectorResult:
    present = np.isfinite(values)
    flags = np.where(present, Flag.PASS, Flag.MISSING).astype(np.int8)
    flags[present & suspicious(scored, model.cuts)] = Flag.SUSPECT
    grounds = np.full(len(flags), "", dtype=object)
    # The strongest ground comes last and overwrites the others.
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


def _leading(  # noqa: PLR0917 - one row of each run, evaluated in one call
    ground: AnomalyGround,
    code: str,
    spans: list[tuple[int, int, AnomalyGround]],
    peaks: list[int],
    scored: Scored,
    model: Model,
) -> list[str]:
    """Figure that raised the score most, by run of a ground."""
    boosters, names = (model.events, EVENT_FIGURES) if ground is AnomalyGround.EVENT else (model.states, STATE_FIGURES)
    rows = [at for at, span in zip(peaks, spans, strict=True) if span[2] is ground]
    weights = contributions(boosters, scored.table.iloc[rows], code, names)
    return [names[at] for at in np.argmax(weights, axis=1)] if rows else []
