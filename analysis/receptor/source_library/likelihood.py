"""How much likelier an observed excess is from one profile than from a source of any unlisted kind.

Model of a profile: mass of species s = amount x share of its part x fraction of s, each with a log-normal deviation, plus the error
of the measurement; a small part of the species follows no profile. Model of an unlisted kind: each species by itself is absent, or
of any size within four decades. The amount has a flat prior over the logarithm. Everything is integrated on a grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from analysis.receptor.source_library.profile import ProfilePart, SourceProfile

    Field = NDArray[np.float64]

STEP = 0.25
"""Of the grid of the logarithm of the amount [1]."""
_MARGIN = 4.0
_DECADES = 14.0
"""Width of the flat prior of the logarithm of the amount, six decades [1]."""
_BROAD = 10.0
"""Width of the flat prior of the logarithm of a species that follows no profile, four decades [1]."""
_NODES = np.linspace(-4.0, 4.0, 33)
_WEIGHTS = np.exp(-(_NODES**2) / 2) / np.exp(-(_NODES**2) / 2).sum()
_DETECTED = 2.0
"""Standard errors from which on an excess counts as seen."""
_ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenExcess:
    """Excess of all species with its standard error, (species,) [ug m⁻³]."""

    names: tuple[str, ...]
    value: Field
    error: Field

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Species whose excess is at least two standard errors."""
        return np.asarray(self.value >= _DETECTED * self.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareSettings:
    """Settings of one comparison; as `analysis.receptor.source_library.profile.LibraryRules`."""

    absent_share: float
    outlier_share: float
    temper: float
    spread_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFit:
    """One profile against the excess.

    Attributes
    ----------
    evidence : float
        Logarithm of the likelihood by that of an unlisted kind, tempered [1].
    gain : dict of str to float
        The same of each measured species that the profile lists, at the most probable amount, not tempered.
    belongs : dict of str to float
        Probability that a species follows the profile [1].
    deviation : dict of str to float
        Of the logarithm of a seen species from the profile in standard deviations [1].
    """

    profile: SourceProfile
    evidence: float
    gain: dict[str, float]
    belongs: dict[str, float]
    deviation: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """Measured species that a part of a profile lists, (species,)."""

    names: tuple[str, ...]
    value: Field
    error: Field
    log_fraction: Field
    spread: Field
    scale_spread: float


def observed(mass: Mapping[str, tuple[float, float]], least_error: float) -> SeenExcess:
    """Excess as arrays; relative errors below ``least_error`` are taken as that.

    Parameters
    ----------
    mass : mapping of str to (float, float)
        Of `analysis.receptor.source_library.mass.as_mass`.
    least_error : float
        Relative standard error [1].
    """
    value = np.array([pair[0] for pair in mass.values()], dtype=float)
    error = np.array([pair[1] for pair in mass.values()], dtype=float)
    return SeenExcess(names=tuple(mass), value=value, error=np.hypot(error, least_error * np.abs(value)))


def fit_profile(profile: SourceProfile, seen: SeenExcess, setting: CompareSettings) -> ProfileFit | None:
    """Compare; None if none of the species of the profile was measured.

    Parameters
    ----------
    profile : SourceProfile
    seen : SeenExcess
    setting : CompareSettings
    """
    parts = _listed(profile, seen, setting.spread_factor)
    if not parts:
        return None
    grid = _grid(parts)
    by_part = [_species_gain(part, grid, setting) for part in parts]
    logs = [setting.temper * gain.sum(axis=0) for gain in by_part]
    kernels = [_kernel(grid, part.scale_spread if len(parts) > 1 else 0.0) for part in parts]
    moved = [_log_product(kernel, log) for kernel, log in zip(kernels, logs, strict=True)]
    total = np.sum(moved, axis=0)
    best = [
        int(np.argmax(log + _log_product(kernel.T, total - own)))
        for kernel, log, own in zip(kernels, logs, moved, strict=True)
    ]
    return ProfileFit(
        profile=profile,
        evidence=float(_log_sum(total) + np.log(STEP / _DECADES)),
        gain={
            name: float(gain[row, at])
            for part, gain, at in zip(parts, by_part, best, strict=True)
            for row, name in enumerate(part.names)
        },
        belongs=_belongs(parts, [grid[at] for at in best], setting.outlier_share),
        deviation=_deviations(parts, [grid[at] for at in best]),
    )


def _listed(profile: SourceProfile, seen: SeenExcess, factor: float) -> list[_Listed]:
    rows = {name: row for row, name in enumerate(seen.names)}
    found = []
    for name in dict.fromkeys(part.name for part in profile.part):
        pieces = [part for part in profile.part if part.name == name]
        pairs = [(item, part) for part in pieces for item in part.mass if item in rows]
        if pairs:
            found.append(_gathered(pairs, rows, seen, factor))
    return found


def _gathered(pairs: list[tuple[str, ProfilePart]], rows: dict[str, int], seen: SeenExcess, factor: float) -> _Listed:
    at = [rows[name] for name, _ in pairs]
    return _Listed(
        names=tuple(name for name, _ in pairs),
        value=seen.value[at],
        error=seen.error[at],
        log_fraction=np.log([part.mass[name] * part.scale for name, part in pairs]),
        spread=factor * np.array([part.spread for _, part in pairs]),
        scale_spread=factor * pairs[0][1].scale_spread,
    )


def _grid(parts: list[_Listed]) -> Field:
    """Logarithms of amounts that could explain any of the species, at multiples of the step."""
    size = np.concatenate([np.log(np.maximum(part.value, part.error)) - part.log_fraction for part in parts])
    first, last = np.floor((size.min() - _MARGIN) / STEP), np.ceil((size.max() + _MARGIN) / STEP)
    return np.arange(first, last + 1) * STEP


def _species_gain(part: _Listed, grid: Field, setting: CompareSettings) -> Field:
    """Logarithm of the likelihood of each species by that under an unlisted kind, (species, amount)."""
    follows = _follows(part, grid)
    broad = _broad(part)[:, None]
    listed = (1 - setting.outlier_share) * follows + setting.outlier_share * broad
    absent = np.exp(-((part.value / part.error) ** 2) / 2) / (part.error * _ROOT_TWO_PI)
    unlisted = setting.absent_share * absent + (1 - setting.absent_share) * _broad(part)
    return np.asarray(np.log(listed) - np.log(unlisted)[:, None])


def _follows(part: _Listed, grid: Field) -> Field:
    """Density of each species at each amount, (species, amount)."""
    centre = grid[None, :] + part.log_fraction[:, None]
    mean = np.exp(centre[..., None] + part.spread[:, None, None] * _NODES)
    away = (part.value[:, None, None] - mean) / part.error[:, None, None]
    return np.asarray((np.exp(-(away**2) / 2) @ _WEIGHTS) / (part.error[:, None] * _ROOT_TWO_PI))


def _broad(part: _Listed) -> Field:
    return np.asarray(1 / (_BROAD * np.maximum(np.abs(part.value), part.error)))


def _kernel(grid: Field, spread: float) -> Field:
    """Weights that move a part against the amount, (amount, amount of the part)."""
    if spread == 0:
        return np.eye(len(grid))
    weight = np.exp(-(((grid[:, None] - grid[None, :]) / spread) ** 2) / 2)
    return np.asarray(weight * STEP / (spread * _ROOT_TWO_PI))


def _log_product(kernel: Field, logs: Field) -> Field:
    top = logs.max()
    return np.asarray(np.log(kernel @ np.exp(logs - top) + 1e-300) + top)


def _log_sum(logs: Field) -> float:
    top = float(logs.max())
    return top + float(np.log(np.exp(logs - top).sum()))


def _belongs(parts: list[_Listed], amounts: list[float], outlier_share: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, amount in zip(parts, amounts, strict=True):
        follows = (1 - outlier_share) * _follows(part, np.array([amount]))[:, 0]
        share = follows / (follows + outlier_share * _broad(part))
        found |= dict(zip(part.names, share.tolist(), strict=True))
    return found


def _deviations(parts: list[_Listed], amounts: list[float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, amount in zip(parts, amounts, strict=True):
        seen = part.value >= _DETECTED * part.error
        with np.errstate(divide="ignore", invalid="ignore"):
            away = np.log(np.where(seen, part.value, np.nan)) - amount - part.log_fraction
        spread = np.hypot(part.spread, part.error / np.maximum(part.value, part.error))
        found |= {
            name: float(value) for name, value in zip(part.names, away / spread, strict=True) if np.isfinite(value)
        }
    return found
