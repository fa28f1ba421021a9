"""Single events and releases with known truth, as frames of a cluster of stations, for benchmarks of an attribution.

Everything is by seed, takes a fraction of a second, and needs no database. The stations of a cluster are 3 to 5 km apart.

`labelled_release(seed) -> LabelledRelease`
    One release, met by a cluster that measures its leading species, wind, radiation and boundary layer height. For tests of
    an inversion. In about half of the seeds at least three stations exceed three sigma (``reached``).
`labelled_event(seed) -> LabelledEvent`
    One plume, haze, ozone episode or instrument fault in a month of history, all parameters of the cluster. Of five
    consecutive seeds two are plumes.
`noise_event(seed) -> LabelledEvent`
    A high stretch of autocorrelated noise that has nothing to do with its random-walk wind: no source, no direction.
`source_mixture(seed, "voc" or "pm") -> Mixture`
    1,000 hourly samples with uncertainties, contributions and perturbed profiles of their sources; only of sources that can be
    told apart at all, by a species of their own.

Frames are ``schemas.frames`` hourly frames (``<p>``, ``<p>__n``, ``<p>__flag``, of wind also ``<p>__std``), index ``start``
in UTC, canonical units; minute frames have plain parameter columns of the instruments that report each minute
or each five minutes (repeated), without flags. All frames of a set have the same index.

A plume is made by puffs in a meandering wind (`sensors.simulator.release`); the wind that a station reports is that wind with
its own error of vane and anemometer, a mean over the interval. Truth is nowhere in the frames.
"""

from sensors.simulator.labelled.event import LabelledEvent, LabelledKind, labelled_event
from sensors.simulator.labelled.mixture import Mixture, source_mixture
from sensors.simulator.labelled.noise import noise_event
from sensors.simulator.labelled.release import LabelledRelease, labelled_release

__all__ = [
    "LabelledEvent",
    "LabelledKind",
    "LabelledRelease",
    "Mixture",
    "labelled_event",
    "labelled_release",
    "noise_event",
    "source_mixture",
]
