"""The direction that an episode came from, or why it cannot be told: `leading_direction`."""

from analysis.receptor.direction.leading import basis_of, direction_of_frames, disagreement, leading_direction
from analysis.receptor.direction.other_winds import WindTest
from analysis.receptor.direction.result import Direction, DirectionBasis

__all__ = [
    "Direction",
    "DirectionBasis",
    "WindTest",
    "basis_of",
    "direction_of_frames",
    "disagreement",
    "leading_direction",
]
