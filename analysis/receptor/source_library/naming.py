"""Name of a factor of a factorisation, with a score; unnamed when unsure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from analysis.receptor.source_library.apportion import SourceProbability, compare, rank
from analysis.receptor.source_library.likelihood import see_excess
from analysis.receptor.source_library.mass import as_mass
from analysis.receptor.source_library.profile import UNNAMED, LibraryRules, SourceLibrary, load_library

if TYPE_CHECKING:
    from collections.abc import Mapping


UNNAMED_WORDS = "word.unnamed"
"""Set of words of `Unnamed` in the catalogues."""


class Unnamed(StrEnum):
    """Why a factor has no name."""

    FEW_SPECIES = "few_species"
    UNLISTED = "unlisted"
    AMBIGUOUS = "ambiguous"
    POOR_FIT = "poor_fit"


class Certainty(StrEnum):
    """How well the name of a factor fits: ``perhaps`` below the ``factor_sure_score`` of the library, whatever the probability says."""

    SURE = "sure"
    PERHAPS = "perhaps"
    UNNAMED = "unnamed"


def certainty_of(kind: str | None, score: float) -> Certainty:
    """How well a name fits by its score.

    Examples
    --------
    >>> [certainty_of("steel", score).value for score in (0.66, 0.9)]
    ['perhaps', 'sure']
    """
    if kind is None:
        return Certainty.UNNAMED
    return Certainty.SURE if score >= load_library().rules.factor_sure_score else Certainty.PERHAPS


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """What a factor is.

    Attributes
    ----------
    kind : str or None
        Id of the library (``word.source_kind``); None where it cannot be told.
    probability : float
        Of the most probable kind [1], whether it is named or not.
    score : float
        How close the species lie to its profile, 0 to 1 [1].
    runner_up : str or None
        The next kind (or ``unnamed``).
    margin : float
        Difference of the two probabilities [1].
    species : tuple of str
        Species that speak for the kind, the strongest first.
    why : Unnamed or None
        If it is not named.
    """

    kind: str | None
    probability: float
    score: float
    runner_up: str | None
    margin: float
    species: tuple[str, ...]
    why: Unnamed | None = None


def name_factor(profile: Mapping[str, tuple[float, float]], library: SourceLibrary | None = None) -> Naming:
    """Compare the profile of a factor with the library.

    Parameters
    ----------
    profile : mapping of str to (float, float)
        By species: mean concentration that the factor contributes and its standard error (of a bootstrap or displacement), canonical
        units. Species that were not part of the factorisation are left out; a species with 0 and an error says that the factor
        lacks it.
    library : SourceLibrary or None
        None: the project's.

    Examples
    --------
    >>> salt = {"sodium_ion": 1.2, "chloride": 2.0, "magnesium_ion": 0.15, "sulfate": 0.35, "calcium_ion": 0.05, "iron": 0.001}
    >>> naming = name_factor({name: (value, 0.1 * value) for name, value in salt.items()})
    >>> naming.kind, naming.score > 0.5
    ('sea_salt', True)
    >>> name_factor({"iron": (1.0, 0.1)}).why.value
    'few_species'
    """
    library = library or load_library()
    rules = library.rules
    wide = msgspec.structs.replace(
        rules,
        spread_factor=rules.factor_spread,
        outlier_share=rules.factor_outlier_share,
        incomplete=((0.0, 1.0),),
    )
    mass = as_mass(profile)
    seen = see_excess(mass, library.groups(mass), {}, wide)
    ranked = rank(compare(library, seen, wide), unlisted=rules.unlisted_prior)
    first = ranked[0]
    runner = ranked[1] if len(ranked) > 1 else None
    why = _why(first, 0.0 if runner is None else runner.probability, rules)
    return Naming(
        kind=first.kind if why is None else None,
        probability=first.probability,
        score=first.score or 0.0,
        runner_up=None if runner is None else runner.kind,
        margin=first.probability - (0.0 if runner is None else runner.probability),
        species=first.species,
        why=why,
    )


def _why(first: SourceProbability, next_probability: float, rules: LibraryRules) -> Unnamed | None:
    """Why the most probable kind is not named; None if it is."""
    if first.kind == UNNAMED:
        return Unnamed.UNLISTED
    # A kind of two species, such as a salt, can be told by both of them.
    if len(first.species) < min(rules.factor_named_species, max(first.measured, rules.named_species)):
        return Unnamed.FEW_SPECIES
    if first.probability < max(rules.factor_named_probability, rules.factor_named_lead * next_probability):
        return Unnamed.AMBIGUOUS
    if (first.score or 0.0) < rules.factor_named_score:
        return Unnamed.POOR_FIT
    return None
