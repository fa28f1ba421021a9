"""One feature of an event."""

from __future__ import annotations

import msgspec


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature.

    Attributes
    ----------
    value : float
        What is multiplied with the weights [1].
    figures : dict of str to number or str
        Of its sentence.
    usual : float
        Value in ordinary air [1]: only what departs from it is evidence, the rest belongs to the odds before.
    """

    value: float
    figures: dict[str, float | int | str]
    usual: float = 0.0
