from __future__ import annotations

import numpy as np
import pytest

from qc.native.climatology_record import derive_spans, limit_toml
from qc.native.test.climatology import ClimatologyLimit, Spans, climatology_test
from qc.run.limits import parse_thresholds
from schemas.parameter import load_parameters


def year() -> tuple[np.ndarray, np.ndarray]:
    hours = np.arange(8760)
    return hours // 730 + 1, hours % 24


def written(spans: Spans) -> str:
    return limit_toml(spans, "global_radiation", "W/m2", station_id="s", decimals=1, source="own record")


def test_spans_of_a_record_hold_its_air_and_not_its_faults() -> None:
    months, hours = year()
    rng = np.random.default_rng(1)
    air = 20 + 10 * np.sin(2 * np.pi * months / 12) + 5 * np.sin(2 * np.pi * hours / 24) + rng.normal(0, 1, 8760)
    faulty = air.copy()
    faulty[rng.choice(8760, 200, replace=False)] = 500
    spans = derive_spans(faulty, months, hours)
    flags = climatology_test(faulty, months, hours, spans)
    assert (flags[faulty == 500] == 3).all()
    assert (flags[faulty != 500] == 3).mean() < 0.001
    assert (spans.high - spans.low < 40).all()


def test_too_few_values_give_no_span() -> None:
    months, hours = year()
    values = np.where(months == 3, 5.0, np.nan)
    spans = derive_spans(values, months, hours)
    assert np.isfinite(spans.low[2]).all()
    assert np.isnan(np.delete(spans.low, 2, axis=0)).all()
    assert np.isnan(derive_spans(np.zeros(0), months[:0], hours[:0]).low).all()


def test_a_record_that_is_zero_at_night_gives_limits_that_load_and_names_what_is_left_out() -> None:
    months, hours = year()
    lit = (hours >= 7) & (hours <= 17)
    values = np.where(lit, 500 * np.random.default_rng(1).uniform(0.2, 1, 8760), 0.0)
    text = written(derive_spans(values, months, hours))
    assert "# global_radiation: month 1-12, hour 0-5 19-23 not evaluated: the values do not vary, they are 0\n" in text
    found = parse_thresholds(text, "t").find(
        ClimatologyLimit, "global_radiation", network="eco", station_id="s", month=1
    )
    assert found is not None
    assert np.isnan(found.rows("high")[0][:6]).all()
    assert np.isfinite(found.rows("high")[0][8:17]).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros(8760), "the values do not vary, they are 0"),
        (np.full(8760, 7.25), "the values do not vary, they are 7.25"),
        (np.full(8760, np.nan), "fewer than 60 values"),
    ],
)
def test_a_record_without_any_span_gives_no_limit_and_the_reason(values: np.ndarray, words: str) -> None:
    months, hours = year()
    text = written(derive_spans(values, months, hours))
    assert text == f"# global_radiation: month 1-12, hour 0-23 not evaluated: {words}\n"
    parse_thresholds(text, "t")


def test_derived_limits_of_every_parameter_load() -> None:
    months, hours = year()
    source = 'of "the" test, 5 % \\ 10 %'
    alike: dict[tuple[int, float, float | None], Spans] = {}
    for code, item in load_parameters().items():
        top = item.range_max if item.range_max is not None and item.range_max < 1e6 else 100.0
        shape = (item.decimals, top, item.period)
        if shape not in alike:
            rng = np.random.default_rng(len(alike))
            values = np.round(np.abs(rng.normal(0, top / 10, 8760)) * rng.integers(0, 2, 8760), item.decimals)
            values[(hours < 5) & (months < 4)] = 0.0
            alike[shape] = derive_spans(values, months, hours, period=item.period)
        text = limit_toml(alike[shape], code, item.unit, station_id="s", decimals=item.decimals, source=source)
        parse_thresholds(text, code)
    assert len(alike) > 40
