"""Parser of limit files. The types of limits are arguments, so this room imports no test; `qc.run.limits` joins them from the tables.

Errors::

    ThresholdError    names file and place: unknown test, key, parameter, station, unit; a limit given twice
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import msgspec

from qc.limits.limit import BaseLimit, HourRule
from schemas.text_file import parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T")


class ThresholdError(ValueError):
    """A threshold file that cannot be used; the message names file, place and expectation."""


@dataclass(frozen=True, slots=True, eq=False)
class LimitKinds:
    """What a file of limits may contain.

    Attributes
    ----------
    limits : mapping of str to type
        By the name of the test: the type of its ``[[limit]]``.
    rules : mapping of str to type
        By its name: the type of a table that holds for all parameters, such as ``[clock]``.
    is_partial : bool
        Whether limits and tables of other tests are skipped instead of refused.
    """

    limits: Mapping[str, type[BaseLimit]]
    rules: Mapping[str, type[msgspec.Struct]]
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class LimitFile:
    """Content of one file.

    Attributes
    ----------
    hour : HourRule or None
    rules : dict of type to Struct
    limits : tuple of (str, BaseLimit)
        Each with its place in the file.
    """

    hour: HourRule | None
    rules: dict[type[msgspec.Struct], msgspec.Struct]
    limits: tuple[tuple[str, BaseLimit], ...]


def parse_limits(text: str, name: str, kinds: LimitKinds) -> LimitFile:
    """Content of one file, each limit by the kind that its ``test`` names.

    Parameters
    ----------
    text : str
        TOML.
    name : str
        Of the file, for messages.
    kinds : LimitKinds

    Raises
    ------
    ThresholdError
    """
    try:
        table = parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: not TOML: {error}"
        raise ThresholdError(msg) from error
    hour = _convert(table.pop("hour"), HourRule, "hour", name) if "hour" in table else None
    items = table.pop("limit", [])
    if not isinstance(items, list):
        fail(name, "limit", "expected an array of tables, [[limit]]")
    rules = {kinds.rules[key]: _convert(item, kinds.rules[key], key, name) for key, item in _known(table, name, kinds)}
    found = ((f"limit[{at}]", _limit(item, f"limit[{at}]", name, kinds)) for at, item in enumerate(items))
    return LimitFile(hour, rules, tuple((place, limit) for place, limit in found if limit is not None))


def fail(name: str, place: str, what: str) -> NoReturn:
    """Raise `ThresholdError` with file, place and expectation."""
    msg = f"{name}: {place}: {what}"
    raise ThresholdError(msg)


def _known(table: dict[str, Any], name: str, kinds: LimitKinds) -> list[tuple[str, Any]]:
    """Tables of the file that have a type."""
    for key in table:
        if key not in kinds.rules and not kinds.is_partial:
            fail(name, key, f"unknown table, expected hour, limit, {', '.join(sorted(kinds.rules))}")
    return [(key, item) for key, item in table.items() if key in kinds.rules]


def _limit(item: Any, place: str, name: str, kinds: LimitKinds) -> BaseLimit | None:  # noqa: ANN401 - out of a file
    test = item.get("test") if isinstance(item, dict) else None
    kind = kinds.limits.get(test) if isinstance(test, str) else None
    if kind is not None:
        return _convert(item, kind, place, f"{name}: {_owner(item)}")
    if kinds.is_partial:
        return None
    fail(name, f"{place}.test", f"{test!r}, expected one of {', '.join(sorted(kinds.limits))}")


def _owner(item: Mapping[str, Any]) -> str:
    """What a reader looks for in a file of hundreds of limits: test and whom the limit is for, as far as stated."""
    stated = [item.get(key) for key in ("test", "network", "station", "parameters", "groups")]
    parts = [", ".join(map(str, each)) if isinstance(each, list) else str(each) for each in stated if each]
    return f"limit of {' '.join(parts)}"


def _convert(item: object, kind: type[_T], place: str, name: str) -> _T:
    try:
        return msgspec.convert(item, kind)
    except msgspec.ValidationError as error:
        # msgspec counts from the table, a reader from the file
        words = str(error)
        where = words.replace("`$", f"`$.{place}") if "`$" in words else f"{words} - at `$.{place}`"
        msg = f"{name}: {where}"
        raise ThresholdError(msg) from error
