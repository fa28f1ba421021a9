"""Direction with high values in the 30 days before an episode, at its station."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.cpf import CHANCE, SectorTable, cpf
from analysis.receptor.direction.result import LOOKS, Direction, DirectionBasis, around, none, reason
from analysis.receptor.wind import CALM, CALM_BELOW_M_S, SECTORS, sector_code, sectors
from analysis.statistics.tail import either_chance

if TYPE_CHECKING:
    from analysis.receptor.direction.cluster import Cluster

QUANTILE = 0.75
"""Values above this quantile of the 30 days count as high; project choice [1]."""
SECTOR_HALF_WIDTH_DEG = 33.75
"""From the middle of a sector to the far edge of its neighbours; no interval of a stated confidence [deg]."""


def direction_of_background(cluster: Cluster) -> Direction:
    """Leading sector of the hours before the episode, if chance does not explain it.

    Parameters
    ----------
    cluster : Cluster

    Returns
    -------
    Direction
        Not of the episode itself.
    """
    before = np.arange(len(cluster.index)) < int(cluster.in_event.argmax())
    values, speed, direction = (
        pd.Series(part[before], index=cluster.index[before])
        for part in (cluster.level[:, 0], cluster.speed, cluster.from_deg)
    )
    if values.notna().sum() == 0:
        return none("no_background")
    since = values.first_valid_index()  # days before the first value are none that the others could be shuffled with
    values, speed, direction = values[since:], speed[since:], direction[since:]
    angle = direction.where(speed >= CALM_BELOW_M_S, 0.0)
    return _of_sector(cpf(values, sectors(speed, angle), float(values.quantile(QUANTILE))))


def _of_sector(table: SectorTable) -> Direction:
    lead = table.leading()
    days = table.rotations + 1
    chance = None if table.tail_chance is None else either_chance(table.tail_chance, LOOKS)
    if lead is None or lead.sector == CALM or chance is None or chance > CHANCE:
        refused = reason("background_chance", hours=table.hours, days=days)
        return Direction(chance=chance, hours=table.hours, stations=1, days=days, reasons=(refused,))
    figures = {"rate": lead.rate, "overall": table.overall, "hours": lead.hours, "days": lead.days, "chance": chance}
    middle = lead.sector * 360.0 / SECTORS
    return Direction(
        basis=DirectionBasis.BACKGROUND,
        from_deg=middle,
        interval_deg=around(middle, SECTOR_HALF_WIDTH_DEG),
        chance=chance,
        hours=table.hours,
        stations=1,
        effective_hours=lead.effective_hours,
        days=days,
        reasons=(reason("background", sector=sector_code(lead.sector), **figures),),
    )
