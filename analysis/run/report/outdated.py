"""Published reports, products and mails whose figures rest on hours that changed since they were issued."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from analysis.report.city.document import PROVINCE
from analysis.report.city.evidence import COMPONENTS, NETWORKS, OWN_NETWORKS, SIX, WEATHER
from analysis.report.city.period import parse_period
from analysis.report.city.revision import REPORT
from analysis.report.hour_basis import HourBasis
from analysis.report.stored_case import CASE
from analysis.run.coanalysis.assessment import ALL
from analysis.run.coanalysis.chemistry import DOCUMENT as CHEMISTRY
from analysis.run.coanalysis.cocontrol import KIND as COCONTROL
from analysis.run.coanalysis.cocontrol import season_of
from analysis.run.coanalysis.joint_pollution import JOINT, RELATION
from analysis.run.coanalysis.stored_assessment import DOCUMENT as ASSESSMENT
from analysis.run.report.later_change import LaterChange, gate_changes, later_changes, read_history
from schemas.interval import Interval, civil_days, floor_hour

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analysis.report.city.period import ReportPeriod
    from schemas.network import Network
    from store.state import DocumentHead, SentAlert, StateStore

MAIL = "mail"
"""Kind of the mails of alerts."""
COPOLLUTION = "copollution"
_ALL_NETWORKS = ("gas", "met", "pm", "voc")
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
EVER = Interval(datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
"""All moments that a reading may have."""


class OutdatedPublication(msgspec.Struct, frozen=True, kw_only=True):
    """Something published, and what changed in its hours since.

    Attributes
    ----------
    kind : str
        Kind of the document (`PUBLICATIONS`), or `MAIL`.
    key : str
        Of the document; of a mail the alert.
    version : int or None
        Of the document, the newest one.
    issued_at : datetime
        UTC; of a mail when it was sent.
    checked_at : datetime or None
        UTC, when the document was made again last and said the same; later changes only are listed.
    stated : float or None
        Of a mail: the value that it stated, in ``unit``.
    changes : tuple of LaterChange
        By station and cause.
    """

    kind: str
    key: str
    version: int | None
    issued_at: datetime
    checked_at: datetime | None = None
    stated: float | None = None
    unit: str | None = None
    changes: tuple[LaterChange, ...] = ()

    @property
    def known_until(self) -> datetime:
        """UTC; changes up to here are in what it says."""
        return max(self.issued_at, self.checked_at or self.issued_at)


@dataclass(frozen=True, slots=True)
class _Rested:
    """A publication and the hours that it rests on."""

    publication: OutdatedPublication
    bases: tuple[HourBasis, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the hours of a kind of document are known: values that are read of its body, and the function of both."""

    bases_of: Callable[[DocumentHead, Network], tuple[HourBasis, ...]]
    fields: Mapping[str, tuple[str | int, ...]]


def outdated_publications(
    state: StateStore,
    network: Network,
    span: Interval = EVER,
    *,
    station_id: str | None = None,
    kinds: tuple[str, ...] = (),
) -> list[OutdatedPublication]:
    """Publications that rest on hours which changed since they were issued, the latest change first.

    Parameters
    ----------
    state : StateStore
    network : Network
        Stations of cities are those that it has now.
    span : Interval
        UTC; only changes of readings and hours that start in it.
    station_id : str or None
        Only changes at this station.
    kinds : tuple of str
        Of `PUBLICATIONS` and `MAIL`; none: all.

    Raises
    ------
    store.error.StoreError

    Notes
    -----
    A new version of a document takes it off the list, and so does making it again without a difference (``checked_at``). Forecasts and factorisations are not on it: none is changed, and the next one
    follows within the hour or the day.
    """
    chosen = kinds or (*PUBLICATIONS, MAIL)
    rested = [item for kind in chosen for item in _rested(state, network, kind)]
    if not rested:
        return []
    found: dict[int, list[LaterChange]] = defaultdict(list)
    for number, change in _changes(state, network, span, rested, station_id):
        found[number].append(change)
    outdated = [
        msgspec.structs.replace(rested[number].publication, changes=tuple(changes))
        for number, changes in found.items()
        if changes
    ]
    return sorted(outdated, key=lambda item: (max(one.at for one in item.changes), item.kind, item.key), reverse=True)


def _changes(
    state: StateStore, network: Network, span: Interval, rested: list[_Rested], station_id: str | None
) -> Iterator[tuple[int, LaterChange]]:
    """Number of a publication and a change since it: station by station, then batches of whole networks."""
    oldest = min(item.publication.known_until for item in rested)
    for station in [station_id] if station_id else network.stations:
        history = read_history(state, span, oldest, station)
        latest = history.latest
        for number, item in enumerate(rested if latest else ()):
            since = item.publication.known_until
            for basis in item.bases if latest and since < latest else ():
                if station in basis.stations:
                    own = msgspec.structs.replace(basis, stations=(station,))
                    yield from ((number, change) for change in later_changes(history, own, since, network))
    held = () if station_id else tuple(state.gate.list_held(start=span.start, end=span.end))
    for number, item in enumerate(rested if held else ()):
        for basis in item.bases:
            yield from ((number, change) for change in gate_changes(held, basis, item.publication.known_until))


def _rested(state: StateStore, network: Network, kind: str) -> Iterator[_Rested]:
    if kind == MAIL:
        yield from (item for one in state.notices.list_sent_alerts() if (item := _of_mail(one, network)) is not None)
        return
    rule = PUBLICATIONS[kind]
    for head in state.documents.heads(kind, rule.fields):
        try:
            bases = rule.bases_of(head, network)
        except (ValueError, TypeError, KeyError, msgspec.MsgspecError):
            continue  # a document of another form, by another version
        publication = OutdatedPublication(
            kind=kind, key=head.key, version=head.version, issued_at=head.created_at, checked_at=head.checked_at
        )
        yield _Rested(publication, bases)


def _of_mail(item: SentAlert, network: Network) -> _Rested | None:
    """Of an alert on values: its parameter at its station from the beginning of the condition to what was known."""
    stated = item.alert
    station = network.stations.get(stated.station_id)
    if not stated.kind.is_of_values or stated.parameter is None or station is None:
        return None
    networks = {str(one.network) for one in station.instruments if stated.parameter in one.parameters}
    basis = HourBasis(
        stations=(stated.station_id,),
        networks=tuple(sorted(networks)),
        parameters=(stated.parameter,),
        spans=(Interval(floor_hour(stated.since), (stated.until or stated.latest_at or stated.since) + _HOUR),),
    )
    publication = OutdatedPublication(
        kind=MAIL,
        key=stated.alert_key,
        version=None,
        issued_at=item.sent_at,
        stated=stated.extreme,
        unit=stated.unit,
    )
    return _Rested(publication, (basis,))


def _of_report(head: DocumentHead, network: Network) -> tuple[HourBasis, ...]:
    """Key ``place/period/language``: the period with weather, of a city with components, the one before and the year before."""
    place, text, _ = head.key.split("/")
    period = parse_period(text)
    start, end = period.bounds(network.timezone)
    own = Interval(start, min(end, head.created_at))
    weather = HourBasis(
        stations=_stations(place, network), networks=OWN_NETWORKS, parameters=(*SIX, *WEATHER), spans=(own,)
    )
    analysed = [item.id for code in COMPONENTS for item in network.stations_of(code) if item.city == place]
    return (
        weather,
        *_of_periods(place, (period.before(), period.year_before()), head, network),
        *_of_networks(tuple(dict.fromkeys(analysed)), COMPONENTS, own, network),
    )


def _of_assessment(head: DocumentHead, network: Network) -> tuple[HourBasis, ...]:
    """Key ``place/period``: the period and the year before."""
    place, text = head.key.split("/")
    period = parse_period(text)
    return _of_periods(place, (period, period.year_before()), head, network)


def _of_periods(
    place: str, periods: Iterable[ReportPeriod], head: DocumentHead, network: Network
) -> tuple[HourBasis, ...]:
    bounds = dict.fromkeys(one.bounds(network.timezone) for one in periods)
    spans = tuple(Interval(start, min(end, head.created_at)) for start, end in bounds)
    return (HourBasis(stations=_stations(place, network), networks=NETWORKS, parameters=SIX, spans=spans),)


def _of_days(head: DocumentHead, network: Network) -> tuple[HourBasis, ...]:
    """Key ``place/first/last``: gases."""
    place, first, last = head.key.split("/")
    days = _days(first, last, head, network)
    return (HourBasis(stations=_stations(place, network), networks=NETWORKS, parameters=SIX, spans=(days,)),)


def _of_chemistry(head: DocumentHead, network: Network) -> tuple[HourBasis, ...]:
    place, first, last = head.key.split("/")
    return _of_networks(_stations(place, network), ("gas", "pm", "voc"), _days(first, last, head, network), network)


def _of_season(head: DocumentHead, network: Network) -> tuple[HourBasis, ...]:
    """Key ``place/first day of the season``."""
    place, first = head.key.split("/")
    _, last = season_of(date.fromisoformat(first))
    return _of_networks(_stations(place, network), _ALL_NETWORKS, _days(first, str(last), head, network), network)


def _of_case(head: DocumentHead, _: Network) -> tuple[HourBasis, ...]:
    """The event: its stations and parameters while it lasted."""
    start, stations, parameters = (head.fields[name] for name in ("start", "stations", "parameters"))
    end = head.fields["end"] or head.fields["computed_at"]
    basis = HourBasis(
        stations=msgspec.json.decode(stations, type=tuple[str, ...]),
        networks=tuple(str(code) for code in _ALL_NETWORKS),
        parameters=msgspec.json.decode(parameters, type=tuple[str, ...]),
        spans=(Interval(datetime.fromisoformat(start), datetime.fromisoformat(end) + _HOUR),),
    )
    return (basis,)


def _of_networks(
    stations: tuple[str, ...], networks: tuple[str, ...], span: Interval, network: Network
) -> tuple[HourBasis, ...]:
    known = (one for name in stations for one in network.stations[name].instruments if one.network in networks)
    codes = tuple(dict.fromkeys(code for one in known for code in one.parameters))
    return (HourBasis(stations=stations, networks=networks, parameters=codes, spans=(span,)),)


def _stations(place: str, network: Network) -> tuple[str, ...]:
    """Ids of a station, of a city's stations, or of all."""
    if place in network.stations:
        return (place,)
    every = place in {PROVINCE, ALL}
    return tuple(item.id for item in network.stations_of("gas") if every or item.city == place)


def _days(first: str, last: str, head: DocumentHead, network: Network) -> Interval:
    """UTC bounds of civil days, both included, as far as they were over."""
    days = civil_days(date.fromisoformat(first), date.fromisoformat(last), network.timezone)
    return Interval(days.start, min(days.end, head.created_at))


PUBLICATIONS: Mapping[str, _Kind] = {
    REPORT: _Kind(_of_report, {}),
    ASSESSMENT: _Kind(_of_assessment, {}),
    COPOLLUTION: _Kind(_of_days, {}),
    CHEMISTRY: _Kind(_of_chemistry, {}),
    COCONTROL: _Kind(_of_season, {}),
    JOINT: _Kind(_of_season, {}),
    RELATION: _Kind(_of_season, {}),
    CASE: _Kind(
        _of_case,
        {
            "start": ("event", "start"),
            "end": ("event", "end"),
            "computed_at": ("computed_at",),
            "stations": ("event", "stations"),
            "parameters": ("event", "parameters"),
        },
    ),
}
"""Kinds of documents whose hours are known, with how."""
