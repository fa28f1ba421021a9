"""How much likelier an excess is from one profile than from a source of any unlisted kind.

Excess of a species = accumulation of the usual air (one factor a group of species, unknown) + mass from the source + error.
A profile: mass = amount x share of its part x fraction, each with a log-normal deviation; a few species follow no profile. An unlisted
kind: each species by itself is absent, or of any size within four decades. No source: all are absent. The amount has a flat prior over
its logarithm. Everything is summed on grids, of the amount and of the accumulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
_BROAD = 10.0
"""Width of the flat prior of the logarithm of a species that follows no profile, four decades [1]."""
_DETECTED = 2.0
"""Standard errors from which on an excess counts as seen."""
_BLIND = 1.5
"""Standard errors below which an excess only says that there is not more."""
_STRAY = 0.05
"""Prior part of the species whose excess is of something else although the profile lists them [1]."""
_ROOT_TWO_PI = float(np.sqrt(2 * np.pi))
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
        absent=_absent(rest, error, rules.absent_share),
        elsewhere=_absent(rest, error, rules.kind_absent_share),
        weight=prior - _log_sum(prior),
        rows={str(name): np.flatnonzero(belong == name) for name in np.unique(belong)},
    )


def fit_nothing(seen: SeenExcess, rules: LibraryRules) -> float:
    """Evidence of no source at all; as `ProfileFit.evidence`."""
    empty = _absent(seen.rest, seen.rest_error, 1 - rules.quiet_outlier_share)
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
    listed = {name: _follow(group, grid, seen, rules.outlier_share) for name, group in groups.items()}
    logs = {
        name: rules.temper * _group_log(group, listed[name], seen.rows[name], seen) for name, group in groups.items()
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
        _describe(fit, group, listed[name][:, at, :], float(grid[at]), seen)
    return fit


def _describe(fit: ProfileFit, group: _Group, listed: Field, amount: float, seen: SeenExcess) -> None:
    """Fill in what one group says at the most probable amount and accumulation."""
    column = int(np.argmax(listed.sum(axis=0) + seen.weight))
    names = [seen.names[row] for row in group.rows]
    value, rest, error = seen.value[group.rows], seen.rest[group.rows, column], seen.rest_error[group.rows, column]
    expected = np.exp(amount + group.log_fraction)
    fit.gain.update(zip(names, (listed[:, column] - seen.absent[group.rows, column]).tolist(), strict=True))
    own = np.where(rest > error, rest, np.minimum(expected, np.maximum(rest, 0.0)))
    broad = _broad(rest, error) + np.log(_STRAY)
    belongs = 1 - np.exp(np.minimum(broad - listed[:, column], 0.0))
    fit.share.update(zip(names, (_part(own, value) * belongs).tolist(), strict=True))
    fit.accumulated.update(zip(names, _part(value - rest, value).tolist(), strict=True))
    shown = rest >= _DETECTED * error
    away = np.log(np.where(shown, rest, expected) / expected) / np.hypot(group.spread, error / np.maximum(rest, error))
    fit.deviation.update({name: float(z) for name, z, ok in zip(names, away, shown, strict=True) if ok})


def _part(amount: Field, total: Field) -> Field:
    return np.clip(np.divide(amount, total, out=np.zeros_like(total), where=total > 0), 0.0, 1.0)


def _group_log(group: _Group, listed: Field, rows: NDArray[np.intp], seen: SeenExcess) -> Field:
    """Logarithm of the likelihood of all species of a group by that of an unlisted kind, (amount,)."""
    rest = np.setdiff1d(rows, group.rows)
    by_accumulation = seen.elsewhere[rest].sum(axis=0) + seen.weight
    return np.asarray(_log_sum(listed.sum(axis=0) + by_accumulation, axis=1) - _unlisted(seen, rows))


def _unlisted(seen: SeenExcess, rows: NDArray[np.intp]) -> float:
    return _summed(seen.absent[rows], seen.weight)


def _log_sum(values: Field, axis: int | None = None) -> Field:
    from scipy.special import logsumexp

    return np.asarray(logsumexp(values, axis=axis))


def _summed(logs: Field, weight: Field) -> float:
    return float(_log_sum(logs.sum(axis=0) + weight))


def _absent(rest: Field, error: Field, absent_share: float) -> Field:
    """Logarithm of the density of a species that is absent or of any size."""
    absent = -((rest / error) ** 2) / 2 - np.log(error * _ROOT_TWO_PI)
    return np.asarray(np.logaddexp(np.log(absent_share) + absent, np.log(1 - absent_share) + _broad(rest, error)))


def _broad(rest: Field, error: Field) -> Field:
    return np.asarray(-np.log(_BROAD * np.maximum(np.abs(rest), error)))


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


def _follow(group: _Group, grid: Field, seen: SeenExcess, outlier_share: float) -> Field:
    """Logarithm of the density of each listed species, (species, amount, accumulation)."""
    from scipy.special import log_ndtr

    rest, error = seen.rest[group.rows][:, None, :], seen.rest_error[group.rows][:, None, :]
    centre = (grid[None, :] + group.log_fraction[:, None])[..., None]
    spread = group.spread[:, None, None]
    size = np.maximum(rest, _BLIND * error)
    wide = np.hypot(spread, error / size)
    shown = -(((np.log(size) - centre) / wide) ** 2) / 2 - np.log(size * wide * _ROOT_TWO_PI)
    below = -((rest / error) ** 2) / 2 - np.log(error * _ROOT_TWO_PI)
    hidden = below + log_ndtr((np.log(_BLIND * error) - centre) / spread)
    follows = np.where(rest >= _BLIND * error, shown, hidden)
    return np.asarray(np.logaddexp(np.log(1 - outlier_share) + follows, np.log(outlier_share) + _broad(rest, error)))


def _kernel(grid: Field, spread: float) -> Field:
    """Weights that move a group against the amount, (amount, amount of the group)."""
    if spread == 0:
        return np.eye(len(grid))
    weight = np.exp(-(((grid[:, None] - grid[None, :]) / spread) ** 2) / 2)
    return np.asarray(weight * STEP / (spread * _ROOT_TWO_PI))


def _log_product(kernel: Field, logs: Field) -> Field:
    top = logs.max()
    return np.asarray(np.log(kernel @ np.exp(logs - top) + 1e-300) + top)
