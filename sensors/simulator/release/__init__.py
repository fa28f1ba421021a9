"""Releases of known kind, place and rate: what is emitted, and how puffs carry it to stations.

`kind` holds the kinds of sources and their composition, `draw` places releases by seed, `mixing` and `wind` turn hourly
weather into turbulence and wind by the minute, `puff` is the forward model. Nothing here is taken from an inversion: puffs in a
wind that meanders, spread by turbulence and travel time, plume rise, a lid at the boundary layer height.
"""

from sensors.simulator.release.draw import Release, draw_release
from sensors.simulator.release.kind import ReleaseKind, load_kinds
from sensors.simulator.release.puff import unit_excess

__all__ = ["Release", "ReleaseKind", "draw_release", "load_kinds", "unit_excess"]
