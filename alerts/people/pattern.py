"""Shell patterns of city codes and station ids. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase


def is_any(text: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns matches."""
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def are_in(areas: tuple[str, ...], cities: tuple[str, ...]) -> bool:
    """Whether one of the cities matches; without a city, whether the areas are everywhere.

    >>> are_in(("2101*",), ("210200", "210100")), are_in(("2101*",), ()), are_in(("*",), ())
    (True, False, True)
    """
    return any(is_any(city, areas) for city in cities or ("",))
