"""Kinds of releases and what they emit, ``kinds.toml``: the simulator's own invention, never a library of an attribution."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS_PATH = Path(__file__).with_name("kinds.toml")
UNLISTED_SHARE = 0.1
"""Part of the releases whose kind no attribution library is expected to hold."""
PROFILE_SPREAD = 0.3
"""Standard deviation of the logarithm by which a species of a release departs from its kind [1]; invention."""


class ReleaseKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of source.

    Attributes
    ----------
    id : str
        As ``word.source_kind`` of the catalogues where the kind is listed there.
    leading : str
        Species whose rate is the rate of a release.
    rate_kg_h, height_m, buoyancy_m4_s3 : tuple of float
        Lowest and highest [kg h⁻¹], [m], [m⁴ s⁻³].
    emission : dict of str to float
        Mass of each species by mass of the leading one [1].
    listed : bool
        Whether an attribution library can be expected to hold it.
    """

    id: str
    leading: str
    rate_kg_h: tuple[float, float]
    height_m: tuple[float, float]
    buoyancy_m4_s3: tuple[float, float]
    emission: dict[str, float]
    listed: bool = True


@cache
def load_kinds() -> Mapping[str, ReleaseKind]:
    """All kinds by id.

    >>> sorted(kind.id for kind in load_kinds().values() if not kind.listed)
    ['bakery_yeast', 'fertiliser', 'fireworks']
    """
    entries = tomllib.loads(KINDS_PATH.read_text(encoding="utf-8"))["kind"]
    return {kind.id: kind for kind in msgspec.convert(entries, list[ReleaseKind])}


def draw_kind(rng: np.random.Generator, among: tuple[str, ...] | None = None) -> ReleaseKind:
    """Kind of one release: one in ten is of a kind that is not listed.

    Parameters
    ----------
    rng : numpy.random.Generator
    among : tuple of str or None
        Ids to choose from with equal chances; None: all kinds, `UNLISTED_SHARE` of the draws not listed.

    Raises
    ------
    KeyError
        If an id is unknown.
    """
    kinds = load_kinds()
    if among is not None:
        return kinds[among[int(rng.integers(len(among)))]]
    is_listed = bool(rng.random() >= UNLISTED_SHARE)
    possible = [kind for kind in kinds.values() if kind.listed is is_listed]
    return possible[int(rng.integers(len(possible)))]


def perturbed(kind: ReleaseKind, rng: np.random.Generator, spread: float = PROFILE_SPREAD) -> dict[str, float]:
    """Emission of one plant of a kind: each species but the leading one is multiplied by a log-normal factor.

    Parameters
    ----------
    kind : ReleaseKind
    rng : numpy.random.Generator
    spread : float
        Standard deviation of the logarithm [1].

    Returns
    -------
    dict of str to float
        Mass by mass of the leading species [1], significant to four digits.
    """
    factors = np.exp(spread * rng.standard_normal(len(kind.emission)))
    return {
        name: share if name == kind.leading else float(f"{share * factor:.4g}")
        for (name, share), factor in zip(kind.emission.items(), factors.tolist(), strict=True)
    }
