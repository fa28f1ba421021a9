"""Joint exceedance, reactivity, components."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis.chemistry.components import (
    ion_balance,
    mass_reconstruction,
    minimum_r_squared,
    minimum_ratio,
    oxidation_ratios,
    soc,
    soc_flags,
)
from analysis.chemistry.reactivity import hourly_ofp, reactivity
from analysis.coanalysis.copollution import joint_days, joint_hours, lagged_correlation
from analysis.coanalysis.statement import summary
from schemas.parameter import parameter
from tests.analysis.frames import hours

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_joint_day_exceeds_both_limits_of_its_date() -> None:
    index = pd.DatetimeIndex(["2026-02-27T16:00Z", "2026-02-28T16:00Z", "2026-03-01T16:00Z"], name="start")
    table = joint_days(
        pd.DataFrame({"pm25": [70.0, 70.0, np.nan], "o3_mda8": [170.0, 170.0, 170.0]}, index=index), ZONE
    )
    assert table["pm25_limit"].tolist() == [75, 60, 60]
    assert table["joint"].tolist()[:2] == [0, 1]
    assert np.isnan(table["joint"].iloc[2])


def test_a_joint_hour_needs_both_above_iaqi_100() -> None:
    table = joint_hours(hours([61, 61, 59, np.nan]), hours([201, 200, 201, 300]), ZONE)
    assert table["joint"].iloc[:3].tolist() == [1, 0, 0]
    assert np.isnan(table["joint"].iloc[3])


def test_the_lag_of_a_shifted_series_is_found_with_its_sign() -> None:
    rng = np.random.default_rng(3)
    pm25 = hours(50 + 10 * rng.standard_normal(24 * 40))
    o3 = (100 + 0.8 * (pm25 - 50).shift(5)).rename("o3")
    best = max(lagged_correlation(pm25, o3, ZONE), key=lambda item: item.r or -1)
    assert best.lag == 5
    assert best.low is not None
    assert best.low > 0.9
    assert "5 h later" in summary(
        joint_days(pd.DataFrame({"pm25": pm25.iloc[:1], "o3_mda8": [1.0]}), ZONE),
        joint_hours(pm25, o3, ZONE),
        (best,),
    )[2].text("en")


def test_a_common_daily_cycle_alone_is_no_correlation() -> None:
    rng = np.random.default_rng(4)
    cycle = np.sin(np.arange(24 * 40) / 24 * 2 * np.pi)
    first, second = (hours(50 + 30 * cycle + rng.standard_normal(len(cycle))) for _ in range(2))
    assert all(abs(item.r or 0) < 0.25 for item in lagged_correlation(first, second, ZONE))


def test_too_few_pairs_give_no_coefficient() -> None:
    assert {item.r for item in lagged_correlation(hours([1.0, 2.0]), hours([1.0, 2.0]), ZONE)} == {None}


def test_ofp_is_concentration_times_mir_and_a_species_without_mir_is_named() -> None:
    frame = pd.DataFrame(
        {"toluene": hours([2.0, 4.0]), "tribromomethane": hours([1.0, 1.0]), "tvoc": hours([99.0, 99.0])}
    )
    result = reactivity(frame)
    mir = parameter("toluene").mir_g_g
    assert mir is not None
    assert result.ofp_ug_m3 == pytest.approx(3.0 * mir)
    assert result.without_mir == ("tribromomethane",)
    assert {item.parameter: item.ofp_ug_m3 for item in result.species}["tribromomethane"] is None
    table = hourly_ofp(frame)
    assert table["ofp"].tolist() == pytest.approx([2 * mir, 4 * mir])
    assert table["without_mir_n"].tolist() == [1, 1]
    assert set(table["top_species"]) == {"toluene"}


def test_the_oh_loss_rate_of_one_ppb_is_k_times_its_number_density() -> None:
    species = parameter("toluene")
    assert species.molar_mass_g_mol is not None
    assert species.koh_cm3_s is not None
    result = reactivity(pd.DataFrame({"toluene": hours([species.molar_mass_g_mol / 24.465])}))
    assert result.loh_s1 == pytest.approx(species.koh_cm3_s * 2.461e10, rel=1e-4)


def test_balanced_ions_have_the_ratio_one() -> None:
    frame = pd.DataFrame({"sulfate": hours([48.03]), "nitrate": hours([62.0]), "ammonium": hours([2 * 18.04])})
    table = ion_balance(frame)
    assert table["ratio"].iloc[0] == pytest.approx(1.0)
    assert table["anions_neq_m3"].iloc[0] == pytest.approx(2000.0)
    assert np.isnan(ion_balance(frame.drop(columns="ammonium"))["ratio"].iloc[0])


def test_reconstruction_adds_the_parts_and_needs_the_four_main_ones() -> None:
    frame = pd.DataFrame(
        {name: hours([value]) for name, value in {"sulfate": 10, "nitrate": 10, "oc": 5, "ec": 2, "pm25": 50}.items()}
    )
    table = mass_reconstruction(frame)
    assert table["reconstructed"].iloc[0] == pytest.approx(13.75 + 12.9 + 7 + 2)
    assert table["closure"].iloc[0] == pytest.approx(35.65 / 50)
    assert np.isnan(mass_reconstruction(frame.drop(columns="ec"))["reconstructed"].iloc[0])


def test_both_methods_find_the_primary_ratio_of_a_synthetic_mixture() -> None:
    rng = np.random.default_rng(5)
    ec = hours(rng.uniform(0.5, 3, 500))
    oc = 1.8 * ec + rng.gamma(0.5, 2.0, 500)
    assert minimum_ratio(oc, ec).primary_ratio == pytest.approx(1.8, abs=0.1)
    assert minimum_r_squared(oc, ec).primary_ratio == pytest.approx(1.8, abs=0.25)
    assert minimum_ratio(oc[:5], ec[:5]).primary_ratio is None
    secondary = soc(oc, ec, 5.0)
    assert secondary.mean() == pytest.approx((oc - 5.0 * ec).mean())
    assert (secondary < 0).any()
    assert soc_flags(secondary).eq(3).tolist() == (secondary < 0).tolist()
    assert soc_flags(pd.Series([np.nan])).tolist() == [9]


def test_oxidation_ratios_are_molar() -> None:
    frame = pd.DataFrame(
        {"sulfate": hours([96.06]), "so2": hours([64.058]), "nitrate": hours([62.0]), "no2": hours([3 * 46.005])}
    )
    table = oxidation_ratios(frame)
    assert table.iloc[0].tolist() == pytest.approx([0.5, 0.25])
