"""Which tests know which network: relations between its parameters, and what only it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc.hourly.hours import Verdict
from qc.hourly.relation import eco, gas, ghg, pm, rad, voc
from qc.hourly.relation.band import judge_relations
from qc.limits.relation import DoseRise
from schemas.message import NetworkCode
from schemas.parameter import parameter
from schemas.reason import reason_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from qc.hourly.hours import Hours
    from qc.hourly.relation.band import Relation

DOSE = "gamma_dose_rate"
RAIN = "rain"
RELATIONS: dict[str, tuple[Relation, ...]] = {
    NetworkCode.PM: pm.RELATIONS,
    NetworkCode.GAS: gas.RELATIONS,
    NetworkCode.GHG: ghg.RELATIONS,
    NetworkCode.VOC: voc.RELATIONS,
    NetworkCode.ECO: eco.RELATIONS,
}
NETWORK_TESTS = (
    *dict.fromkeys(item.test for relations in RELATIONS.values() for item in relations),
    "par_at_night",
    "voc_pattern",
    "dose_rise",
)


def codes_of(network: str) -> frozenset[str]:
    """Parameters that the tests of a network use, whichever network of the station measures them."""
    relations = RELATIONS.get(network, ())
    codes = frozenset(code for item in relations for code in (*item.needs, *item.uses))
    return codes | {RAIN} if network == NetworkCode.RAD else codes


def network_verdicts(hours: Hours) -> Iterator[Verdict]:
    """Verdicts of everything that knows the network of these hours."""
    yield from judge_relations(hours, RELATIONS.get(hours.network, ()))
    if hours.network == NetworkCode.VOC:
        yield from voc.judge_pattern(hours)
    elif hours.network == NetworkCode.ECO:
        night = eco.par_at_night(hours)
        yield from judge_relations(hours, () if night is None else (night,))
    elif hours.network == NetworkCode.RAD:
        yield from _dose_rise(hours)


def _dose_rise(hours: Hours) -> Iterator[Verdict]:
    if DOSE not in hours.hourly.frame or not len(hours.times):
        return
    limit = hours.limit(DoseRise, DOSE, int(hours.months[-1]))
    if limit is None:
        hours.unevaluated["dose_rise"] += 1
        return
    rule, dose, rain = rad.RiseLimit.of(limit), hours.valid(DOSE), hours.given(RAIN)
    rain = np.full(dose.shape, np.nan) if rain is None else rain
    rises = rad.dose_rise_test(dose, rain, hours.times, rule)
    shared = rad.shared_wash_out(rises, _kinds_near(hours, rule), rule)
    kinds = np.where(shared, rad.Rise.WASH_OUT, rises.kinds).astype(np.int8)

    def explain(at: int) -> str:
        figures = {"value": float(dose[at]), "rise": float(rises.rise[at]), "level": rises.baseline.level}
        since = float(rises.since_rain_h[at])
        return reason_text("dose_rise", _kind_of(rises, shared, at), unit=parameter(DOSE).unit, hours=since, **figures)

    told = kinds >= rad.Rise.WASH_OUT
    yield Verdict(DOSE, "dose_rise", rad.flags_of(kinds, dose), explain, told)


def _kind_of(rises: rad.DoseRises, shared: NDArray[np.bool_], at: int) -> str:
    """Sentence that tells of a rise."""
    if shared[at]:
        return "neighbours"
    if rises.kinds[at] == rad.Rise.WASH_OUT:
        return "wash_out"
    if np.isfinite(rises.since_rain_h[at]):
        return "unexplained"
    return "dry" if rises.rain_known[at] else "unmeasured"


def _kinds_near(hours: Hours, rule: rad.RiseLimit) -> list[NDArray[np.int8]]:
    index = hours.hourly.frame.index
    frames = [frame.reindex(index, columns=[DOSE, RAIN]).astype(np.float64) for frame in hours.near.values()]
    return [
        rad.dose_rise_test(frame[DOSE].to_numpy(), frame[RAIN].to_numpy(), hours.times, rule).kinds for frame in frames
    ]
