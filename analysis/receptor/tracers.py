"""Enriched tracer species of an episode against their own background, and the kinds of source they point to.

The kinds and the rules, with their sources: ``data/tracers.toml``. An enrichment is the median of the episode by the
median of the background of the same hours of day (all hours where those are too few), with its distance in robust standard
deviations of log concentrations: log(ratio) / (1.4826 MAD of the logs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.receptor.source_kind import tracer_file, tracer_species
from qc.robust import robust_spread
from schemas.frames import valid_values
from schemas.words import words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

_KIND = "word.source_kind"
_SMALLEST_SPREAD = 0.1
"""Of log concentrations: a background steadier than about 10 % is not taken as steadier."""


class Enrichment(msgspec.Struct, frozen=True, kw_only=True):
    """One species in the episode.

    Attributes
    ----------
    ratio, relative : float
        Episode median by background median, and that by the median ratio of all species, which excludes common accumulation [1].
    score : float
        Distance from the background in robust standard deviations [1].
    episode_median, background_median : float
        Canonical unit of the parameter.
    episode_n, background_n : int
        Hours; with ``same_hours`` the background has the hours of day of the episode only.
    """

    parameter: str
    ratio: float
    relative: float
    score: float
    episode_median: float
    background_median: float
    episode_n: int
    background_n: int
    same_hours: bool
    enriched: bool


class KindEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence for one kind of source of ``data/tracers.toml``, named as in the catalogues (``word.source_kind``)."""

    kind: str
    name_zh: str
    name_en: str
    strength: float
    """Mean log2 of the relative enrichment over the measured tracers [1]."""
    enriched: tuple[str, ...]
    measured: int
    """Tracers that could be compared, of those ``listed`` for the kind."""
    listed: int

    @property
    def relative(self) -> float:
        """Geometric mean of the relative enrichment [1]."""
        return float(2**self.strength)


def enrichments(
    hourly: pd.DataFrame, start: datetime, end: datetime, *, since: datetime, zone: ZoneInfo
) -> tuple[Enrichment, ...]:
    """Compare each tracer in ``[start, end)`` with its background ``[since, start)``.

    Parameters
    ----------
    hourly : pd.DataFrame
        ``schemas.frames`` hourly with whatever species there are.
    start, end : datetime
        Episode, UTC.
    since : datetime
        Begin of the background, UTC.
    zone : ZoneInfo
        Of the hour of day.

    Returns
    -------
    tuple of Enrichment
        The highest relative enrichment first; species without enough background, or not above zero, are left out.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from zoneinfo import ZoneInfo
    >>> hours = pd.date_range("2026-05-01", periods=78, freq="h", tz="UTC", name="start")
    >>> frame = pd.DataFrame({"toluene": 1.0 + 0.1 * np.sin(np.arange(78)), "benzene": 1.0}, index=hours)
    >>> frame.loc[hours[72:], "toluene"] *= 6.0
    >>> found = enrichments(frame, hours[72], hours[-1], since=hours[0], zone=ZoneInfo("Asia/Shanghai"))
    >>> [(item.parameter, item.enriched) for item in found]
    [('toluene', True), ('benzene', False)]
    >>> [item.kind for item in kinds_of_source(found)]
    ['solvent']
    """
    index = pd.DatetimeIndex(hourly.index)
    hour = np.asarray(index.tz_convert(zone).hour)
    begin, finish, earliest = pd.Timestamp(start), pd.Timestamp(end), pd.Timestamp(since)
    inside = np.asarray((index >= begin) & (index < finish))
    before = np.asarray((index >= earliest) & (index < begin))
    same = before & np.isin(hour, np.unique(hour[inside]))
    found = []
    for name in tracer_species():
        values = valid_values(hourly, name).to_numpy(dtype=float)
        item = _compare(name, values, inside=inside, before=before, same=same)
        if item is not None:
            found.append(item)
    usual = float(np.median([item.ratio for item in found])) if found else 1.0
    ranked = [msgspec.structs.replace(item, relative=item.ratio / max(usual, 1e-9)) for item in found]
    return tuple(sorted(ranked, key=lambda item: -item.relative))


def kinds_of_source(found: tuple[Enrichment, ...]) -> tuple[KindEvidence, ...]:
    """Kinds of source with at least one enriched tracer, the strongest first.

    The strength of a kind is the mean log2 relative enrichment of **all** its measured tracers: a tracer that stayed low
    lowers it. Example: `enrichments`.

    Parameters
    ----------
    found : tuple of Enrichment
        Of `enrichments`.
    """
    by_name: Mapping[str, Enrichment] = {item.parameter: item for item in found}
    evidence = []
    for kind in tracer_file().kind:
        measured = [by_name[name] for name in kind.species if name in by_name]
        enriched = tuple(item.parameter for item in measured if item.enriched)
        if enriched:
            strength = float(np.mean([np.log2(max(item.relative, 1e-3)) for item in measured]))
            evidence.append(
                KindEvidence(
                    kind=kind.id,
                    name_zh=words("zh", _KIND)(kind.id),
                    name_en=words("en", _KIND)(kind.id),
                    strength=strength,
                    enriched=enriched,
                    measured=len(measured),
                    listed=len(kind.species),
                )
            )
    return tuple(sorted(evidence, key=lambda item: -item.strength))


def _compare(
    name: str,
    values: NDArray[np.float64],
    *,
    inside: NDArray[np.bool_],
    before: NDArray[np.bool_],
    same: NDArray[np.bool_],
) -> Enrichment | None:
    rules = tracer_file().rules
    positive = np.isfinite(values) & (values > 0)
    episode, background = values[inside & positive], values[before & positive]
    alike = values[same & positive]
    if not len(episode) or len(background) < rules.minimum_background_h:
        return None
    use_same = len(alike) >= rules.minimum_same_hours
    background = alike if use_same else background
    logs = np.log(background)
    spread = max(robust_spread(logs), _SMALLEST_SPREAD)
    ratio = float(np.median(episode) / np.median(background))
    score = float(np.log(ratio) / spread)
    return Enrichment(
        parameter=name,
        ratio=ratio,
        relative=ratio,
        score=score,
        episode_median=float(np.median(episode)),
        background_median=float(np.median(background)),
        episode_n=len(episode),
        background_n=len(background),
        same_hours=use_same,
        enriched=ratio >= rules.minimum_ratio and score >= rules.minimum_score,
    )
