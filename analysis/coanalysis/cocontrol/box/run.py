"""The door: hours and constants of the ensemble to hours of all members and scenarios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.box.block import day_blocks
from analysis.coanalysis.cocontrol.box.budget import (
    advance_gases,
    advance_ox,
    advance_particles,
    made_ox,
    mix_aloft,
    mixing_of,
)
from analysis.coanalysis.cocontrol.box.column import AirColumn, BoxSetting, box_setting, start_column
from analysis.coanalysis.cocontrol.box.forcing import STEPS_PER_HOUR, rates_by_hour
from analysis.coanalysis.cocontrol.box.radical import balance_radicals, night_loss, stationary_no2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.box.rate import Moment
    from analysis.coanalysis.cocontrol.model_input import ModelInput

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRun:
    """Hours of a run; axes hour, member, scenario (0 base).

    Attributes
    ----------
    o3, sulfate, nitrate, ammonium : array
        [ppb]
    soa : array
        [µg m⁻³]
    ox_made, ox_residual : array
        Axes hour, member: production of Ox, and what the observed Ox needs beyond production and dilution [ppb h⁻¹].
    oh : array
        Of the base, axes hour, member [ppb].
    formaldehyde_made, formaldehyde_residual : array
        The same of formaldehyde: production, and what the observed level needs beyond production, emission and dilution [ppb s⁻¹].
    """

    o3: Array
    sulfate: Array
    nitrate: Array
    ammonium: Array
    soa: Array
    ox_made: Array
    ox_residual: Array
    oh: Array
    formaldehyde_made: Array
    formaldehyde_residual: Array


def run_box(
    given: ModelInput,
    constant: dict[str, Array],
    precursors: Sequence[str],
    *,
    latitude_deg: float,
    progress: Callable[[float], None] | None = None,
) -> BoxRun:
    """Run the ensemble.

    Parameters
    ----------
    given : ModelInput
    constant : dict of str to array
        Of `prior.constants_of`, one value a member.
    precursors : sequence of str
        Cut by 20 % one after the other; empty: the base alone.
    latitude_deg : float
        For the height of the sun [deg].
    progress : callable or None
        Called with the part that is done [1].
    """
    blocks = day_blocks(given.days)
    setting = box_setting(given, constant, precursors, latitude_deg, blocks)
    state = start_column(given, setting)
    rates = rates_by_hour(given, latitude_deg)
    hours: list[tuple[Array, ...]] = []
    for hour in range(24 * blocks.length):
        now = rates.of_rows(setting.first_step // STEPS_PER_HOUR + hour)
        hours.append(_hour(setting, state, hour, now))
        if progress is not None:
            progress((hour + 1) / (24 * blocks.length))
    o3, sulfate, nitrate, ammonium, soa, made, residual, oh, carbonyl_made, beyond = (
        blocks.joined(np.stack(column)) for column in zip(*hours, strict=True)
    )
    return BoxRun(
        o3=o3,
        sulfate=sulfate,
        nitrate=nitrate,
        ammonium=ammonium,
        soa=soa,
        ox_made=made,
        ox_residual=residual,
        oh=oh,
        formaldehyde_made=carbonyl_made,
        formaldehyde_residual=beyond,
    )


def _hour(setting: BoxSetting, state: AirColumn, hour: int, now: Moment) -> tuple[Array, ...]:
    """Means of the hour, as `BoxRun` has them."""
    total: list[Array] | None = None
    for part in range(STEPS_PER_HOUR):
        made, residual, *carbonyl = _step(setting, state, setting.first_step + hour * STEPS_PER_HOUR + part, now)
        gas = state.gas
        rows = [
            np.maximum(gas["ox"] - state.no2, 0.0), gas["sulfate"].copy(), state.salt,
            state.salt + state.bound, gas["soa"].copy(), made * 3600.0, residual * 3600.0, state.oh[:, 0],
            *carbonyl,
        ]  # fmt: skip
        total = rows if total is None else [a + b for a, b in zip(total, rows, strict=True)]
    return tuple(value / STEPS_PER_HOUR for value in total or [])


def _step(
    setting: BoxSetting, state: AirColumn, steps: NDArray[np.int64], now: Moment
) -> tuple[Array, Array, Array, Array]:
    """One step; production and residual of Ox, then of formaldehyde, in the base [ppb s⁻¹]."""
    mixing = mixing_of(setting, steps, now)
    no = np.maximum(state.gas["nox"] - state.no2, 1e-5)
    o3 = np.maximum(state.gas["ox"] - state.no2, 1e-3)
    reacted = balance_radicals(setting, state, now, no, o3)
    night = night_loss(setting, state, now, no, o3)
    made = made_ox(setting, state, now, reacted, no)
    residual = advance_ox(setting, state, now, setting.observed["ox"](steps + 1), (made, night, o3, mixing))
    carbonyl = advance_gases(setting, state, now, steps, (reacted, night, no, mixing))
    advance_particles(setting, state, now, (reacted, night, mixing))
    mix_aloft(setting, state, mixing.left, now)
    state.no2 = stationary_no2(state, now, setting.constant["light"])
    return made[:, 0], residual, *carbonyl
