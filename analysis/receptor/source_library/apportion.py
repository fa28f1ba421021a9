"""Which kind of source an excess over the background comes from, with probabilities, and shares with 90 % intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.receptor.source_library.likelihood import SeenExcess, fit_nothing, fit_profile, see_excess
from analysis.receptor.source_library.mass import as_mass
from analysis.receptor.source_library.profile import BACKGROUND, UNNAMED, SourceLibrary, load_library

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analysis.receptor.source_library.likelihood import ProfileFit
    from analysis.receptor.source_library.profile import LibraryRules

_COMPARED_AS = {"no": "nox", "no2": "nox", "m_xylene": "m_p_xylene", "p_xylene": "m_p_xylene", "bc": "ec"}
"""Parameters that are compared as another one."""
_TAIL = 0.05
"""Below and above a 90 % interval."""
_NOT_KINDS = frozenset({BACKGROUND, UNNAMED})
_LEVELS = np.linspace(0.0, 1.0, 201)


class SourceProbability(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of source of the excess.

    Attributes
    ----------
    kind : str
        Id of the library (``word.source_kind``), ``background`` (no source: the usual air in other quantity) or ``unnamed``.
    probability : float
        That the source of the excess is of this kind [1]; those of an apportionment sum to 1.
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
    """Part of the excess of one parameter that comes from a kind, with its 90 % interval [1]."""

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
    explained, accumulated : dict of str to dict of str to float
        By kind and species: part of the excess that is of the kind, and that is accumulation, if the kind is there [1].
    relative_error : dict of str to float
        Of the excess of each species above zero [1].
    """

    sources: tuple[SourceProbability, ...]
    named: str | None
    seen: tuple[str, ...]
    compared: int
    explained: dict[str, dict[str, float]]
    accumulated: dict[str, dict[str, float]]
    relative_error: dict[str, float]

    def shares(self, parameter: str) -> tuple[ExcessShare, ...]:
        """Parts of the excess of a parameter, the largest first; their values sum to 1.

        Parameters
        ----------
        parameter : str
            Where its excess was not seen or not compared, all of it is ``unnamed`` with an interval from 0 to 1.
        """
        name = _COMPARED_AS.get(parameter, parameter)
        if name not in self.seen:
            return (ExcessShare(kind=UNNAMED, value=1.0, low=0.0, high=1.0),)
        error = self.relative_error[name]
        chance = {item.kind: item.probability for item in self.sources}
        own = {kind: self.explained.get(kind, {}).get(name, 0.0) for kind in chance if kind not in _NOT_KINDS}
        usual = {kind: self.accumulated.get(kind, {}).get(name, 0.0) for kind in own} | {BACKGROUND: 1.0, UNNAMED: 0.0}
        found = [_mixture(kind, [(chance[kind], part), (1 - chance[kind], 0.0)], error) for kind, part in own.items()]
        rest = [(part, 1 - own.get(kind, 0.0) - usual[kind]) for kind, part in chance.items()]
        found.append(_mixture(BACKGROUND, [(part, usual[kind]) for kind, part in chance.items()], error))
        found.append(_mixture(UNNAMED, [(part, max(share, 0.0)) for part, share in rest], error))
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
        Local part of the usual level of the same parameters (median less the 5th percentile of past hours), canonical units: more or
        less of all species of a group in these proportions is accumulation or dilution, not a source. None: there is none.

    Returns
    -------
    Apportionment
        Without any seen species: ``background`` with probability 1.

    Notes
    -----
    At most one source is assumed, apart from accumulation. Probabilities are tempered; how often the named kind is right is in
    ``docs/attribution.md``.

    Examples
    --------
    >>> excess = {"so2": (40.0, 4.0), "vanadium": (0.12, 0.01), "nickel": (0.05, 0.005), "no2": (90.0, 9.0), "no": (9.0, 2.0)}
    >>> found = apportion_excess(excess | {"co": (0.02, 0.05), "iron": (0.02, 0.05), "toluene": (0.1, 0.5)})
    >>> found.sources[0].kind, found.sources[0].species
    ('heavy_oil', ('vanadium', 'nickel', 'nox', 'so2'))
    """
    library = library or load_library()
    rules = library.rules
    mass = as_mass(excess)
    level = as_mass({name: (value, 1.0) for name, value in (usual or {}).items()})
    seen = see_excess(mass, library.groups(mass), {name: pair[0] for name, pair in level.items()}, rules)
    fits = compare(library, seen, rules)
    quiet = (rules.quiet_prior, fit_nothing(seen, rules))
    ranked = rank(fits, unlisted=rules.unlisted_prior, quiet=quiet) if fits else _NOTHING
    first = ranked[0]
    is_named = first.probability >= rules.named_probability and len(first.species) >= rules.named_species
    return Apportionment(
        sources=ranked,
        named=first.kind if is_named and first.kind not in _NOT_KINDS else None,
        seen=tuple(name for name, shown in zip(seen.names, seen.seen, strict=True) if shown),
        compared=len(set(seen.names) & set(library.species)),
        explained={kind: fit.share for kind, fit in _best(fits).items()},
        accumulated={kind: fit.accumulated for kind, fit in _best(fits).items()},
        relative_error={
            name: float(error / value)
            for name, value, error in zip(seen.names, seen.value, seen.error, strict=True)
            if value > 0
        },
    )


_NOTHING = (SourceProbability(kind=BACKGROUND, probability=1.0),)


def compare(library: SourceLibrary, seen: SeenExcess, rules: LibraryRules) -> list[ProfileFit]:
    """All profiles of which a species was measured; none if no excess was seen."""
    if not seen.seen.any():
        return []
    return [fit for fit in (fit_profile(profile, seen, rules) for profile in library.profile) if fit is not None]


def rank(
    fits: list[ProfileFit], *, unlisted: float, quiet: tuple[float, float] | None = None
) -> tuple[SourceProbability, ...]:
    """Probability of each kind, the most probable first; what the library does not explain is ``unnamed``.

    Parameters
    ----------
    fits : list of ProfileFit
        Of `compare`.
    unlisted : float
        Prior probability of a kind outside the library [1].
    quiet : tuple of float or None
        Prior probability and evidence of no source at all; None: there is one.
    """
    by_kind: dict[str, list[ProfileFit]] = {}
    for fit in fits:
        by_kind.setdefault(fit.profile.kind, []).append(fit)
    each = (1 - unlisted - (quiet[0] if quiet else 0.0)) / max(len(by_kind), 1)
    logs = {kind: np.log(each) + _log_mean([fit.evidence for fit in found]) for kind, found in by_kind.items()}
    logs[UNNAMED] = np.log(unlisted)
    if quiet:
        logs[BACKGROUND] = np.log(quiet[0]) + quiet[1]
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


def _log_mean(values: list[float]) -> float:
    top = max(values)
    return top + float(np.log(np.mean(np.exp(np.array(values) - top))))


def _mixture(kind: str, parts: list[tuple[float, float]], error: float) -> ExcessShare:
    """Mean and 90 % interval of a mixture of shares, each known with the relative error of the excess; 0 and 1 exactly."""
    from scipy.special import ndtr

    below = np.zeros(len(_LEVELS))
    for weight, share in parts:
        exact = np.where(share <= _LEVELS, 1.0, 0.0)
        below += weight * (exact if share in {0.0, 1.0} else ndtr((_LEVELS - share) / max(error, 1e-3)))
    below[-1] = 1.0
    return ExcessShare(
        kind=kind,
        value=float(sum(weight * share for weight, share in parts)),
        low=float(_LEVELS[np.searchsorted(below, _TAIL - 1e-9)]),
        high=float(_LEVELS[np.searchsorted(below, 1 - _TAIL - 1e-9)]),
    )
