"""Which kind of source an excess over the background comes from, with probabilities, and shares with 90 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy.stats import norm

from analysis.receptor.source_library.likelihood import CompareSettings, ProfileFit, SeenExcess, fit_profile, observed
from analysis.receptor.source_library.mass import as_mass
from analysis.receptor.source_library.profile import (
    BACKGROUND,
    UNNAMED,
    ProfilePart,
    SourceLibrary,
    SourceProfile,
    load_library,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMPARED_AS = {"no": "nox", "no2": "nox", "m_xylene": "m_p_xylene", "p_xylene": "m_p_xylene", "bc": "ec"}
"""Parameters that are compared as another one."""
_TAIL = 0.05
"""Below and above a 90 % interval."""


class SourceProbability(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of source of the excess.

    Attributes
    ----------
    kind : str
        Id of the library (``word.source_kind``), ``background`` (the usual air in greater quantity) or ``unnamed``.
    probability : float
        That most of the excess is of this kind [1]; those of an apportionment sum to 1.
    score : float or None
        How close the seen species lie to the profile: 1 on it, about 0.7 if they scatter as its spread says [1].
    profile : str or None
        Id of the variant that fits best.
    species : tuple of str
        Seen species that speak for the kind, the strongest first.
    measured : int
        Species of the profile that were measured.
    """

    kind: str
    probability: float
    score: float | None = None
    profile: str | None = None
    species: tuple[str, ...] = ()
    measured: int = 0


class ExcessShare(msgspec.Struct, frozen=True, kw_only=True):
    """ProfilePart of the excess of one parameter that comes from a kind, with its 90 % interval [1]."""

    kind: str
    value: float
    low: float
    high: float


class Apportionment(msgspec.Struct, frozen=True, kw_only=True):
    """Kinds of source of an excess.

    Attributes
    ----------
    sources : tuple of SourceProbability
        The most probable first.
    named : str or None
        The first kind where it is probable enough and enough species speak for it; otherwise None.
    seen : tuple of str
        Species with an excess of at least two standard errors.
    compared : int
        Species that were measured and are in the library.
    """

    sources: tuple[SourceProbability, ...]
    named: str | None
    seen: tuple[str, ...]
    compared: int
    belongs: dict[str, dict[str, float]]
    """By kind: probability that the excess of a species is of the kind, given that the kind is there [1]."""
    relative_error: dict[str, float]
    """Of the excess of each seen species [1]."""

    def shares(self, parameter: str) -> tuple[ExcessShare, ...]:
        """Parts of the excess of a parameter, the largest first; their values sum to 1.

        Parameters
        ----------
        parameter : str
            Where it was not compared, all of it is ``unnamed`` with an interval from 0 to 1.
        """
        name = _COMPARED_AS.get(parameter, parameter)
        if name not in self.seen or name not in self.relative_error:
            return (ExcessShare(kind=UNNAMED, value=1.0, low=0.0, high=1.0),)
        parts = {
            item.kind: item.probability * self.belongs.get(item.kind, {}).get(name, 0.0)
            for item in self.sources
            if item.kind != UNNAMED
        }
        parts[UNNAMED] = max(1.0 - sum(parts.values()), 0.0)
        found = [_interval(kind, chance, self.relative_error[name]) for kind, chance in parts.items()]
        return tuple(sorted(found, key=lambda item: -item.value))


def apportion_excess(
    excess: Mapping[str, tuple[float, float]],
    library: SourceLibrary | None = None,
    *,
    usual: Mapping[str, float] | None = None,
) -> Apportionment:
    """Kinds of source that explain an excess, by all species together.

    Parameters
    ----------
    excess : mapping of str to (float, float)
        By parameter: mean excess over the background and its standard error, canonical units. Values near or below zero
        count too: a kind that should show there is then less probable.
    library : SourceLibrary or None
        None: the project's.
    usual : mapping of str to float or None
        Usual level of the same parameters, canonical units: an excess in these proportions is accumulation, not a source.

    Returns
    -------
    Apportionment
        Without any seen species: ``unnamed`` with probability 1.

    Notes
    -----
    It is assumed that one kind makes most of the excess. Probabilities are tempered; how often the named kind is right is in
    ``docs/attribution.md``.

    Examples
    --------
    >>> excess = {"so2": (40.0, 4.0), "vanadium": (0.12, 0.01), "nickel": (0.05, 0.005), "no2": (90.0, 9.0), "no": (9.0, 2.0)}
    >>> found = apportion_excess(excess | {"co": (0.02, 0.05), "iron": (0.02, 0.05), "toluene": (0.1, 0.5)})
    >>> found.sources[0].kind, found.sources[0].species
    ('heavy_oil', ('nickel', 'vanadium', 'nox', 'so2'))
    >>> apportion_excess({"so2": (1.0, 2.0)}).named is None
    True
    """
    library = library or load_library()
    rules = library.rules
    seen = observed(as_mass(excess), rules.least_error)
    setting = CompareSettings(absent_share=rules.absent_share, outlier_share=rules.outlier_share, temper=rules.temper)
    ambient = _ambient(usual, rules.ambient_spread)
    fits = compare(library, seen, setting, ambient)
    prior = rules.ambient_prior if ambient is not None else 0.0
    ranked = rank(fits, unlisted=rules.unlisted_prior, ambient=prior)
    first = ranked[0]
    is_named = first.probability >= rules.named_probability and len(first.species) >= rules.named_species
    return Apportionment(
        sources=ranked,
        named=first.kind if is_named and first.kind not in {UNNAMED, BACKGROUND} else None,
        seen=tuple(name for name, shown in zip(seen.names, seen.seen, strict=True) if shown),
        compared=len(set(seen.names) & set(library.species)),
        belongs={kind: fit.belongs for kind, fit in _best(fits).items()},
        relative_error={
            name: float(error / value)
            for name, value, error in zip(seen.names, seen.value, seen.error, strict=True)
            if value > 0
        },
    )


def compare(
    library: SourceLibrary, seen: SeenExcess, setting: CompareSettings, ambient: SourceProfile | None = None
) -> list[ProfileFit]:
    """All profiles of which a species was measured, if an excess was seen at all."""
    if not seen.seen.any():
        return []
    profiles = (*library.profile, ambient) if ambient is not None else library.profile
    return [fit for fit in (fit_profile(profile, seen, setting) for profile in profiles) if fit is not None]


def rank(fits: list[ProfileFit], *, unlisted: float, ambient: float = 0.0) -> tuple[SourceProbability, ...]:
    """Probability of each kind, the most probable first; what the library does not explain is ``unnamed``.

    Parameters
    ----------
    fits : list of ProfileFit
        Of `compare`.
    unlisted, ambient : float
        Prior probability of a kind outside the library, and of accumulation [1].
    """
    by_kind: dict[str, list[ProfileFit]] = {}
    for fit in fits:
        by_kind.setdefault(fit.profile.kind, []).append(fit)
    named = [kind for kind in by_kind if kind != BACKGROUND]
    each = (1 - unlisted - ambient) / max(len(named), 1)
    logs = {
        kind: np.log(ambient if kind == BACKGROUND else each) + _log_mean([fit.evidence for fit in found])
        for kind, found in by_kind.items()
    }
    logs[UNNAMED] = np.log(unlisted)
    top = max(logs.values())
    total = sum(np.exp(value - top) for value in logs.values())
    best = _best(fits)
    found = [_probability(kind, float(np.exp(value - top) / total), best.get(kind)) for kind, value in logs.items()]
    return tuple(sorted(found, key=lambda item: -item.probability))


def _best(fits: list[ProfileFit]) -> dict[str, ProfileFit]:
    best: dict[str, ProfileFit] = {}
    for fit in fits:
        kind = fit.profile.kind
        if kind not in best or fit.evidence > best[kind].evidence:
            best[kind] = fit
    return best


def _probability(kind: str, probability: float, fit: ProfileFit | None) -> SourceProbability:
    if fit is None:
        return SourceProbability(kind=kind, probability=probability)
    speaking = sorted((name for name in fit.deviation if fit.gain[name] > 0), key=lambda name: -fit.gain[name])
    away = np.array(list(fit.deviation.values()))
    return SourceProbability(
        kind=kind,
        probability=probability,
        score=float(np.exp(-(away**2) / 2).mean()) if len(away) else None,
        profile=fit.profile.id,
        species=tuple(speaking),
        measured=len(fit.gain),
    )


def _ambient(usual: Mapping[str, float] | None, spread: float) -> SourceProfile | None:
    if usual is None:
        return None
    mass = {name: pair[0] for name, pair in as_mass({name: (value, 1.0) for name, value in usual.items()}).items()}
    known = {name: value for name, value in mass.items() if value > 0}
    if not known:
        return None
    part = ProfilePart(
        name="gas",
        publication="",
        verified=True,
        unit="ug m-3",
        scale=1.0,
        scale_spread=spread,
        spread=spread,
        mass=known,
    )
    return SourceProfile(id=BACKGROUND, kind=BACKGROUND, part=(part,))


def _log_mean(values: list[float]) -> float:
    top = max(values)
    return top + float(np.log(np.mean(np.exp(np.array(values) - top))))


def _interval(kind: str, chance: float, relative_error: float) -> ExcessShare:
    """Mixture: with ``chance`` all of the excess within its error, otherwise nothing of it."""
    below = 1.0 - chance
    return ExcessShare(
        kind=kind,
        value=chance,
        low=_mixture_quantile(_TAIL, below, relative_error),
        high=_mixture_quantile(1 - _TAIL, below, relative_error),
    )


def _mixture_quantile(level: float, zero_share: float, relative_error: float) -> float:
    if level <= zero_share:
        return 0.0
    inside = (level - zero_share) / (1 - zero_share)
    # Quantile of 1 - |N(0, relative_error)|.
    return float(np.clip(1 - relative_error * norm.ppf((2 - inside) / 2), 0.0, 1.0))
