"""Uncertain constants of the box model, and their spread before the observations are used.

The medians are textbook values written from memory (not verified against the text named); the spread says how far each may be wrong, and
the observations narrow it. Several medians and spreads were chosen while the list was scored on the simulated provinces of seeds 1000 to 1049
(`bench.cocontrol`), and the simulator was changed after the first of these scores; the provinces that the stated score is of were not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Constant:
    """Lognormal prior: median, standard deviation of the logarithm [1], and what it is with its unit."""

    median: float
    spread: float
    meaning: str


PRIOR = {
    "light": Constant(1.0, 0.12, "factor on photolysis [1]"),
    "reactivity": Constant(1.0, 0.12, "factor on the rate constants of VOC with OH [1]"),
    "handed_on": Constant(0.9, 0.1, "radicals handed on per reaction of VOC with OH, one at most [1]"),
    "unmeasured": Constant(0.08, 0.6, "OH reactivity that was not measured, by the measured one of VOC [1]"),
    "hono_light": Constant(8e-6, 0.8, "HONO from NO2 in full sun [s⁻¹]"),
    "night_uptake": Constant(1.5e-4, 0.8, "loss of N2O5 on particles at 50 % humidity [s⁻¹]"),
    "sulfur_wet": Constant(2e-6, 1.0, "loss of SO2 to sulfate on wet particles at 80 % humidity [s⁻¹]"),
    "dilution_day": Constant(1.0 / (10 * 3600.0), 0.5, "exchange with the air around by day [s⁻¹]"),
    "dilution_night": Constant(1.0 / (20 * 3600.0), 0.4, "exchange with the air around by night [s⁻¹]"),
    "growth": Constant(4.5, 0.4, "highest mixing height of the day by that of the night [1]"),
    "ozone_loss": Constant(4e-6, 0.5, "deposition of O3 at the highest mixing height [s⁻¹]"),
    "nitric_loss": Constant(1.5e-5, 0.5, "deposition of gaseous HNO3 at the highest mixing height [s⁻¹]"),
    "ammonia_loss": Constant(5e-6, 0.5, "deposition of NH3 at the highest mixing height [s⁻¹]"),
    "salt": Constant(1.0, 0.4, "factor on the product of NH3 and HNO3 over ammonium nitrate [1]"),
    "soa_aromatic": Constant(0.10, 0.4, "mass of aerosol by mass of aromatics reacted [1]"),
    "soa_alkane": Constant(0.05, 0.6, "the same of alkanes with kOH above 7e-12 cm³ s⁻¹ [1]"),
    "soa_isoprene": Constant(0.02, 0.6, "the same of isoprene [1]; alkenes up to six carbon atoms make none"),
    "dicarbonyl": Constant(0.7, 0.3, "photolabile carbonyls made per aromatic reacted [1]"),
    "outside_ozone": Constant(0.75, 0.25, "Ox outside, by the mean of early afternoon's lower quarter [1]"),
    "outside_sulfate": Constant(0.6, 0.4, "sulfate outside, by the 5th percentile of hours inside [1]"),
    "outside_nitrate": Constant(0.15, 0.6, "nitrate outside, by the mean inside [1]"),
    "outside_soa": Constant(0.4, 0.6, "secondary organic aerosol outside, by the mean inside [1]"),
    "outside_gas": Constant(0.5, 0.5, "precursors outside, by their 5th percentile inside [1]"),
    "gauge_nox": Constant(1.0, 0.07, "scale of the NOx instruments [1]"),
    "gauge_alkene": Constant(1.0, 0.12, "scale of alkenes, drift of the GC among others [1]"),
    "gauge_aromatic": Constant(1.0, 0.12, "scale of aromatics [1]"),
    "gauge_alkane": Constant(1.0, 0.12, "scale of alkanes [1]"),
    "gauge_ovoc": Constant(1.0, 0.15, "scale of oxygenated VOC [1]"),
    "gauge_ammonia": Constant(1.0, 0.15, "scale of the ammonia instrument [1]"),
    "missing_voc": Constant(1.0, 0.9, "OH reactivity of groups of VOC not measured at all, by the usual one [1]"),
    "missing_isoprene": Constant(1.0, 0.9, "OH reactivity of isoprene where it was not measured, by the usual one [1]"),
    "unlisted": Constant(1.0, 0.6, "species of a group that were not measured, by their usual part [1]"),
    "ammonia_unmeasured": Constant(6.0, 0.9, "gaseous NH3 where none was measured [ppb]"),
    "emitted_carbonyl": Constant(1.0, 0.6, "emission of carbonyls by that of the evening's ratio to the tracer [1]"),
    "formaldehyde": Constant(1.0, 0.3, "factor on the formaldehyde made of VOC [1]"),
}

USUAL_SHARE = {"alkene": 0.35, "aromatic": 0.25, "alkane": 0.18, "ovoc": 0.22}
"""Part of each group in the OH reactivity of measured VOC, formaldehyde and acetaldehyde left out [1]; project's choice, not verified."""
USUAL_BY_NOX = 0.2
"""OH reactivity of VOC by NOx where no VOC was measured [s⁻¹ ppb⁻¹]; project's choice, not verified."""


USUAL_ISOPRENE_S1 = 1.2
"""OH reactivity of isoprene in full sun at 27 °C [s⁻¹]; project's choice, not verified."""
WHOLE_FROM = 0.7
"""A group counts as measured where its species make up this part of `USUAL_REACTIVITY` [1]."""
USUAL_REACTIVITY = {
    "alkene": {"ethylene": 21.0, "propylene": 21.0, "1_butene": 6.0, "trans_2_butene": 5.0},
    "aromatic": {
        "toluene": 9.0,
        "m_p_xylene": 17.0,
        "o_xylene": 5.0,
        "ethylbenzene": 3.5,
        "1_2_4_trimethylbenzene": 4.0,
    },
    "alkane": {"propane": 3.3, "n_butane": 5.0, "isobutane": 2.5, "isopentane": 5.5, "n_pentane": 4.0, "n_hexane": 3.0},
}
"""kOH times the usual mixing ratio in a Chinese city of the species that lead a group [1e-12 cm³ s⁻¹ ppb]; from memory, not verified."""


def draw_logarithms(rng: np.random.Generator, members: int) -> NDArray[np.float64]:
    """Standard normal draws of the logarithms, (constants, members), their means removed: a small ensemble keeps the median."""
    drawn = rng.standard_normal((len(PRIOR), members))
    centred: NDArray[np.float64] = drawn - drawn.mean(axis=1, keepdims=True)
    return centred


def constants_of(logarithms: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Constants of standardised logarithms, by name; three and a half spreads are the furthest that is believed."""
    return {
        name: item.median * np.exp(item.spread * np.clip(row, -3.5, 3.5))
        for (name, item), row in zip(PRIOR.items(), logarithms, strict=True)
    }
