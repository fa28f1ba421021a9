"""Scores of the learnt detector of suspicious values in water quality; `qc.detector.flagging` makes flags of them.

A value is suspicious on one of four grounds: it is outside the prior range of its parameter; it lies between two visits whose
steps show a wrong setting (`qc.detector.offset`); a model of events finds it, or one of longer states. Both models are boosted trees
over `qc.detector.feature` figures, trained on a technician's labels by `qc.detector.training`.

Errors::

    ModelError    a model file that cannot be used
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd

from qc.detector.feature import SKEWED, Prepared, figures, prepare
from qc.detector.offset import Offset, find_offsets
from qc.detector.service_visit import find_visits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

#: Parameters with a code of their own in the models; all others share one.
CODES = ("water_temperature", "water_conductivity", "ph", "dissolved_oxygen", "turbidity", "water_level")
EVENT_FIGURES = (
    "impossible_1h", "impossible_12h", "residual_1h", "residual_3h", "residual_12h", "residual_24h", "residual_168h", "spike",
    "step_in", "step_out", "noise_3h", "noise_12h", "burst_3h", "burst_24h", "run", "run_12h", "residual_same_hour",
    "since_visit_h", "to_visit_h", "others_odd", "level_series", "range_day", "temperature",
)  # fmt: skip
STATE_FIGURES = (
    "impossible_12h", "impossible_48h", "residual_168h", "residual_720h", "range_day", "level_month", "level_week", "level_series",
    "level_unit", "noise_3h", "noise_12h", "noise_24h", "burst_3h", "burst_24h", "run_12h", "residual_same_hour", "frost_day",
    "temperature", "saturation_day", "saturation_low", "others_impossible",
)  # fmt: skip
#: The score of a state is averaged over this window [h].
STATE_WINDOW_H = 24.0
_PARAMETER = "parameter"


class ModelError(ValueError):
    """A model file that cannot be used; says what was expected."""


class Prior(msgspec.Struct, frozen=True, kw_only=True):
    """Prior knowledge of a parameter, in its canonical unit.

    Attributes
    ----------
    low, high : float
        Values outside are suspicious.
    least_offset : float
        Smallest offset between two visits; infinite where the sensor is not set at visits.
    """

    low: float = -np.inf
    high: float = np.inf
    least_offset: float = np.inf


class Cuts(msgspec.Struct, frozen=True, kw_only=True):
    """Scores at and above which a value is suspicious."""

    event: float
    state: float
    offset: float


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A trained detector; it contains no data.

    `events` and `states` are boosted trees in LightGBM's text form, whose scores are averaged; `stations` those of the training data.
    """

    events: tuple[str, ...]
    states: tuple[str, ...]
    cuts: Cuts
    stations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of one parameter before any cut.

    Attributes
    ----------
    hard : array of bool, shape (n,)
        Outside the prior range.
    event, state, offset : array of float, shape (n,)
    offsets : list of Offset
    table : DataFrame, shape (n, figures)
    """

    hard: NDArray[np.bool_]
    event: NDArray[np.float64]
    state: NDArray[np.float64]
    offset: NDArray[np.float64]
    offsets: list[Offset]
    table: pd.DataFrame


def prepare_sonde(
    sonde: Mapping[str, NDArray[np.float64]], priors: Mapping[str, Prior], *, per_hour: int
) -> dict[str, tuple[Prepared, list[Offset], pd.DataFrame]]:
    """Series, offsets and figures of each parameter: the input of a model."""
    known = {code: priors.get(code, Prior()) for code in sonde}
    series = {
        code: prepare(values, (known[code].low, known[code].high), per_hour, skewed=code in SKEWED)
        for code, values in sonde.items()
    }
    visits = find_visits([item.hard for item in series.values()], [item.odd() for item in series.values()], per_hour)
    return {
        code: (item, find_offsets(item, visits, known[code].least_offset), figures(code, series, visits))
        for code, item in series.items()
    }


def score(code: str, series: Prepared, offsets: list[Offset], table: pd.DataFrame, model: Model) -> Scored:
    """Scores of one parameter by a model."""
    state = pd.Series(_mean_score(model.states, table, code, STATE_FIGURES))
    return Scored(
        hard=series.hard,
        event=_mean_score(model.events, table, code, EVENT_FIGURES),
        state=state.rolling(series.window(STATE_WINDOW_H), center=True, min_periods=1).mean().to_numpy(),
        offset=offset_scores(offsets, len(series.values)),
        offsets=offsets,
        table=table,
    )


def offset_scores(offsets: Sequence[Offset], rows: int) -> NDArray[np.float64]:
    """Highest score of the offsets that cover each row; 0 without any."""
    found = np.zeros(rows)
    for item in offsets:
        part = slice(item.first, item.last + 1)
        found[part] = np.maximum(found[part], item.score)
    return found


def suspicious(scored: Scored, cuts: Cuts) -> NDArray[np.bool_]:
    """Rows that are suspicious on any ground."""
    return np.asarray(
        scored.hard | (scored.offset >= cuts.offset) | (scored.event >= cuts.event) | (scored.state >= cuts.state)
    )


def model_input(table: pd.DataFrame, code: str, names: Sequence[str]) -> NDArray[np.float32]:
    """Input of the trees: the figures, with the parameter's number in the last column."""
    number = CODES.index(code) if code in CODES else len(CODES)
    columns = table[list(names)].to_numpy(dtype=np.float32)
    return np.column_stack([columns, np.full(len(columns), number, dtype=np.float32)])


def figure_names(names: Sequence[str]) -> list[str]:
    """Column names of `model_input`."""
    return [*names, _PARAMETER]


def contributions(boosters: Sequence[str], table: pd.DataFrame, code: str, names: Sequence[str]) -> NDArray[np.float64]:
    """Contribution of each figure to the score of each row (log-odds), shape (n, figures)."""
    if not boosters or table.empty:
        return np.zeros((len(table), len(names)))
    inputs = model_input(table, code, names)
    weights = np.mean([_booster(text).predict(inputs, pred_contrib=True, num_threads=1) for text in boosters], axis=0)
    return np.asarray(weights[:, : len(names)], dtype=np.float64)


def _mean_score(boosters: Sequence[str], table: pd.DataFrame, code: str, names: Sequence[str]) -> NDArray[np.float64]:
    if not boosters:
        return np.zeros(len(table))
    inputs = model_input(table, code, names)
    return np.asarray(
        np.mean([_booster(text).predict(inputs, num_threads=1) for text in boosters], axis=0), dtype=np.float64
    )


@lru_cache(maxsize=64)
def _booster(text: str) -> Any:  # noqa: ANN401 - LightGBM carries no types
    import lightgbm

    try:
        return lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        msg = f"the model is none of LightGBM's: {error}"
        raise ModelError(msg) from error
