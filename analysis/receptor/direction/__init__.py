"""The direction that an episode came from, or why it cannot be told: `leading_direction`."""

from analysis.receptor.direction.leading import MOST_CHANCE, WIDEST_DEG, direction_of_frames, leading_direction
from analysis.receptor.direction.other_winds import WindTest
from analysis.receptor.direction.result import Direction, DirectionBasis

__all__ = [
    "MOST_CHANCE",
    "WIDEST_DEG",
    "Direction",
    "DirectionBasis",
    "WindTest",
    "direction_of_frames",
    "leading_direction",
]
