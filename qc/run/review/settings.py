"""Settings of review."""

from __future__ import annotations

from enum import StrEnum

from store.settings import SharedSettings


class Separation(StrEnum):
    """Whether one person may propose, confirm and sign the same review."""

    STRICT = "strict"
    OFF = "off"


class ReviewSettings(SharedSettings):
    """Shared settings and those of review.

    Attributes
    ----------
    review_separation : Separation
        ``strict``: three persons for the three levels; ``off``: for a station with a single reviewer.
    """

    review_separation: Separation = Separation.STRICT
