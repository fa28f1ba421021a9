"""The park of a staged province: stations 3 to 5 km apart, enterprises around them, and releases of some of these.

`station` places the stations, `enterprise` the registry with many that release nothing, `stage` chooses which of them release
something while the wind brings it to the stations. All of it is invented.
"""

from sensors.simulator.park.enterprise import SimulatedEnterprise, draw_enterprises, registry_toml
from sensors.simulator.park.record import staged_records
from sensors.simulator.park.stage import stage_releases
from sensors.simulator.park.station import park_stations

__all__ = [
    "SimulatedEnterprise",
    "draw_enterprises",
    "park_stations",
    "registry_toml",
    "stage_releases",
    "staged_records",
]
