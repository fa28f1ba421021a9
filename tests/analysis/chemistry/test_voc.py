"""SOA potential, photochemical age, initial concentrations and regime."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.chemistry.assumption import regime_threshold
from analysis.chemistry.period_figure import PeriodFigure
from analysis.chemistry.photochemical_age import (
    TOLUENE,
    XYLENE,
    AgePair,
    EmissionRatio,
    age_h,
    emission_ratio,
    initial_voc,
    oh_exposure,
)
from analysis.chemistry.regime import Regime, VocBasis, nox_ppb, regime_of, voc_nox_regime
from analysis.chemistry.secondary_organic import soa_of
from schemas.parameter import parameter
from schemas.units import conversion
from tests.analysis.frames import hours

ZONE = ZoneInfo("Asia/Shanghai")


def ug_m3(code: str, ppb: object) -> pd.Series:
    return hours(np.asarray(ppb) * conversion("ppb", parameter(code))[0])


def test_soa_names_the_species_without_a_constant_and_never_counts_zero() -> None:
    found = soa_of(
        pd.DataFrame({"toluene": hours([2.0, 4.0]), "1_hexene": hours([1.0, 1.0]), "styrene": hours([np.nan] * 2)})
    )
    assert found.by_soap_ug_m3 == pytest.approx(3.0)
    assert found.without_soap == ("1_hexene",)
    assert found.without_yield == ()
    only = soa_of(pd.DataFrame({"tetrahydrofuran": hours([1.0])}))
    assert (only.by_soap_ug_m3, only.by_yield_ug_m3) == (None, None)


def aged(exposure: np.ndarray) -> pd.DataFrame:
    """Air that left its sources with 3 ppb of xylene to 1 of ethylbenzene, and met OH since."""
    fast, slow = (parameter(code).koh_cm3_s or 0.0 for code in (XYLENE.fast, XYLENE.slow))
    return pd.DataFrame(
        {
            XYLENE.fast: ug_m3(XYLENE.fast, 3.0 * np.exp(-fast * exposure)),
            XYLENE.slow: ug_m3(XYLENE.slow, 1.0 * np.exp(-slow * exposure)),
        }
    )


def test_a_known_exposure_and_the_emitted_concentration_are_found() -> None:
    true = np.tile(np.r_[np.zeros(12), np.linspace(0, 6e10, 12)], 20)
    air = aged(true)
    emitted = emission_ratio(air, XYLENE, ZONE)
    assert emitted.ratio == pytest.approx(3.0)
    exposure = oh_exposure(air, emitted)
    assert exposure.to_numpy() == pytest.approx(true, abs=1e3)
    assert age_h(exposure, 3e6).max() == pytest.approx(age_h(exposure, 1.5e6).max() / 2)
    first = {item.parameter: item.initial_ug_m3 for item in initial_voc(air, exposure).species}
    assert first[XYLENE.fast] == pytest.approx(3.0 * conversion("ppb", parameter(XYLENE.fast))[0])


def test_too_few_fresh_hours_give_no_ratio_and_no_age() -> None:
    air = aged(np.zeros(24))
    emitted = emission_ratio(air, XYLENE, ZONE)
    assert emitted.ratio is None
    assert oh_exposure(air, emitted).isna().all()


def test_hours_above_the_emission_ratio_are_kept_as_negative() -> None:
    low = EmissionRatio(pair=XYLENE, ratio=2.0, percentile=50.0, n=100)
    assert (oh_exposure(aged(np.zeros(3)), low) < 0).all()


def test_values_at_or_below_zero_have_no_ratio() -> None:
    air = pd.DataFrame({"toluene": hours([-1.0, 0.0, 2.0]), "benzene": hours([1.0, 1.0, np.nan])})
    emitted = EmissionRatio(pair=TOLUENE, ratio=2.0, percentile=95.0, n=100)
    assert oh_exposure(air, emitted).isna().all()


def test_wrong_pairs_and_oh_are_refused() -> None:
    with pytest.raises(ValueError, match="must react faster"):
        oh_exposure(
            aged(np.zeros(1)),
            EmissionRatio(pair=AgePair(fast="benzene", slow="toluene"), ratio=1.0, percentile=95.0, n=1),
        )
    with pytest.raises(ValueError, match="above zero"):
        age_h(hours([1.0]), 0.0)


def figure(low: float | None, high: float | None) -> PeriodFigure:
    return PeriodFigure(value=1.0, low=low, high=high, unit="1", n=1, days=20, coverage=1.0)


@pytest.mark.parametrize(
    ("low", "high", "regime"),
    [
        (2.0, 3.9, Regime.VOC_LIMITED),
        (3.0, 4.5, Regime.UNKNOWN),
        (4.2, 4.8, Regime.UNKNOWN),
        (5.5, 9.0, Regime.TRANSITION),
        (9.0, 16.0, Regime.UNKNOWN),
        (16.0, 30.0, Regime.NOX_LIMITED),
        (None, None, Regime.UNKNOWN),
    ],
)
def test_an_interval_that_covers_a_threshold_tells_no_regime(
    low: float | None, high: float | None, regime: Regime
) -> None:
    assert regime_of(figure(low, high), regime_threshold("voc_nox")) is regime


def test_uncertain_thresholds_of_formaldehyde_leave_no_transition() -> None:
    assert regime_of(figure(2.1, 2.2), regime_threshold("hcho_no2")) is Regime.UNKNOWN
    assert regime_of(figure(4.3, 5.0), regime_threshold("hcho_no2")) is Regime.NOX_LIMITED


def test_a_sum_of_few_species_is_a_lower_bound_and_never_voc_limited() -> None:
    few = pd.DataFrame({"toluene": ug_m3("toluene", np.ones(480)), "nox": ug_m3("nox", np.full(480, 50.0))})
    found = voc_nox_regime(few, ZONE)
    assert (found.basis, found.regime, found.species) == (VocBasis.LOWER_BOUND, Regime.UNKNOWN, 1)
    clean = few.assign(nox=ug_m3("nox", np.full(480, 0.1)))
    assert voc_nox_regime(clean, ZONE).regime is Regime.NOX_LIMITED
    strict = msgspec.structs.replace(regime_threshold("voc_nox"), nox_limited_above=(100.0, 100.0))
    assert voc_nox_regime(clean, ZONE, strict).regime is Regime.UNKNOWN


def test_nox_comes_from_no_and_no2_where_it_is_not_measured() -> None:
    air = pd.DataFrame(
        {"nox": ug_m3("nox", [5.0, np.nan]), "no": ug_m3("no", [1.0, 1.0]), "no2": ug_m3("no2", [2.0, 2.0])}
    )
    assert nox_ppb(air).tolist() == pytest.approx([5.0, 3.0], rel=1e-3)
