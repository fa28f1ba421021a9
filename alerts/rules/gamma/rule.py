"""Gamma dose rate above what the station's own baseline and rain explain, by hours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta

from alerts.rules.gamma.figure import GammaFigures
from alerts.rules.gamma.monitor import GammaMonitor
from alerts.rules.gamma.sampler import GammaHours, GammaSampler
from alerts.rules.incremental import Feed
from alerts.rules.value_rule import ValueRule, measured_at, watch_of
from schemas.alert import RuleKind
from schemas.message import NetworkCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.rules.baseline import Baselines
    from alerts.rules.incremental import RuleWatch
    from schemas.network import Network, Station

DOSE = "gamma_dose_rate"
RAIN = "rain"


class GammaRule(ValueRule, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="gamma"):
    """Hourly dose rates of stations that `GammaMonitor` holds for a release.

    Attributes
    ----------
    parameter, unit, network : str
        ``gamma_dose_rate`` in nGy h⁻¹ of ``rad``; nothing else is possible.
    days, min_days : int
        The alarm levels of a station are fitted to its stored hours of so many days up to yesterday; with fewer days of hours the
        station is not evaluated [d].
    figures : GammaFigures
    """

    network: NetworkCode = NetworkCode.RAD
    parameter: str = DOSE
    unit: str = "nGy/h"
    clear_for_h: Annotated[float, Meta(ge=0, le=87_600)] = 2.0
    days: Annotated[int, Meta(ge=14, le=366)] = 60
    min_days: Annotated[int, Meta(ge=7)] = 28
    figures: GammaFigures = GammaFigures()

    KIND: ClassVar[RuleKind] = RuleKind.GAMMA

    def looks_at(self, station_id: str) -> dict[str, object]:
        """The network."""
        del station_id
        return {"network": self.network.value}

    def contradictions(self) -> list[tuple[str, str]]:
        """The later checks rely on the earlier ones."""
        for key, value, expected in (
            ("network", self.network, NetworkCode.RAD),
            ("parameter", self.parameter, DOSE),
            ("unit", self.unit, "nGy/h"),
        ):
            if value != expected:
                return [(key, f"{value!r}, expected {expected!r}")]
        if self.min_days > self.days:
            return [("min_days", f"{self.min_days}, expected at most days = {self.days}")]
        return []

    def watches(self, network: Network, baselines: Baselines) -> Iterator[RuleWatch]:
        """One watch a station, over its dose rates and rain and those of its neighbours."""
        gauges = {station.id: rain_feed(station) for station, _ in measured_at(self, network)}
        monitor = GammaMonitor(places_of(self, network), self.figures)
        with_rain = [name for name, feed in gauges.items() if feed is not None]
        hours = GammaHours(self.name, self.parameter, monitor, with_rain)
        for station_id in gauges:
            near = (station_id, *monitor.neighbours[station_id])
            doses = [Feed(item, NetworkCode.RAD, DOSE, is_hourly=True) for item in near]
            rains = [feed for item in near if (feed := gauges[item]) is not None]
            yield watch_of(self, station_id, (*doses, *rains), GammaSampler(hours, station_id, baselines))


def places_of(rule: GammaRule, network: Network) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the stations of the rule [deg]; one without coordinates has no neighbours."""
    return {
        station.id: (station.lon, station.lat)
        if station.lon is not None and station.lat is not None
        else (float("nan"), float("nan"))
        for station, _ in measured_at(rule, network)
    }


def rain_feed(station: Station) -> Feed | None:
    """The station's rain: of its radiation network or else of ``met``; None without a gauge."""
    for network in (NetworkCode.RAD, NetworkCode.MET):
        if any(RAIN in item.parameters for item in station.instruments_of(network)):
            return Feed(station.id, network, RAIN, is_hourly=True)
    return None
