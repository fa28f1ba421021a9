"""Tests of one network: relations between its parameters, patterns of its instruments, its dose rate."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.hourly_test import HourlyResult
from qc.hourly.relation import eco, gas, ghg, pm, rad, voc
from qc.hourly.relation.band import evaluate_relations
from qc.limits.limit import tag_of
from schemas.message import NetworkCode
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from qc.hourly.context import HourlyContext
    from qc.hourly.relation.band import Relation
    from qc.limits.limit import BaseLimit
    from qc.limits.thresholds import Thresholds
    from schemas.reason import Explanation

DOSE = "gamma_dose_rate"
RAIN = "rain"
RELATIONS: dict[str, tuple[Relation, ...]] = {
    NetworkCode.PM: pm.RELATIONS,
    NetworkCode.GAS: gas.RELATIONS,
    NetworkCode.GHG: ghg.RELATIONS,
    NetworkCode.VOC: voc.RELATIONS,
    NetworkCode.ECO: eco.RELATIONS,
}


_KINDS: tuple[type[BaseLimit], ...] = (
    *(item.kind for relations in RELATIONS.values() for item in relations),
    eco.ParAtNight,
    voc.VocPattern,
    rad.DoseRise,
)
KINDS: Mapping[str, type[BaseLimit]] = MappingProxyType({tag_of(kind): kind for kind in _KINDS})
NETWORK_TESTS = tuple(KINDS)
_HISTORY_H = {NetworkCode.GAS: 24, NetworkCode.GHG: 72, NetworkCode.VOC: 72}
"""Hours of the past by network: a day of inversions, two gases together, medians of species [h]."""


def history_h(thresholds: Thresholds, network: str) -> int:
    """Hours of the past that the relations of a network need for its ordinary state [h]."""
    if network == NetworkCode.RAD:
        return max((limit.history_h for limit in thresholds.of_kind(rad.DoseRise)), default=0)
    return next((hours for code, hours in _HISTORY_H.items() if code == network), 0)


def codes_of(network: str) -> frozenset[str]:
    """Parameters that the tests of a network use, whichever network of the station measures them."""
    relations = RELATIONS.get(network, ())
    codes = frozenset(code for item in relations for code in (*item.requires, *item.optional))
    return codes | {RAIN} if network == NetworkCode.RAD else codes


def network_results(context: HourlyContext) -> Iterator[HourlyResult]:
    """Results of the tests of one network."""
    yield from evaluate_relations(context, RELATIONS.get(context.network, ()))
    if context.network == NetworkCode.VOC:
        yield from voc.evaluate_pattern(context)
    elif context.network == NetworkCode.ECO:
        night = eco.par_at_night(context)
        yield from evaluate_relations(context, () if night is None else (night,))
    elif context.network == NetworkCode.RAD:
        yield from _dose_rise(context)


def _dose_rise(context: HourlyContext) -> Iterator[HourlyResult]:
    if DOSE not in context.hourly.frame or not len(context.times):
        return
    limit = context.limit(rad.DoseRise, DOSE, int(context.months[-1]))
    if limit is None:
        context.unevaluated["dose_rise"] += 1
        return
    evaluate = partial(rad.rises_of, times=context.times, limit=limit)
    dose, rain = context.valid(DOSE), context.given(RAIN)
    rises = evaluate(dose, np.full(dose.shape, np.nan) if rain is None else rain)
    frames = [item.reindex(context.hourly.frame.index, columns=[DOSE, RAIN]) for item in context.near.values()]
    near = [evaluate(*frame.to_numpy(dtype=np.float64).T).kinds for frame in frames]
    shared = rad.shared_wash_out(rises, near)
    kinds = np.where(shared, rad.Rise.WASH_OUT, rises.kinds).astype(np.int8)

    def explain(at: int) -> Explanation:
        return _kind_of(rises, shared, at), {
            "value": float(dose[at]),
            "unit": parameter(DOSE).unit,
            "rise": float(rises.rise[at]),
            "level": rises.baseline.level,
            "hours": float(rises.since_rain_h[at]),
        }

    yield HourlyResult(DOSE, "dose_rise", rad.flags_of(kinds, dose), explain, kinds >= rad.Rise.WASH_OUT)


def _kind_of(rises: rad.DoseRises, shared: NDArray[np.bool_], at: int) -> str:
    """Kind of message for a rise."""
    if shared[at]:
        return "neighbours"
    if rises.kinds[at] == rad.Rise.WASH_OUT:
        return "wash_out"
    if np.isfinite(rises.since_rain_h[at]):
        return "unexplained"
    return "dry" if rises.rain_known[at] else "unmeasured"
