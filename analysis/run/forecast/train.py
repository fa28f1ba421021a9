"""Training of the hourly forecast on stored hours, its score against the model in force, and its promotion."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from analysis.forecast.hourly.grid import TARGETS
from analysis.forecast.hourly.model import HourlyOptions, composed
from analysis.forecast.hourly.promotion import decide
from analysis.forecast.hourly.training import train
from analysis.forecast.hourly.verify import Verification, scores, verify
from analysis.forecast.hourly.warning import WARNING_INDICES
from analysis.run.forecast.model_store import (
    MODEL,
    ModelScore,
    StoredModel,
    describe,
    load_in_force,
    load_version,
    put_in_force,
    save_model,
    scores_json,
)
from analysis.run.forecast.reading import read_network
from analysis.run.forecast.weather_archive import read_archive
from analysis.run.to_json import to_json
from analysis.statistics.iaqi import breakpoint_concentration
from schemas.interval import floor_hour
from schemas.reason import Reason, encode_reason
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from analysis.forecast.hourly.grid import HourGrid
    from analysis.forecast.hourly.model import HourlyModel
    from analysis.forecast.hourly.promotion import PromotionDecision
    from analysis.run.forecast.model_store import LoadedModel
    from store.settings import SharedSettings

HISTORY_D = 730
"""Days of history that a training reads [d]."""
RECENT_D = 7
"""Last days that are left out of training and scored [d]; project choice."""
EVENT_INDEX = 100
"""Index whose concentration is the event of the scores: above it the air is polluted."""


class TrainingSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a training made.

    Attributes
    ----------
    version : str
        Empty without a model: ``reason`` says why.
    promoted : bool
        Of any pollutant.
    in_force : str
        Version in force after it: the new one where all of its pollutants were promoted, else one that is composed of both.
    reason : str
        Stored text (`schemas.reason`).
    decisions : dict of str to str
        Why the model of each pollutant was promoted or not, stored text.
    first, last : datetime or None
        Of the training hours, UTC.
    series : int
    targets : tuple of str
    score : ModelScore or None
    refused : tuple of str
        Models in force that could not be read.
    """

    version: str
    promoted: bool
    reason: str
    in_force: str = ""
    decisions: dict[str, str] = {}
    first: datetime | None = None
    last: datetime | None = None
    series: int = 0
    targets: tuple[str, ...] = ()
    score: ModelScore | None = None
    refused: tuple[str, ...] = ()


def train_model(
    settings: SharedSettings,
    now: datetime,
    *,
    days: int = HISTORY_D,
    options: HourlyOptions | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TrainingSummary:
    """Train, score on the last days, store, and promote if better.

    Parameters
    ----------
    settings : SharedSettings
    now : datetime
        UTC.
    days : int
        Of history [d].
    options : HourlyOptions
        None: the usual size, with ``settings.forecast_miss_cost``.
    progress : callable
        Gets the code of each pollutant.

    Raises
    ------
    store.error.StoreError
    OSError
        The files could not be written; the model in force stays.
    """
    options, origin = options or HourlyOptions(miss_cost=settings.forecast_miss_cost), floor_hour(now)
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        state.migrate()
        hours = read_network(settings, store, origin - timedelta(days=days), origin)
        grid = hours.grid
        split = pd.Timestamp(origin) - pd.Timedelta(days=RECENT_D)
        levels = warning_levels(origin.astimezone(settings.stations.timezone).date())
        archive = read_archive(settings, hours, split.to_pydatetime())
        model = (
            None
            if grid is None
            else train(grid, before=split, options=options, levels=levels, archive=archive, progress=progress)
        )
        if grid is None or model is None:
            reason = Reason("promotion", "too_little_history", {"days": _days(grid)}, scope="forecast")
            return TrainingSummary(version="", promoted=False, reason=encode_reason(reason))
        return _store(settings, state, grid, model, options)


def promote(settings: SharedSettings, version: str, *, is_dry_run: bool) -> str:
    """Put a stored version in force by hand; returns the version that was in force. Raises `ModelFileError` if it cannot be read."""
    with StateStore(settings.state_url) as state:
        state.migrate()
        load_version(settings, state, version)
        before = load_in_force(settings, state).version
        if not is_dry_run:
            put_in_force(state, version)
        return before


def event_thresholds(day: date) -> dict[str, float]:
    """Concentration of index 100 of each pollutant in the edition in force, hourly values (PM: the daily breakpoints).

    Examples
    --------
    >>> from datetime import date
    >>> event_thresholds(date(2026, 4, 1))["pm25"]
    60.0
    """
    found = {target: breakpoint_concentration(target, "1h", EVENT_INDEX, day) for target in TARGETS}
    return {target: value for target, value in found.items() if value is not None}


def warning_levels(day: date) -> dict[str, tuple[float, ...]]:
    """Concentrations that are warned of, by pollutant: those of `WARNING_INDICES` in the edition in force, as `event_thresholds` takes them.

    Examples
    --------
    >>> from datetime import date
    >>> warning_levels(date(2026, 4, 1))["pm25"]
    (60.0, 115.0, 150.0, 250.0)
    """
    found = {
        target: [breakpoint_concentration(target, "1h", index, day) for index in WARNING_INDICES] for target in TARGETS
    }
    return {target: tuple(value for value in values if value is not None) for target, values in found.items()}


def _store(
    settings: SharedSettings, state: StateStore, grid: HourGrid, model: HourlyModel, options: HourlyOptions
) -> TrainingSummary:
    now = datetime.now(UTC)
    first, last = grid.row_of(model.last) + 1, len(grid.hours)
    thresholds = event_thresholds(grid.hours[-1].tz_convert(settings.stations.timezone).date())
    ours = verify(grid, model, first, last, thresholds)
    loaded = load_in_force(settings, state)
    theirs = None if loaded.model is None else verify(grid, loaded.model, first, last, thresholds)
    decisions = decide(ours, theirs, model.targets)
    stored = StoredModel(
        version="",
        created=now,
        head_digest="",
        code_version=_code_version(),
        first=model.first.to_pydatetime(),
        last=model.last.to_pydatetime(),
        series=len(model.series),
        targets=tuple(model.targets),
        settings=msgspec.to_builtins(options),
        score=_score(grid, ours, theirs, first),
        promoted=any(item.is_better for item in decisions.values()),
        reason=encode_reason(_whole(decisions)),
        decisions={target: encode_reason(item.reason) for target, item in decisions.items()},
    )
    stored = _put(settings, state, model, options, stored)
    promoted = {target for target, item in decisions.items() if item.is_better}
    in_force = _put_in_force(settings, state, (model, options, stored), promoted, loaded)
    return TrainingSummary(
        version=stored.version,
        promoted=stored.promoted,
        in_force=in_force,
        reason=stored.reason,
        decisions=stored.decisions,
        first=stored.first,
        last=stored.last,
        series=stored.series,
        targets=stored.targets,
        score=stored.score,
        refused=loaded.refused,
    )


def _put(
    settings: SharedSettings, state: StateStore, model: HourlyModel, options: HourlyOptions, described: StoredModel
) -> StoredModel:
    """Write files and document of a model."""
    version, head_digest = save_model(settings, model, options)
    stored = msgspec.structs.replace(described, version=version, head_digest=head_digest)
    state.documents.put(MODEL, version, to_json(stored))
    return stored


def _put_in_force(
    settings: SharedSettings,
    state: StateStore,
    trained: tuple[HourlyModel, HourlyOptions, StoredModel],
    promoted: set[str],
    loaded: LoadedModel,
) -> str:
    """Put the promoted pollutants in force, with the others of the model in force; returns the version in force."""
    model, options, stored = trained
    if not promoted:
        return loaded.version
    whole = composed(model, loaded.model, promoted)
    if set(whole.targets) != promoted or promoted != set(model.targets):
        before = describe(state, loaded.version)
        older = {} if before is None else before.sources
        sources = {
            target: stored.version if target in promoted else older.get(target, loaded.version)
            for target in whole.targets
        }
        stored = _put(
            settings,
            state,
            whole,
            options,
            msgspec.structs.replace(stored, targets=tuple(whole.targets), sources=sources),
        )
    put_in_force(state, stored.version)
    return stored.version


def _whole(decisions: Mapping[str, PromotionDecision]) -> Reason:
    """One sentence of all pollutants."""
    names = {
        is_better: ", ".join(target for target, item in decisions.items() if item.is_better == is_better)
        for is_better in (True, False)
    }
    kind = "some" if all(names.values()) else "all" if names[True] else "none"
    figures = {"promoted": names[True], "others": names[False]}
    return Reason("promotion", kind, {name: text for name, text in figures.items() if text}, scope="forecast")


def _score(grid: HourGrid, ours: Verification, theirs: Verification | None, first: int) -> ModelScore:
    def plain(sums: dict[str, Any]) -> dict[str, Any]:
        return scores_json({target: scores(item) for target, item in sums.items()})

    return ModelScore(
        first=grid.hours[first].to_pydatetime(),
        last=grid.hours[-1].to_pydatetime(),
        model=plain(ours.model),
        in_force=None if theirs is None else plain(theirs.model),
        persistence=plain(ours.persistence),
    )


def _code_version() -> str:
    from importlib.metadata import version

    return version("skyground")


def _days(grid: HourGrid | None) -> int:
    return 0 if grid is None else len(grid.hours) // 24
