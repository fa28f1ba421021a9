"""Which tests know which network: relations between its parameters, and what only it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qc import checks_eco, checks_gas, checks_ghg, checks_pm, checks_rad, checks_voc, wording
from qc.hours import Verdict
from qc.relation import judge_relations
from qc.thresholds import DoseRise
from schemas.message import NetworkCode
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qc.hours import Hours
    from qc.relation import Relation

DOSE = "gamma_dose_rate"
RAIN = "rain"
RELATIONS: dict[str, tuple[Relation, ...]] = {
    NetworkCode.PM: checks_pm.RELATIONS,
    NetworkCode.GAS: checks_gas.RELATIONS,
    NetworkCode.GHG: checks_ghg.RELATIONS,
    NetworkCode.VOC: checks_voc.RELATIONS,
    NetworkCode.ECO: checks_eco.RELATIONS,
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
        yield from checks_voc.judge_pattern(hours)
    elif hours.network == NetworkCode.ECO:
        night = checks_eco.par_at_night(hours)
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
    dose, rain = hours.valid(DOSE), hours.given(RAIN)
    rain = np.full(dose.shape, np.nan) if rain is None else rain
    rises = checks_rad.dose_rise_test(dose, rain, hours.times, checks_rad.RiseLimit.of(limit))

    def explain(at: int) -> str:
        since = float(rises.since_rain_h[at])
        kind = "unexplained" if np.isfinite(since) else "dry"
        if rises.kinds[at] == checks_rad.Rise.WASH_OUT:
            kind = "wash_out"
        return wording.reason(
            "dose_rise",
            kind,
            value=float(dose[at]),
            unit=parameter(DOSE).unit,
            rise=float(rises.rise[at]),
            level=rises.baseline.level,
            hours=since,
        )

    told = rises.kinds >= checks_rad.Rise.WASH_OUT
    yield Verdict(DOSE, "dose_rise", checks_rad.flags_of(rises.kinds, dose), explain, told)
