"""What the tests of cases work with: a small network, transitions, rounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from alerts.case.alert import NewTransition
from alerts.case.decide import CaseRound, decide
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind, Severity
from schemas.alert_case import AlertCase, CaseStep, StepKind
from schemas.message import NetworkCode
from schemas.network import Instrument, Network, Station

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
#: Two cities 60 km apart; a third, far one.
PLACES = {
    "sy-1": ("210100", 123.43, 41.80), "sy-2": ("210100", 123.45, 41.82), "sy-3": ("210100", 123.48, 41.78),
    "as-1": ("210300", 122.99, 41.11), "as-2": ("210300", 123.01, 41.12), "as-3": ("210300", 122.95, 41.10),
    "dl-1": ("210200", 121.60, 38.91),
}  # fmt: skip


def gas(name: str = "gas1", cadence_s: int = 60) -> Instrument:
    return Instrument(
        id=name,
        network=NetworkCode.GAS,
        cadence_s=cadence_s,
        parameters=("so2", "no2", "o3", "pm25"),
        model="m",
        serial="1",
    )


NETWORK = Network(
    zone="Asia/Shanghai",
    station_list=tuple(
        Station(id=name, city=city, lon=lon, lat=lat, instruments=(gas(),)) for name, (city, lon, lat) in PLACES.items()
    ),
)


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def begin(
    number: int,
    station_id: str = "sy-1",
    parameter: str | None = "pm25",
    *,
    hours: float = 0.0,
    rule: str = "pm25-heavy",
    severity: Severity = Severity.WARNING,
    value: float = 161.0,
    kind: RuleKind = RuleKind.THRESHOLD,
    network: str = "gas",
) -> NewTransition:
    change = AlertTransition(
        alert_key=f"{rule}/{station_id}/{parameter or network}", rule=rule, kind=kind, severity=severity,
        station_id=station_id, parameter=parameter, from_state=AlertState.OK, to_state=AlertState.FIRING,
        at=at(hours + 1), since=at(hours), value=value, threshold=150.0, unit="ug/m3",
        evidence={"extreme": value, "extreme_at": at(hours).isoformat(), "network": network},
    )  # fmt: skip
    return NewTransition(number, change)


def silent(number: int, station_id: str, hours: float = 0.0) -> NewTransition:
    return begin(number, station_id, None, hours=hours, rule="silent", kind=RuleKind.SILENCE)


def end(number: int, begun: NewTransition, hours: float, reason: EndReason = EndReason.VALUE_BACK) -> NewTransition:
    import msgspec

    change = msgspec.structs.replace(
        begun.transition, from_state=AlertState.FIRING, to_state=AlertState.OK, at=at(hours), reason=reason, value=25.0
    )
    return NewTransition(number, change)


def round_of(
    cases: Sequence[AlertCase], *fresh: NewTransition, hours: float = 1.0, network: Network = NETWORK, **more: object
) -> list[AlertCase]:
    """All cases after a round, with all their steps; one that the round did not change as it was."""
    decided = decide(CaseRound(cases=cases, fresh=fresh, network=network, now=at(hours), **more))  # type: ignore[arg-type]
    after = {item.id: item for item in cases} | {item.after.id: item.after for item in decided}
    return sorted(after.values(), key=lambda item: (item.since, item.id))


def one(cases: Sequence[AlertCase]) -> AlertCase:
    """The only case that is not part of another."""
    (found,) = [item for item in cases if item.merged_into is None]
    return found


def person(case: AlertCase, kind: StepKind, by: str = "wang", **figures: object) -> CaseStep:
    return CaseStep(
        case_id=case.id, number=case.version + 1, kind=kind, at=NOON, recorded_at=NOON, by=by, figures=figures
    )


def kinds(case: AlertCase) -> list[str]:
    return [step.kind.value for step in case.steps]
