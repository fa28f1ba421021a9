"""The state of the box and what stays the same over a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.emission import carbonyl_emission
from analysis.coanalysis.cocontrol.box.forcing import (
    LITRE,
    NITRATE_G_MOL,
    STEPS_PER_HOUR,
    SULFATE_G_MOL,
    FollowedLevel,
    at_steps,
    mixing_heights,
    observed_levels,
    outside_levels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.box.block import DayBlocks
    from analysis.coanalysis.cocontrol.model_input import Lump, ModelInput

    Array = NDArray[np.float64]

CUT = 0.2
"""Reduction of the emission of a precursor [1]."""
_FAST_ALKANE = 7e-12 * 2.461e10
_ALOFT = ("ox", "nitrate", "sulfate", "soa")
"""What is kept aloft over night and mixed down in the morning."""
_CUT_NAMES = ("nox", "alkene", "aromatic", "alkane", "ovoc", "isoprene", "co", "so2", "nh3")
_PARTICLE_G_PPB = {"nitrate": NITRATE_G_MOL / LITRE, "sulfate": SULFATE_G_MOL / LITRE, "soa": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSetting:
    """What stays the same over a run.

    Attributes
    ----------
    constant : dict of str to array
        (row, 1); a row is a member in a block of days.
    shape : tuple of int
        Rows, scenarios.
    first_step, member : array
        Of each row: step of the period at which it begins, and number of the member.
    kept : dict of str to array
        What is left of the source of a precursor by scenario, (1, scenario) [1].
    observed, outside : dict
        By gas, and of particles the air outside.
    k_voc, voc_steps, voc_gauge, voc_outside, soa_yield
        By lump: rate constant [ppb⁻¹ s⁻¹], levels at the steps [ppb], scale [1], level outside [ppb], mass of aerosol made [µg m⁻³ ppb⁻¹].
    heights : array
        Of `mixing_heights`, by member.
    emitted : dict of str to array
        By carbonyl, (hour of the period, member) [ppb s⁻¹].
    """

    constant: dict[str, Array]
    shape: tuple[int, int]
    first_step: NDArray[np.int64]
    member: NDArray[np.int64]
    kept: dict[str, Array]
    lumps: tuple[Lump, ...]
    missing_groups: tuple[str, ...]
    has_isoprene: bool
    observed: dict[str, FollowedLevel]
    outside: dict[str, Array]
    k_voc: Array
    voc_steps: list[Array]
    voc_gauge: list[Array]
    voc_outside: list[Array]
    soa_yield: Array
    heights: Array
    emitted: dict[str, Array]


@dataclass(slots=True)
class AirColumn:
    """State: mixing ratios [ppb] of (row, scenario), ``soa`` [µg m⁻³], ``voc`` with the lump as first axis."""

    gas: dict[str, Array]
    voc: Array
    no2: Array
    oh: Array
    ho2: Array
    peroxy: Array
    salt: Array
    bound: Array
    aloft: dict[str, Array]


def box_setting(
    given: ModelInput, constant: dict[str, Array], precursors: Sequence[str], latitude_deg: float, blocks: DayBlocks
) -> BoxSetting:
    """Observations and constants in the shape of the run; ``constant`` has one value a member."""
    members, count = len(constant["light"]), len(blocks.starts)
    columns = {name: np.tile(value, count)[:, None] for name, value in constant.items()}
    lumps, whole = given.lumps, np.ones_like(columns["light"])
    yields = [_soa_yield(item.group, item.k_oh, columns) * item.ug_per_ppb for item in lumps]
    observed = observed_levels(given, columns)
    heights = mixing_heights(given, constant["growth"][:, None], latitude_deg)
    return BoxSetting(
        constant=columns,
        shape=(len(whole), 1 + len(precursors)),
        first_step=blocks.rows(members) * 24 * STEPS_PER_HOUR,
        member=np.tile(np.arange(members), count),
        kept={
            name: np.array([1.0, *(1.0 - CUT * (item == name) for item in precursors)])[None, :] for name in _CUT_NAMES
        },
        lumps=lumps,
        missing_groups=given.missing_groups,
        has_isoprene=any(item.group == "isoprene" for item in lumps),
        observed=observed,
        outside=outside_levels(given, columns, observed),
        k_voc=np.array([item.k_oh for item in lumps])[:, None, None] * columns["reactivity"],
        voc_steps=[at_steps(item.ppb) for item in lumps],
        voc_gauge=[_gauge(item.group, given.listed, columns) for item in lumps],
        voc_outside=[np.percentile(item.ppb, 5) * columns["outside_gas"] for item in lumps],
        soa_yield=np.stack(yields) if yields else np.zeros((0, *whole.shape)),
        heights=heights,
        emitted=carbonyl_emission(given, constant, heights[:-1:STEPS_PER_HOUR]),
    )


def start_column(given: ModelInput, setting: BoxSetting) -> AirColumn:
    """The state before the first step: gases as observed, particles at the mean of the first day."""
    at = setting.first_step
    whole, zero = np.ones(setting.shape), np.zeros(setting.shape)
    names = ("nox", "ox", "co", "so2", "nh3", "formaldehyde", "aldehyde")
    gas = {name: setting.observed[name](at) * whole for name in names if name in setting.observed}
    gas.setdefault("so2", 0.0 * whole)
    gas |= {name: _start_of(given, name, at // STEPS_PER_HOUR) * whole for name in _PARTICLE_G_PPB}
    gas["dicarbonyl"] = 0.05 * whole
    for name in ("formaldehyde", "aldehyde"):
        gas.setdefault(name, whole.copy())
    levels = zip(setting.voc_steps, setting.voc_gauge, strict=True)
    voc = [series[at][:, None] * gauge * whole for series, gauge in levels]
    return AirColumn(
        gas=gas, voc=np.stack(voc) if voc else np.zeros((0, *setting.shape)), no2=0.7 * gas["nox"],
        oh=zero, ho2=zero, peroxy=zero, salt=zero, bound=zero,
        aloft={name: setting.outside[name] * whole for name in _ALOFT},
    )  # fmt: skip


def _start_of(given: ModelInput, name: str, hours: NDArray[np.int64]) -> Array | float:
    """Mean of the 24 h from the hour of each row on, where it was measured, (row, 1)."""
    series = given.soa if name == "soa" else given.series.get(name)
    if series is None:
        return 1.0
    means = np.array([np.mean(series[hour : hour + 24]) for hour in hours])
    return np.asarray(np.maximum(means, 0.0)[:, None] / _PARTICLE_G_PPB[name])


def _soa_yield(group: str, k_oh: float, constant: dict[str, Array]) -> Array:
    if group == "alkane" and k_oh <= _FAST_ALKANE:
        return np.zeros_like(constant["light"])
    return constant.get(f"soa_{group}", np.zeros_like(constant["light"]))


def _gauge(group: str, listed: dict[str, float], constant: dict[str, Array]) -> Array:
    """Scale of the measured species of a group; those that are not on the list are taken to go with them."""
    scale = constant.get(f"gauge_{group}", np.ones_like(constant["light"]))
    part = listed.get(group, 1.0)
    return np.asarray(scale * (1.0 + (1.0 / part - 1.0) * constant["unlisted"]))
