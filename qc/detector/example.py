"""Labelled series with their figures: the training data of the detector. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qc.detector.scoring import Prior, prepare_sonde

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from qc.detector.feature import Prepared
    from qc.detector.offset import Offset


@dataclass(frozen=True, slots=True)
class LabelledSeries:
    """One labelled parameter of an example."""

    prepared: Prepared
    offsets: list[Offset]
    table: pd.DataFrame
    labels: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled file, with its figures.

    Attributes
    ----------
    station : str
        Examples of one station are left out together.
    times : array of datetime64, shape (n,)
    series : dict of str to LabelledSeries
    """

    name: str
    station: str
    times: NDArray[np.datetime64]
    series: dict[str, LabelledSeries]


def make_example(
    name: str,
    station: str,
    times: NDArray[np.datetime64],
    sonde: Mapping[str, tuple[NDArray[np.float64], NDArray[np.bool_]]],
    priors: Mapping[str, Prior],
) -> Example:
    """Figures of one labelled file.

    Parameters
    ----------
    times : array of datetime64, shape (n,)
        Ascending, unique.
    sonde : mapping of str to (values, labels), arrays of shape (n,)
        By parameter, canonical units, NaN where missing.
    priors : mapping of str to Prior
    """
    found = prepare_sonde({code: values for code, (values, _) in sonde.items()}, priors, per_hour=rows_an_hour(times))
    return Example(
        name, station, times, {code: LabelledSeries(*parts, sonde[code][1]) for code, parts in found.items()}
    )


def rows_an_hour(times: NDArray[np.datetime64]) -> int:
    """Rows an hour by the median step, at least 1."""
    if times.size < 2:  # noqa: PLR2004 - a step needs two
        return 1
    step_s = float(np.median(np.diff(times.astype("datetime64[s]").astype(np.int64))))
    return max(1, round(3600 / step_s)) if step_s > 0 else 1
