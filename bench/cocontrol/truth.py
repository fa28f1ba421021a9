"""The known sensitivity of simulated provinces, and the product's list against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.limit import limit
from bench.cocontrol.mechanism import GROUPS
from bench.cocontrol.observation import start_of, true_pm25

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bench.cocontrol.province import Province, Run

    Array = NDArray[np.float64]

FEWEST_EXCEEDING_D = 4
_O3_UG_PER_PPB = 48.0 / 24.45


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Falls by a cut of 20 % over the exceeding days: ``joint`` [% of the limits], ``mda8``, ``pm25`` [µg m⁻³], by precursor."""

    exceeding_days: int
    precursors: tuple[str, ...]
    joint: Array
    mda8: Array
    pm25: Array

    def among(self, precursors: Sequence[str]) -> Truth:
        """The falls of these alone, in their order."""
        rows = [GROUPS.index(name) for name in precursors]
        return Truth(
            exceeding_days=self.exceeding_days, precursors=tuple(precursors),
            joint=self.joint[rows], mda8=self.mda8[rows], pm25=self.pm25[rows],
        )  # fmt: skip

    @property
    def first(self) -> str:
        """The precursor with the largest joint fall."""
        return self.precursors[int(self.joint.argmax())]

    @property
    def margin(self) -> float:
        """How far the first is ahead of the second, by the first [1]."""
        best = np.sort(self.joint)
        return float((best[-1] - best[-2]) / best[-1])


def truth_of(province: Province, run: Run, number: int) -> Truth:
    """Sensitivity of province ``number`` of a run."""
    day = start_of(province).date()
    limits = limit("O3", "MDA8", day), limit("PM2.5", "24h", day)
    ozone = _mda8(run.hours["o3"][:, number] * _O3_UG_PER_PPB)
    total = true_pm25(run, number)[0].reshape(-1, 24).mean(axis=1)
    secondary = np.stack(
        [true_pm25(run, number, item)[1].reshape(-1, 24).mean(axis=1) for item in range(1 + len(GROUPS))], axis=1
    )
    days = (ozone[:, 0] > limits[0]) | (total > limits[1])
    chosen = days if days.any() else np.ones(len(days), dtype=bool)
    mda8 = (ozone[:, :1] - ozone[:, 1:])[chosen].mean(axis=0)
    pm25 = (secondary[:, :1] - secondary[:, 1:])[chosen].mean(axis=0)
    return Truth(
        exceeding_days=int(days.sum()),
        precursors=GROUPS,
        joint=100 * (mda8 / limits[0] + pm25 / limits[1]),
        mda8=mda8,
        pm25=pm25,
    )


def _mda8(o3: Array) -> Array:
    days = len(o3) // 24
    means = np.stack([o3[hour : len(o3) - 7 + hour] for hour in range(8)]).mean(axis=0)
    return np.stack([means[24 * day : min(24 * day + 17, len(means))].max(axis=0) for day in range(days)])
