"""A province of simulated stations with known truth: seeded, deterministic, without clock or network.

`Province` is all that other folders need. Times are arguments, the same arguments give the same bytes.
"""

from sensors.simulator.province import Province
from sensors.simulator.truth import ContributionRecord, ReleasedRecord, ReleaseRecord, Truth, TruthRecord, parse_truth

__all__ = ["ContributionRecord", "Province", "ReleaseRecord", "ReleasedRecord", "Truth", "TruthRecord", "parse_truth"]
