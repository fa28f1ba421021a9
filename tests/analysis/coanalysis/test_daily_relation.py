"""Daily PM2.5 with O3 before and after the weather is taken out."""

from __future__ import annotations

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.coanalysis.daily_relation import WHOLE, DeweatheredRelation, daily_relation
from console.cli.analyse.coanalysis.relation import _show_daily
from schemas.words import words

DAYS = pd.date_range("2014-01-01", "2015-12-31")


def relation(seed: int, *, shared: float, weather: float = 1.0, valid: int | None = None) -> DeweatheredRelation:
    """Logarithms are what the weather gives, which the models know, and a rest that is shared in part."""
    rng = np.random.default_rng(seed)
    wind, common = rng.normal(size=(2, len(DAYS)))
    rest = [np.sqrt(1 - abs(shared)) * rng.normal(size=len(DAYS)) for _ in range(2)]
    rest[0] += np.sqrt(abs(shared)) * common
    rest[1] += np.sign(shared) * np.sqrt(abs(shared)) * common
    expected = [np.exp(4 + 0.5 * weather * wind), np.exp(4.5 + 0.5 * weather * wind)]
    observed = [np.exp(np.log(item) + 0.4 * part) for item, part in zip(expected, rest, strict=True)]
    if valid is not None:
        observed[1][valid:] = np.nan
    given = {"wind_speed": wind, "dew_point": np.full(len(DAYS), np.nan), "pressure": np.full(len(DAYS), 1010.0)}
    return daily_relation(DAYS, (observed[0], observed[1]), (expected[0], expected[1]), given, (0.7, 0.6))


def test_what_only_the_weather_shares_is_gone_without_it() -> None:
    found = relation(1, shared=0.0)
    whole = found.parts[0]
    assert whole.season == WHOLE
    assert whole.meaning == "weather"
    assert [len(item) for item in (whole.plain, whole.partial, whole.deweathered)] == [7, 7, 7]
    assert found.given == ("wind_speed",)


@pytest.mark.parametrize(
    ("shared", "weather", "meaning"),
    [(0.5, 1.0, "beyond_weather"), (-0.6, 2.0, "opposite"), (0.0, 0.0, "neither"), (-0.6, 0.62, "masked")],
)
def test_what_the_rest_shares_is_found_with_its_sign(shared: float, weather: float, meaning: str) -> None:
    found = relation(2, shared=shared, weather=weather)
    assert found.parts[0].meaning == meaning
    at_zero = next(item for item in found.parts[0].deweathered if item.lag == 0)
    assert at_zero.low is not None
    assert at_zero.high is not None
    assert at_zero.low < shared < at_zero.high


def test_a_weather_model_that_explains_little_is_named_and_its_meaning_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = relation(1, shared=0.0)
    meaning = words("en", "cli")("relation.meaning.weather")
    _show_daily(msgspec.structs.replace(found, is_usable=True), words("en", "cli"))
    said = capsys.readouterr().out
    assert meaning in said
    assert "do not use" not in said
    _show_daily(msgspec.structs.replace(found, is_usable=False), words("en", "cli"))
    said = capsys.readouterr().out
    assert meaning not in said
    assert "do not use the coefficients without weather" in said


def test_few_days_give_no_coefficient_and_no_meaning() -> None:
    found = relation(3, shared=0.5, valid=20)
    assert [part.season for part in found.parts] == [WHOLE, "DJF"]
    assert all(item.r is None for part in found.parts for item in part.deweathered if item.lag == 0)
    assert {part.meaning for part in found.parts} == {None}
