"""Secondary carbon by season, mass factors, summary and hourly product."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.chemistry.hourly_product import hourly_chemistry
from analysis.chemistry.particle_summary import AmmoniumState, MassGrade, ammonium_state, mass_grade
from analysis.chemistry.period_summary import chemistry_of, every_hour
from analysis.chemistry.secondary_carbon import season_carbon
from qc.hourly.relation.pm import MASS
from schemas.interval import Interval
from schemas.mass_factor import mass_factors
from tests.analysis.case.chemistry.episode import file
from tests.analysis.case.chemistry.episode import hours as supersite_hours
from tests.analysis.chemistry.test_period_figure import ZONE
from tests.analysis.chemistry.test_voc import figure
from tests.analysis.frames import START, hours


def period(length_h: int) -> Interval:
    return Interval(START, START + timedelta(hours=length_h))


def test_quality_control_and_analysis_share_one_set_of_mass_factors() -> None:
    assert {name: item.factor for name, item in mass_factors().items()} == MASS
    assert all(item.source for item in mass_factors().values())


def test_each_season_has_its_own_primary_ratio() -> None:
    rng = np.random.default_rng(2)
    n = 24 * 60
    ec = hours(rng.uniform(0.5, 3, n))  # 30 days of May and 30 of June
    ratio = np.where(np.arange(n) < n / 2, 1.5, 2.5)
    oc = ratio * ec + rng.gamma(0.5, 2.0, n)
    found = season_carbon(pd.DataFrame({"oc": oc, "ec": ec}), ZONE)
    assert [item.season for item in found] == ["spring", "summer"]
    for item, true in zip(found, (1.5, 2.5), strict=True):
        low, high = item.mrs.ratio_low, item.mrs.ratio_high
        assert low is not None
        assert high is not None
        assert low < true < high
        assert item.mrs.negative_n > 0
    assert [part.primary.primary_ratio for part in found[0].by_percentile] == sorted(
        part.primary.primary_ratio or 0.0 for part in found[0].by_percentile
    )


def test_a_season_without_a_minimum_is_rejected_with_its_reason() -> None:
    ec = hours(np.tile([1.0, 2.0], 100))
    found = season_carbon(pd.DataFrame({"oc": 9.0 - 3.0 * ec, "ec": ec}), ZONE)[0]
    assert found.mrs.primary.primary_ratio is None
    assert "no minimum" in found.mrs.primary.reason
    assert found.mrs.mean is None
    assert hourly_chemistry(pd.DataFrame({"oc": 9.0 - 3.0 * ec, "ec": ec}), ZONE)["soc"].isna().all()


def test_grades_and_classes() -> None:
    assert [mass_grade(value) for value in (None, 0.6, 0.7, 1.0, 1.25)] == [
        MassGrade.UNKNOWN, MassGrade.POOR, MassGrade.ACCEPTABLE, MassGrade.GOOD, MassGrade.ACCEPTABLE,
    ]  # fmt: skip
    given_ = [(0.5, 0.8), (0.8, 1.0), (0.95, 1.05), (1.2, 2.0), (None, None)]
    assert [ammonium_state(figure(*item)) for item in given_] == [
        AmmoniumState.DEFICIENT, AmmoniumState.UNKNOWN, AmmoniumState.BALANCED, AmmoniumState.EXCESS, AmmoniumState.UNKNOWN,
    ]  # fmt: skip


def test_the_summary_states_coverage_and_the_share_of_species_without_a_constant() -> None:
    air = pd.DataFrame({"toluene": hours([3.0, 3.0]), "tribromomethane": hours([1.0, 1.0])})
    found = chemistry_of("st", air, period(4), ZONE)
    assert found.particle is None
    assert found.voc is not None
    assert found.voc.ofp.coverage == 0.5
    missing = {item.constant: (item.species, item.mass_share) for item in found.voc.missing}
    assert missing["mir"] == (("tribromomethane",), 0.25)


def test_flagged_hours_do_not_enter_and_an_empty_frame_has_no_parts() -> None:
    air = pd.DataFrame({"toluene": hours([3.0, 300.0])}).assign(toluene__flag=np.array([1, 4], dtype=np.int8))
    found = chemistry_of("st", air, period(2), ZONE)
    assert found.voc is not None
    assert found.voc.mass.value == 3.0
    empty = chemistry_of("st", air[[]], period(2), ZONE)
    assert (empty.voc, empty.particle, empty.hours) == (None, None, 2)


def test_a_period_without_an_hour_and_unsorted_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="no whole hour"):
        every_hour(pd.DataFrame({"toluene": hours([1.0])}), Interval(START, START + timedelta(minutes=30)))
    with pytest.raises(ValueError, match="ascending"):
        every_hour(pd.DataFrame({"toluene": hours([1.0, 2.0])}).iloc[::-1], period(2))


NAMES = (
    "oc",
    "ec",
    "sulfate",
    "nitrate",
    "ammonium",
    "so2",
    "no2",
    "pm25",
    "m_p_xylene",
    "ethylbenzene",
    "tnmhc",
    "nox",
)


@given(
    st.lists(
        st.lists(st.one_of(st.just(np.nan), st.floats(-5, 500)), min_size=12, max_size=12), min_size=1, max_size=30
    )
)
@settings(max_examples=12, deadline=None)
def test_any_values_give_finite_figures_or_none(rows: list[list[float]]) -> None:
    frame = pd.DataFrame(rows, columns=NAMES, index=hours(np.zeros(len(rows))).index)
    found = chemistry_of("st", frame, period(len(rows)), ZONE)
    table = hourly_chemistry(frame, ZONE)
    assert len(table) == len(frame)
    for part in (found.voc, found.particle):
        for name in () if part is None else part.__struct_fields__:
            value = getattr(getattr(part, name), "value", None)
            assert not isinstance(value, float) or np.isfinite(value), name


def test_the_two_months_of_the_supersite() -> None:
    frame = supersite_hours(file())
    start = datetime(2021, 1, 31, 16, tzinfo=UTC)
    found = chemistry_of("tw-supersite", frame, Interval(start, start + timedelta(days=59)), ZoneInfo("Asia/Taipei"))
    assert found.particle is not None
    assert found.voc is not None
    assert found.particle.mass.grade is MassGrade.ACCEPTABLE or found.particle.mass.grade is MassGrade.GOOD
    assert found.particle.ammonium is AmmoniumState.EXCESS  # the column reads too high: docs/datasets.md
    assert [item.season for item in found.particle.carbon] == ["winter", "spring"]
    assert found.voc.reactivity.species[0].parameter == "toluene"
    assert {item.regime.value for item in found.voc.regimes} == {"unknown"}
