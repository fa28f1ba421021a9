"""Base of all limits, and the rule of the hour. The limit of a test is in the module of the test."""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from schemas.message import NetworkCode
from schemas.parameter import ParameterGroup

Positive = Annotated[float, Meta(gt=0)]
Month = Annotated[int, Meta(ge=1, le=12)]


class BaseLimit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="test"):
    """Fields of every limit; the tag is the name of its test.

    Attributes
    ----------
    unit : str
        Canonical unit of all its parameters.
    source : str
    verified : bool
        Whether the source's own text was read.
    parameters : tuple of str
    groups : tuple of ParameterGroup
    network : NetworkCode or None
    station : str or None
    months : tuple of int
        Civil months, 1 to 12; empty is all.
    """

    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool
    parameters: tuple[str, ...] = ()
    groups: tuple[ParameterGroup, ...] = ()
    network: NetworkCode | None = None
    station: str | None = None
    months: tuple[Month, ...] = ()

    @property
    def look_back_s(self) -> float:
        """Time before a native value that its evaluation needs [s]: ``window_s`` where the limit has one, else 0."""
        return float(getattr(self, "window_s", 0.0))

    @property
    def look_back_h(self) -> int:
        """Hours that the evaluation of one hour needs, itself included [h]; 1 for native tests."""
        return 1

    def figures(self) -> dict[str, Any]:
        """The fields of its own type, which are the figures of the test."""
        return {name: getattr(self, name) for name in self.__struct_fields__ if name not in BaseLimit.__struct_fields__}

    def mistake(self) -> str | None:
        """Error in the combination of figures; None: none."""
        return None

    def without_meaning(self) -> str | None:
        """Error of a limit for a direction, whose zero is arbitrary; None: none."""
        if getattr(self, "relative", 0.0) or getattr(self, "above", None) is not None:
            return "relative, above: a direction has no zero to be measured from, expected neither"
        return None

    def not_finite(self) -> str | None:
        """Name of the first figure that is not finite; None: all are finite."""
        return next((name for name in self.__struct_fields__ if not _is_finite(getattr(self, name))), None)


def tag_of(limit: BaseLimit | type[BaseLimit]) -> str:
    """Tag of a limit, the name of its test."""
    return str(limit.__struct_config__.tag)


def _is_finite(value: object) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


class HourRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an hour is valid: least share of its native values [1]."""

    min_completeness: Annotated[float, Meta(gt=0, le=1)]
    unit: str
    source: Annotated[str, Meta(min_length=3)]
    verified: bool
