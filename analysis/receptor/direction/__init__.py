"""The direction that an episode came from, or why it cannot be told: `leading_direction`."""

from analysis.receptor.direction.leading import direction_of_frames, leading_direction
from analysis.receptor.direction.result import Direction, DirectionBasis

__all__ = ["Direction", "DirectionBasis", "direction_of_frames", "leading_direction"]
