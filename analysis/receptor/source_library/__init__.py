"""What kinds of source emit, by publication: names factors of a factorisation, and apportions the excess of an event.

`load_library() -> SourceLibrary`
    ``data/source_profiles.toml``, read strictly.
`apportion_excess(excess) -> Apportionment`
    Kinds that explain an excess, with probabilities; ``shares(parameter)`` with 90 % intervals.
`name_factor(profile) -> Naming`
    Kind of a factor with a score; unnamed when unsure.
"""

from analysis.receptor.source_library.apportion import (
    Apportionment,
    ExcessShare,
    SourceProbability,
    apportion_excess,
)
from analysis.receptor.source_library.naming import Certainty, Naming, certainty_of, name_factor
from analysis.receptor.source_library.profile import (
    BACKGROUND,
    UNNAMED,
    SourceLibrary,
    SourceLibraryError,
    load_library,
)

__all__ = [
    "BACKGROUND",
    "UNNAMED",
    "Apportionment",
    "Certainty",
    "ExcessShare",
    "Naming",
    "SourceLibrary",
    "SourceLibraryError",
    "SourceProbability",
    "apportion_excess",
    "certainty_of",
    "load_library",
    "name_factor",
]
