from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.pmf import PmfInputError, with_detection_limits


def test_a_value_below_the_limit_becomes_half_of_it_with_five_sixths_as_uncertainty() -> None:
    conc, unc = with_detection_limits(pd.DataFrame({"zn": [-0.1, 0.6]}), {"zn": 0.6}, {"zn": 0.1})
    assert conc.zn.tolist() == [0.3, 0.3]
    assert unc.zn.to_numpy() == pytest.approx([0.5, 0.5])


def test_a_value_above_the_limit_stays_and_its_errors_add_as_squares() -> None:
    conc, unc = with_detection_limits(pd.DataFrame({"zn": [4.0]}), {"zn": 0.6}, {"zn": 0.1})
    assert conc.zn.tolist() == [4.0]
    assert unc.zn.to_numpy() == pytest.approx([0.5])


def test_a_missing_value_stays_missing() -> None:
    conc, unc = with_detection_limits(pd.DataFrame({"zn": [np.nan]}), {"zn": 0.6}, {"zn": 0.1})
    assert conc.zn.isna().all()
    assert unc.zn.isna().all()


@pytest.mark.parametrize(
    ("limits", "errors", "words"),
    [
        ({}, {"zn": 0.1}, "zn: a detection limit of 0 or more is needed"),
        ({"zn": 0.0}, {"zn": 0.1}, "zn: the detection limit must be above 0"),
        ({"zn": 0.6}, {"zn": -0.1}, "zn: a relative error of 0 or more is needed"),
        ({"zn": 0.6}, {"zn": float("nan")}, "zn: a relative error"),
    ],
)
def test_a_wrong_limit_is_refused_with_its_species(
    limits: dict[str, float], errors: dict[str, float], words: str
) -> None:
    with pytest.raises(PmfInputError, match=words):
        with_detection_limits(pd.DataFrame({"zn": [4.0]}), limits, errors)
