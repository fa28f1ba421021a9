"""VOC: calibration and blank runs by their pattern; relations between species of one origin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta

from qc.hourly.hourly_test import HourlyResult
from qc.hourly.relation.band import Band, Figures, Relation, ratio
from qc.limits.limit import BaseLimit
from schemas.flag import Flag
from schemas.frames import parameters_in
from schemas.parameter import ParameterGroup, load_parameters, parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from qc.hourly.context import HourlyContext
    from qc.native.argument import Values
    from schemas.reason import Explanation


CARBON_G_MOL = 12.011
_CARBON = re.compile(r"C(?![a-z])(\d*)")
_LEAST_SPECIES = 8
_RUNS = {1: "calibration", -1: "blank"}
_TOTALS = frozenset({"tnmhc", "tvoc", "nmhc", "thc"})


class XyleneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="xylene_ratio"):
    """m/p- over o-xylene.

    `floor` is o-xylene.

    Source: the project's.
    """


class PentaneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="pentane_ratio"):
    """i- over n-pentane.

    `floor` is n-pentane.

    Source: the project's.
    """


class BenzeneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="benzene_ratio"):
    """Toluene over benzene.

    `floor` is benzene.

    Source: the project's.
    """


class EthylbenzeneRatio(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="ethylbenzene_ratio"):
    """Ethylbenzene over m/p-xylene.

    `floor` is m/p-xylene.

    Source: the project's.
    """


class VocSum(Band, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="voc_sum"):
    """Carbon of all measured species over TNMHC.

    `floor` is TNMHC.

    Source: carbon from formula and molar mass; band: the project's.
    """


class VocPattern(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="voc_pattern"):
    """At least `share` of the species (eight or more) are above `high` times their medians at once: a calibration run; or below `low` times: a blank run.

    In air, species vary by different factors. Runs with a status letter of the instrument fail by `status`.

    Source: the project's own.
    """

    high: Annotated[float, Meta(gt=1)]
    low: Annotated[float, Meta(gt=0, lt=1)]
    share: Annotated[float, Meta(gt=0.5, le=1)]


def carbon_share(code: str) -> float:
    """Mass of carbon in a species over its mass [1]; NaN where formula or molar mass are not in the registry."""
    known = parameter(code)
    if not known.formula or not known.molar_mass_g_mol:
        return float("nan")
    atoms = sum(int(count or 1) for count in _CARBON.findall(known.formula))
    return atoms * CARBON_G_MOL / known.molar_mass_g_mol


def run_pattern(species: Values, *, high: float, low: float, share: float) -> NDArray[np.int8]:
    """Hours with the pattern of a calibration (+1) or a blank (-1) run; 0 else.

    In air, species vary by different factors; span gas raises and zero gas removes all of them.

    Parameters
    ----------
    species : array of float, hours x species
        NaN where missing.
    high, low : float
        Factors of each species' median over the record [1].
    share : float
        Part of the species with a value that must agree [1].

    Returns
    -------
    array of int8, one an hour
        0 with fewer than eight species with a value; species with a median of zero or less do not count.
    """
    kinds = np.zeros(len(species), dtype=np.int8)
    if not species.size or species.shape[1] < _LEAST_SPECIES:
        return kinds
    with np.errstate(invalid="ignore", divide="ignore"):
        filled = np.isfinite(species).any(axis=0)
        median = np.full(species.shape[1], np.nan)
        median[filled] = np.nanmedian(species[:, filled], axis=0)
        factor = np.where(median > 0, species / median, np.nan)
        votes = np.isfinite(factor).sum(axis=1)
        enough = votes >= _LEAST_SPECIES
        kinds[enough & ((factor > high).sum(axis=1) >= share * votes)] = 1
        kinds[enough & ((factor < low).sum(axis=1) >= share * votes)] = -1
    return kinds


def evaluate_pattern(context: HourlyContext) -> Iterator[HourlyResult]:
    """SUSPECT for every species of an hour with the pattern of a calibration or blank run."""
    codes = [code for code in parameters_in(context.hourly.frame) if parameter(code).group is not ParameterGroup.MET]
    species = [code for code in codes if code not in _TOTALS]
    if len(species) < _LEAST_SPECIES:
        return
    matrix = np.column_stack([context.valid(code) for code in species])
    kinds, shares = np.zeros(len(context.times), dtype=np.int8), dict[int, float]()
    for month in map(int, np.unique(context.months)):
        limit = next((item for code in species if (item := context.limit(VocPattern, code, month))), None)
        if limit is not None:
            here, shares[month] = context.months == month, limit.share
            kinds[here] = run_pattern(matrix, high=limit.high, low=limit.low, share=limit.share)[here]
    if not shares:
        context.unevaluated["voc_pattern"] += len(species)
        return

    def explain(at: int) -> Explanation:
        return _RUNS[int(kinds[at])], {"share": round(100 * shares[int(context.months[at])])}

    for code in species:
        flags = np.where(kinds != 0, Flag.SUSPECT, Flag.PASS).astype(np.int8)
        flags[~np.isfinite(context.valid(code))] = Flag.MISSING
        yield HourlyResult(code, "voc_pattern", flags, explain)


def species_sum(values: Mapping[str, Values]) -> Figures:
    """Carbon of the species over TNMHC [1]; the weight is TNMHC [µg m⁻³]. A part cannot be much more than the whole."""
    parts = {code: share for code in values if code not in _TOTALS and np.isfinite(share := carbon_share(code))}
    if not parts:
        return ratio(values["tnmhc"] * np.nan, values["tnmhc"])
    carbon = np.array([values[code] * share for code, share in parts.items()])
    summed = np.where(np.isfinite(carbon).any(axis=0), np.nansum(carbon, axis=0), np.nan)
    return ratio(summed, values["tnmhc"])


def _relation(kind: type[Band], numerator: str, denominator: str) -> Relation:
    """Ratio of two species, weighed by the second."""
    return Relation(
        kind=kind,
        requires=(numerator, denominator),
        flags=(numerator, denominator),
        compute=lambda values: ratio(values[numerator], values[denominator]),
    )


_SPECIES = tuple(code for code, item in load_parameters().items() if "voc" in item.networks and item.formula)
RELATIONS = (
    _relation(XyleneRatio, "m_p_xylene", "o_xylene"),
    _relation(PentaneRatio, "isopentane", "n_pentane"),
    _relation(BenzeneRatio, "toluene", "benzene"),
    _relation(EthylbenzeneRatio, "ethylbenzene", "m_p_xylene"),
    Relation(
        kind=VocSum,
        requires=("tnmhc",),
        optional=_SPECIES,
        flags=("tnmhc",),
        compute=species_sum,
    ),
)
