"""How much likelier an excess is from one profile than from a source of any unlisted kind.

Excess of a species = accumulation of the usual air (one factor a group of species, unknown) + mass from the source + error.
A profile: mass = amount x share of its part x fraction, each with a log-normal deviation; a few species follow no profile, and an unknown
part of them, but never the main one, is not emitted at all: plants differ, and publications list what was found anywhere. An unlisted
kind: each species by itself is absent, or of any size within four decades. No source: all are absent. The amount has a flat prior over
its logarithm. Everything is summed on grids, of the amount and of the accumulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.receptor.source_library.density import ROOT_TWO_PI, absent_or_any, any_size, follow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analysis.receptor.source_library.profile import LibraryRules, ProfilePart, SourceProfile

    Field = NDArray[np.float64]

STEP = 0.3
"""Of the grid of the logarithm of the amount [1]."""
_MARGIN = 3.0
_DECADES = 14.0
"""Width of the flat prior of the logarithm of the amount, six decades [1]."""
_DETECTED = 2.0
"""Standard errors from which on an excess counts as seen."""
_STRAY = 0.05
"""Prior part of the species whose excess is of something else although the profile lists them [1]."""
_ACCUMULATION = np.array([-0.6, -0.35, -0.15, 0.0, 0.15, 0.35, 0.65, 1.0, 1.6, 2.5, 4.0])
"""Factors of the usual air that are tried [1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenExcess:
    """Excess of all species in ug m⁻³, less each tried accumulation.

    Attributes
    ----------
    names, groups : tuple of str
        Species, and their groups.
    value, error : array, (species,)
        As given.
    rest, rest_error : array, (species, accumulation)
    absent, elsewhere : array, (species, accumulation)
        Logarithm of the density under an unlisted kind, and under a kind that does not list the species.
    weight : array, (accumulation,)
        Logarithm of the prior of each accumulation.
    rows : dict of str to array
        Rows of each group (gas, voc, pm).
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    value: Field
    error: Field
    rest: Field
    rest_error: Field
    absent: Field
    elsewhere: Field
    weight: Field
    rows: dict[str, NDArray[np.intp]]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Species whose excess is at least two standard errors."""
        return np.asarray(self.value >= _DETECTED * self.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFit:
    """One profile against the excess.

    Attributes
    ----------
    evidence : float
        Logarithm of the likelihood by that of an unlisted kind, tempered [1].
    gain : dict of str to float
        The same of each measured species that the profile lists, at the most probable amount, not tempered.
    share, accumulated : dict of str to float
        Part of the excess of a species that is of the profile, and part that is accumulation [1].
    deviation : dict of str to float
        Of the logarithm of a seen species from the profile in standard deviations [1].
    """

    profile: SourceProfile
    evidence: float
    gain: dict[str, float]
    share: dict[str, float]
    accumulated: dict[str, float]
    deviation: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Measured species of one group that a profile lists: rows of the excess."""

    rows: NDArray[np.intp]
    log_fraction: Field
    spread: Field
    scale_spread: float


def see_excess(
    mass: Mapping[str, tuple[float, float]],
    groups: Mapping[str, str],
    usual: Mapping[str, float],
    rules: LibraryRules,
) -> SeenExcess:
    """Excess as arrays, with every tried accumulation taken off.

    Parameters
    ----------
    mass : mapping of str to (float, float)
        Of `analysis.receptor.source_library.mass.as_mass`.
    groups : mapping of str to str
        Group of each species.
    usual : mapping of str to float
        Local part of the usual level [ug m⁻³]; a species without one does not accumulate.
    rules : LibraryRules
    """
    value = np.array([pair[0] for pair in mass.values()], dtype=float)
    given = np.array([pair[1] for pair in mass.values()], dtype=float)
    level = np.array([max(usual.get(name, 0.0), 0.0) for name in mass], dtype=float)
    factors = _ACCUMULATION if level.any() else np.zeros(1)
    rest = value[:, None] - factors * level[:, None]
    common = np.hypot(rules.accumulation_floor, rules.accumulation_spread * factors)
    error = np.sqrt(given[:, None] ** 2 + (common * level[:, None]) ** 2 + (rules.least_error * rest) ** 2)
    prior = -np.abs(factors) / rules.accumulation_scale
    belong = np.array([groups[name] for name in mass])
    return SeenExcess(
        names=tuple(mass),
        groups=tuple(belong.tolist()),
        value=value,
        error=np.hypot(given, rules.least_error * np.abs(value)),
        rest=rest,
        rest_error=error,
        absent=absent_or_any(rest, error, rules.absent_share),
        elsewhere=absent_or_any(rest, error, rules.kind_absent_share),
        weight=prior - _log_sum(prior),
        rows={str(name): np.flatnonzero(belong == name) for name in np.unique(belong)},
    )


def fit_nothing(seen: SeenExcess, rules: LibraryRules) -> float:
    """Evidence of no source at all; as `ProfileFit.evidence`."""
    empty = absent_or_any(seen.rest, seen.rest_error, 1 - rules.quiet_outlier_share)
    total = sum(_summed(empty[rows], seen.weight) - _unlisted(seen, rows) for rows in seen.rows.values())
    return rules.temper * float(total)


def fit_profile(profile: SourceProfile, seen: SeenExcess, rules: LibraryRules) -> ProfileFit | None:
    """Compare; None if none of the species of the profile was measured.

    Parameters
    ----------
    profile : SourceProfile
    seen : SeenExcess
    rules : LibraryRules
    """
    groups = _listed(profile, seen, rules.spread_factor)
    if not groups:
        return None
    grid = _grid(list(groups.values()), seen)
    listed = {name: _listed_logs(group, grid, seen, rules) for name, group in groups.items()}
    prior = np.log([chance for _, chance in rules.incomplete])
    logs = {
        name: rules.temper * _group_log(group, listed[name], prior, seen.rows[name], seen)
        for name, group in groups.items()
    }
    kernels = {name: _kernel(grid, group.scale_spread if len(groups) > 1 else 0.0) for name, group in groups.items()}
    moved = {name: _log_product(kernels[name], logs[name]) for name in groups}
    total = np.sum(list(moved.values()), axis=0)
    without = [rows for name, rows in seen.rows.items() if name not in groups]
    elsewhere = sum(_summed(seen.elsewhere[rows], seen.weight) - _unlisted(seen, rows) for rows in without)
    evidence = float(_log_sum(total) + np.log(STEP / _DECADES)) + rules.temper * float(elsewhere)
    fit = ProfileFit(profile=profile, evidence=evidence, gain={}, share={}, accumulated={}, deviation={})
    for name, group in groups.items():
        at = int(np.argmax(logs[name] + _log_product(kernels[name].T, total - moved[name])))
        _describe(fit, group, listed[name][0, :, at, :], float(grid[at]), seen)
    return fit


def _describe(fit: ProfileFit, group: _Group, listed: Field, amount: float, seen: SeenExcess) -> None:
    """Fill in what one group says at the most probable amount and accumulation."""
    column = int(np.argmax(listed.sum(axis=0) + seen.weight))
    names = [seen.names[row] for row in group.rows]
    value, rest, error = seen.value[group.rows], seen.rest[group.rows, column], seen.rest_error[group.rows, column]
    expected = np.exp(amount + group.log_fraction)
    fit.gain.update(zip(names, (listed[:, column] - seen.absent[group.rows, column]).tolist(), strict=True))
    own = np.where(rest > error, rest, np.minimum(expected, np.maximum(rest, 0.0)))
    broad = any_size(rest, error) + np.log(_STRAY)
    belongs = 1 - np.exp(np.minimum(broad - listed[:, column], 0.0))
    fit.share.update(zip(names, (_part(own, value) * belongs).tolist(), strict=True))
    fit.accumulated.update(zip(names, _part(value - rest, value).tolist(), strict=True))
    shown = rest >= _DETECTED * error
    away = np.log(np.where(shown, rest, expected) / expected) / np.hypot(group.spread, error / np.maximum(rest, error))
    fit.deviation.update({name: float(z) for name, z, ok in zip(names, away, shown, strict=True) if ok})


def _part(amount: Field, total: Field) -> Field:
    return np.clip(np.divide(amount, total, out=np.zeros_like(total), where=total > 0), 0.0, 1.0)


def _listed_logs(group: _Group, grid: Field, seen: SeenExcess, rules: LibraryRules) -> Field:
    """Logarithm of the density of each listed species by each missing part, (part, species, amount, accumulation)."""
    centre = (grid[None, :] + group.log_fraction[:, None])[..., None]
    rest, error = seen.rest[group.rows][:, None, :], seen.rest_error[group.rows][:, None, :]
    is_main = group.log_fraction == group.log_fraction.max()
    missing = np.outer([part for part, _ in rules.incomplete], ~is_main)
    return follow(rest, error, centre, group.spread[:, None, None], outlier_share=rules.outlier_share, missing=missing)


def _group_log(group: _Group, listed: Field, prior: Field, rows: NDArray[np.intp], seen: SeenExcess) -> Field:
    """Logarithm of the likelihood of all species of a group by that of an unlisted kind, (amount,)."""
    rest = np.setdiff1d(rows, group.rows)
    by_accumulation = seen.elsewhere[rest].sum(axis=0) + seen.weight
    together = _log_sum(listed.sum(axis=1) + prior[:, None, None], axis=0)
    return np.asarray(_log_sum(together + by_accumulation, axis=1) - _unlisted(seen, rows))


def _unlisted(seen: SeenExcess, rows: NDArray[np.intp]) -> float:
    return _summed(seen.absent[rows], seen.weight)


def _log_sum(values: Field, axis: int | None = None) -> Field:
    from scipy.special import logsumexp

    return np.asarray(logsumexp(values, axis=axis))


def _summed(logs: Field, weight: Field) -> float:
    return float(_log_sum(logs.sum(axis=0) + weight))


def _listed(profile: SourceProfile, seen: SeenExcess, factor: float) -> dict[str, _Group]:
    rows = {name: row for row, name in enumerate(seen.names)}
    pairs: dict[str, list[tuple[str, ProfilePart]]] = {}
    for part in profile.part:
        for name in part.mass:
            if name in rows:
                pairs.setdefault(seen.groups[rows[name]], []).append((name, part))
    return {group: _gathered(found, rows, factor) for group, found in pairs.items()}


def _gathered(pairs: list[tuple[str, ProfilePart]], rows: Mapping[str, int], factor: float) -> _Group:
    return _Group(
        rows=np.array([rows[name] for name, _ in pairs]),
        log_fraction=np.log([part.mass[name] * part.scale for name, part in pairs]),
        spread=factor * np.array([part.spread for _, part in pairs]),
        scale_spread=factor * pairs[0][1].scale_spread,
    )


def _grid(groups: list[_Group], seen: SeenExcess) -> Field:
    """Logarithms of amounts that could explain any of the species, at multiples of the step."""
    size = np.concatenate(
        [np.log(np.maximum(seen.value[group.rows], seen.error[group.rows])) - group.log_fraction for group in groups]
    )
    first, last = np.floor((size.min() - _MARGIN) / STEP), np.ceil((size.max() + _MARGIN) / STEP)
    return np.asarray(np.arange(first, last + 1) * STEP)


def _kernel(grid: Field, spread: float) -> Field:
    """Weights that move a group against the amount, (amount, amount of the group)."""
    if spread == 0:
        return np.eye(len(grid))
    weight = np.exp(-(((grid[:, None] - grid[None, :]) / spread) ** 2) / 2)
    return np.asarray(weight * STEP / (spread * ROOT_TWO_PI))


def _log_product(kernel: Field, logs: Field) -> Field:
    top = logs.max()
    return np.asarray(np.log(kernel @ np.exp(logs - top) + 1e-300) + top)
