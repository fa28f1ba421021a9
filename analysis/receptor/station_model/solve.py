"""A station's hours factorised: number of factors, solution, intervals, names; or what is needed for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd

from analysis.receptor.pmf import Bootstrap, PmfResult, bootstrap, compare_fits, fit, refit
from analysis.receptor.source_library import name_factor
from analysis.receptor.source_library.mass import as_mass
from analysis.receptor.split import errors_of_interval
from analysis.receptor.station_model.samples import StationSamples, choose_samples, fixed_samples
from analysis.receptor.station_model.solution import FactorCount, ModelFactor, StationSolution, as_result
from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from datetime import datetime

    from analysis.receptor.pmf import Refit
    from analysis.receptor.source_library import Naming
    from analysis.receptor.station_model.errors import ErrorRules

STARTS, RUNS, SEED = 8, 40, 42
NAMING_LEAK = 0.03
"""Part of each species' mean [1] that a factor may hold of other sources, in the comparison with the library; our choice."""
_SHOWN_SPECIES = 5
_LEAST_SHARE = 30.0
"""Of a species [%] that is named as one of a factor."""


def solve_station(
    hourly: pd.DataFrame,
    window: tuple[datetime, datetime],
    *,
    station_id: str,
    network: str,
    rules: ErrorRules,
    last: StationSolution | None = None,
) -> StationSolution:
    """Factorise the hours of a station.

    Parameters
    ----------
    hourly : DataFrame
        ``schemas.frames`` hourly of the station and network in the window.
    window : tuple of datetime
        UTC, half-open.
    station_id, network : str
    rules : ErrorRules
    last : StationSolution or None
        Continued where the station still has its species; then factors keep their numbers and have a cosine to it.

    Returns
    -------
    StationSolution
        Without factors, and with the reason, where there are too few hours, days or species.
    """
    empty = StationSolution(
        station_id=station_id, network=network, start=window[0], end=window[1], hours=0, days=0, seed=SEED
    )
    samples = choose_samples(hourly, network, rules)
    if lack := _lack(samples, rules):
        return _with(empty, samples, reasons=(encode_reason(lack),))
    if last is not None and last.factors:
        same = fixed_samples(hourly.reindex(samples.conc.index), last.limits, last.weak)
        if same is not None and not _lack(same, rules) and _varies(same):
            return _continued(empty, same, samples, last, rules)
    return _from_random_starts(empty, samples, rules)


def _lack(samples: StationSamples, rules: ErrorRules) -> Reason | None:
    """What is missing for a factorisation."""
    limits = rules.rules
    species, hours = len(samples.conc.columns), len(samples.conc)
    if species < limits.least_species:
        return Reason("model", "few_species", {"species": species, "least": limits.least_species}, "attribution")
    if hours < limits.least_hours:
        figures = {"hours": hours, "least": limits.least_hours, "species": species}
        return Reason("model", "few_hours", figures, "attribution")
    if samples.days < limits.least_days:
        figures = {"days": samples.days, "least": limits.least_days, "hours": hours}
        return Reason("model", "few_days", figures, "attribution")
    return None


def _varies(samples: StationSamples) -> bool:
    return bool((samples.conc.max() > samples.conc.min()).all())


def _from_random_starts(empty: StationSolution, samples: StationSamples, rules: ErrorRules) -> StationSolution:
    limits = rules.rules
    # Each factor needs more than two species to be told from the others.
    most = min(limits.most_factors, max(limits.fewest_factors, len(samples.conc.columns) // 3))
    numbers = range(limits.fewest_factors, most + 1)
    fitted = {
        number: fit(samples.conc, samples.unc, number, starts=STARTS, seed=empty.seed, least_contribution=0.0)
        for number in numbers
    }
    table = compare_fits(list(fitted.values()), samples.conc, samples.unc)
    ratios = table["q_robust"] / table["q_expected"]
    counts = tuple(
        FactorCount(factors=number, ratio=float(ratio), reproduced=float(found), starts=STARTS)
        for number, ratio, found in zip(fitted, ratios, table["reproduced"], strict=True)
    )
    chosen = fitted[choose_count(counts, rules)]
    return _described(empty, samples, samples, chosen, rules, counts=counts, starts=STARTS)


def choose_count(counts: tuple[FactorCount, ...], rules: ErrorRules) -> int:
    """Number of factors: the first one, reproduced from random starts, after which no further factor lowers Q by enough.

    Parameters
    ----------
    counts : tuple of FactorCount
        Consecutive numbers, ascending.
    rules : ErrorRules
        ``least_gain``, ``least_reproduced``.
    """
    limits = rules.rules
    best = counts[0]
    for item in counts[1:]:
        if item.ratio > (1 - limits.least_gain) ** (item.factors - best.factors) * best.ratio:
            continue
        if item.reproduced >= limits.least_reproduced:
            best = item
    return best.factors


def _continued(
    empty: StationSolution, same: StationSamples, chosen: StationSamples, last: StationSolution, rules: ErrorRules
) -> StationSolution:
    again = refit(as_result(last), same.conc, same.unc, starts=STARTS, seed=empty.seed)
    reasons = tuple(encode_reason(reason) for reason in again.reasons)
    return _described(
        empty, same, chosen, again.result, rules, again=again, last=last.key, reasons=reasons, starts=STARTS
    )


def _described(
    empty: StationSolution,
    samples: StationSamples,
    chosen: StationSamples,
    result: PmfResult,
    rules: ErrorRules,
    *,
    again: Refit | None = None,
    **further: object,
) -> StationSolution:
    """Solution with its intervals and names."""
    runs = bootstrap(result, samples.conc, samples.unc, block="D", runs=RUNS, seed=empty.seed)
    values = {
        "species": tuple(samples.limits.values()),
        "factors": _factors(result, runs, rules, again),
        "profiles": _rows(result.profiles),
        "low": _rows(runs.low),
        "high": _rows(runs.high),
        "q_true": result.q_true,
        "q_robust": result.q_robust,
        "q_expected": result.q_expected,
        "runs": runs.runs,
        "blocks": runs.blocks,
        "profile_error": rules.rules.profile_error,
        "mass_error": rules.rules.mass_error,
        **further,
    }
    return _with(empty, samples, left_out=chosen.left_out, **values)


def _with(empty: StationSolution, samples: StationSamples, **values: object) -> StationSolution:
    common = {"hours": len(samples.conc), "days": samples.days, "weak": samples.weak, "left_out": samples.left_out}
    return msgspec.structs.replace(empty, **(common | values))


def _factors(result: PmfResult, runs: Bootstrap, rules: ErrorRules, again: Refit | None) -> tuple[ModelFactor, ...]:
    mass, low, high = (_mass(frame) for frame in (result.profiles, runs.low, runs.high))
    errors = profile_errors(result.profiles, runs.low, runs.high, rules.rules.profile_error)
    percent = result.percent_of_species
    return tuple(
        _factor(
            int(number),
            _naming(result.profiles.loc[number], errors.loc[number], result.profiles.sum()),
            species=_main_species(percent.loc[number]),
            mass=float(mass[int(number)]),
            mass_low=_or_none(low[int(number)]),
            mass_high=_or_none(high[int(number)]),
            share=float(mass[int(number)] / mass.sum()),
            found=int(runs.found[int(number)]),
            cosine=None if again is None else float(again.cosine[int(number)]),
        )
        for number in result.profiles.index.tolist()
    )


def _factor(number: int, naming: Naming, **figures: Any) -> ModelFactor:  # noqa: ANN401 - the fields of the factor
    return ModelFactor(
        number=number, kind=naming.kind, probability=naming.probability, score=naming.score, runner_up=naming.runner_up,
        why=naming.why, **figures,
    )  # fmt: skip


def _naming(profile: pd.Series, errors: pd.Series, total: pd.Series) -> Naming:
    """Name of a profile; a part of each species leaks in from the other factors."""
    spread = (errors**2 + (NAMING_LEAK * total) ** 2) ** 0.5
    pairs = zip(profile.to_numpy(dtype=float).tolist(), spread.to_numpy(dtype=float).tolist(), strict=True)
    return name_factor(dict(zip(map(str, profile.index), pairs, strict=True)))


def profile_errors(profiles: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, least: float) -> pd.DataFrame:
    """Standard errors of profiles: of the bootstrap, at least a part of the profile, which its percentiles do not hold.

    Parameters
    ----------
    profiles, low, high : DataFrame, (factor, species)
    least : float
        Relative to the profile [1].
    """
    return errors_of_interval(low, high).clip(lower=least * profiles)


def mass_weights(names: list[str]) -> pd.Series:
    """Factor that brings the canonical unit of each species to ug m⁻³ [ug m⁻³ per unit]."""
    return pd.Series({name: next(iter(as_mass({name: (1.0, 1.0)}).values()))[0] for name in names}, dtype=float)


def _mass(frame: pd.DataFrame) -> pd.Series:
    weights = mass_weights([str(name) for name in frame.columns])
    return (frame * weights).sum(axis=1, skipna=False)


def _main_species(percent: pd.Series) -> tuple[str, ...]:
    ranked = percent.dropna().sort_values(ascending=False, kind="stable")
    return tuple(str(name) for name in ranked[ranked >= _LEAST_SHARE].index[:_SHOWN_SPECIES])


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rows(frame: pd.DataFrame) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(_or_none(value) for value in row) for row in frame.to_numpy(dtype=float))
