"""A service visit, as the record itself shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceVisit:
    """First and last row of a visit."""

    first: int
    last: int
