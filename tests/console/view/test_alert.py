from __future__ import annotations

from datetime import timedelta

from console.view.alert import AlertHistory, episodes, with_status
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind, Severity
from store.state import AlertProgress, AlertStatus, StoredTransition
from tests.console.build import NOW

OK, PENDING, FIRING = AlertState.OK, AlertState.PENDING, AlertState.FIRING


def _stored(number: int, before: AlertState, after: AlertState, hour: float, **more: object) -> StoredTransition:
    at = NOW + timedelta(hours=hour)
    fields: dict[str, object] = {
        "alert_key": "o3-1h/a-1/o3",
        "rule": "o3-1h",
        "kind": RuleKind.THRESHOLD,
        "severity": Severity.WARNING,
        "station_id": "a-1",
        "parameter": "o3",
        "since": at,
        "value": 231.42,
        "threshold": 200.0,
        "unit": "ug/m3",
        **more,
    }
    return StoredTransition(number, AlertTransition(from_state=before, to_state=after, at=at, **fields), at)


def _status(episode: AlertHistory, transition_id: int, **more: object) -> AlertStatus:
    last = episode.last
    return AlertStatus(
        alert_key=episode.alert_key,
        state=FIRING,
        transition_id=transition_id,
        transition=last,
        recorded_at=NOW,
        **more,  # type: ignore[arg-type]  # fields of AlertStatus
    )


def test_transitions_in_any_order_become_episodes_open_ones_first() -> None:
    found = episodes(
        [
            _stored(4, OK, FIRING, 9),
            _stored(2, PENDING, FIRING, 1),
            _stored(1, OK, PENDING, 0),
            _stored(3, FIRING, OK, 2),
        ]
    )
    assert [(item.id, item.is_open, [step.id for step in item.steps]) for item in found] == [
        (4, True, [4]),
        (1, False, [1, 2, 3]),
    ]


def test_an_acknowledgement_belongs_to_its_episode_only() -> None:
    first, second = episodes([_stored(1, OK, FIRING, 0), _stored(2, FIRING, OK, 1), _stored(3, OK, FIRING, 5)])
    taken_at = NOW + timedelta(hours=6)
    status = _status(first, 3, acknowledged_by="Li", acknowledged_at=taken_at, note="on my way")
    taken = with_status(first, status)
    assert taken.acknowledged is not None
    assert (taken.acknowledged.who, taken.acknowledged.note) == ("Li", "on my way")
    assert with_status(second, status).acknowledged is None


def test_an_ended_alert_has_its_extreme_and_a_reason() -> None:
    evidence = {"extreme": 299.1, "extreme_at": (NOW + timedelta(hours=1)).isoformat()}
    ended = _stored(2, FIRING, OK, 3, value=12.0, evidence=evidence, reason=EndReason.VALUE_BACK)
    (found,) = episodes([_stored(1, OK, FIRING, 0, value=160.7), ended])
    assert (found.extreme(NOW), found.reason) == ((299.1, NOW + timedelta(hours=1)), EndReason.VALUE_BACK)
    assert found.latest == (12.0, NOW + timedelta(hours=3))


def test_an_open_alert_has_its_extreme_so_far_and_the_value_now() -> None:
    (found,) = episodes([_stored(1, OK, FIRING, 0, value=160.7)])
    progress = AlertProgress(extreme=299.1, extreme_at=NOW, latest=25.0, latest_at=NOW + timedelta(hours=4))
    opened = with_status(found, _status(found, 1, progress=progress))
    assert (opened.extreme(NOW), opened.latest) == ((299.1, NOW), (25.0, NOW + timedelta(hours=4)))


def test_the_extreme_of_a_silence_that_goes_on_is_its_length() -> None:
    (found,) = episodes([_stored(1, OK, FIRING, 0, kind=RuleKind.SILENCE, parameter=None, unit="min", value=16.0)])
    assert found.extreme(NOW + timedelta(hours=5)) == (300.0, None)
