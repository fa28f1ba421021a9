"""What the entry of every test states: name, limit, messages, recorded flags."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from qc.limits.limit import BaseLimit, tag_of
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

L = TypeVar("L", bound=BaseLimit)
_T = TypeVar("_T", bound="QualityTest[Any]")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityTest(Generic[L]):
    """Entry of a test in the table of its room.

    Attributes
    ----------
    messages : mapping of str to tuple of str
        By kind: the figures that its catalogue entries may name.
    name : str
        In records, limits, catalogues and pages; that of the limit where there is one.
    flags : frozenset of Flag
        Flags that are kept as records.
    limit : type or None
        None: the test has no limit by parameter.
    """

    messages: Mapping[str, tuple[str, ...]]
    name: str = ""
    flags: frozenset[Flag] = frozenset({Flag.SUSPECT})
    limit: type[L] | None = None

    def __post_init__(self) -> None:
        """Take the name from the limit."""
        if self.limit is not None:
            object.__setattr__(self, "name", tag_of(self.limit))


def by_name(tests: Iterable[_T]) -> Mapping[str, _T]:
    """Table of a room by the names of its tests; raises ValueError where two share one, of which the first would never run."""
    table: dict[str, _T] = {}
    for test in tests:
        if table.setdefault(test.name, test) is not test:
            msg = f"two tests are named {test.name!r}: give the limit of one another tag"
            raise ValueError(msg)
    return MappingProxyType(table)
