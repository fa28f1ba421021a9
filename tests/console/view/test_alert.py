from __future__ import annotations

from datetime import datetime, timedelta

from console.view.alert import AlertHistory, episodes, with_status
from console.view.alert_row import alert_row, timeline
from console.view.attribution import matching, statements
from schemas.alert import AlertState, AlertTransition, EndReason, RuleKind, Severity
from schemas.words import words
from store.state import AlertProgress, AlertStatus, Document, StoredTransition
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


def _document(start: datetime, **more: object) -> Document:
    body = {
        "station_id": "a-1",
        "parameter": "o3",
        "start": start.isoformat(),
        "end": (start + timedelta(hours=1)).isoformat(),
        "statements": [{"zh": "西南风", "en": "South-west wind", "confidence": "high"}],
        **more,
    }
    return Document(kind="attribution", key="k", version=1, body=body, created_at=NOW)


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


def test_an_ended_alert_shows_its_extreme_and_why_it_ended() -> None:
    evidence = {"extreme": 299.1, "extreme_at": (NOW + timedelta(hours=1)).isoformat()}
    ended = _stored(2, FIRING, OK, 3, value=12.0, evidence=evidence, reason=EndReason.VALUE_BACK)
    (found,) = episodes([_stored(1, OK, FIRING, 0, value=160.7), ended])
    row = alert_row(found, words("en", "page"), {"a-1": "Alpha"}, NOW)
    assert (row.what, row.station, row.value, row.unit, row.state) == (
        "Ozone over threshold",
        "Alpha",
        "299.1",
        "µg/m³",
        "ok",
    )
    assert (row.extreme_at, row.latest, row.reason) == (
        NOW + timedelta(hours=1),
        "12.0",
        "values are back within the threshold",
    )
    assert row.ended == NOW + timedelta(hours=3)


def test_an_alert_that_is_only_watched_no_longer_is_closed_and_not_ended_as_ok() -> None:
    (found,) = episodes([_stored(1, OK, FIRING, 0), _stored(2, FIRING, OK, 3, reason=EndReason.STATION_REMOVED)])
    row = alert_row(found, words("en", "page"), {}, NOW)
    assert (row.state, row.reason) == ("closed", "station removed from the network file")
    last = timeline(found, words("en", "page"))[-1]
    assert (last.title, last.kind) == ("Closed", "to-closed")


def test_an_open_alert_shows_its_extreme_so_far_with_the_value_now() -> None:
    (found,) = episodes([_stored(1, OK, FIRING, 0, value=160.7)])
    progress = AlertProgress(extreme=299.1, extreme_at=NOW, latest=25.0, latest_at=NOW + timedelta(hours=4))
    status = _status(found, 1, progress=progress)
    row = alert_row(with_status(found, status), words("en", "page"), {}, NOW)
    assert (row.value, row.latest, row.latest_at) == ("299.1", "25.0", NOW + timedelta(hours=4))


def test_a_silence_that_goes_on_shows_how_long_it_has_lasted() -> None:
    (found,) = episodes(
        [_stored(1, OK, FIRING, 0, kind=RuleKind.SILENCE, parameter=None, unit="min", value=16.0, threshold=15.0)]
    )
    row = alert_row(found, words("en", "page"), {}, NOW + timedelta(hours=5))
    assert (row.value, row.threshold, row.unit) == ("5 h", "15 min", "")


def test_an_acknowledgement_belongs_to_its_episode_only() -> None:
    first, second = episodes([_stored(1, OK, FIRING, 0), _stored(2, FIRING, OK, 1), _stored(3, OK, FIRING, 5)])
    taken_at = NOW + timedelta(hours=6)
    status = _status(first, 3, acknowledged_by="Li", acknowledged_at=taken_at, note="on my way")
    taken = with_status(first, status)
    assert [step.title for step in timeline(taken, words("en", "page"))] == ["Firing", "Acknowledged by Li"]
    assert with_status(second, status).acknowledged is None


def test_an_operation_alert_has_its_own_title_and_what_it_reports() -> None:
    evidence = {"title_zh": "任务失败", "title_en": "Task failed", "detail": "timeout after 30 s"}
    more = {"kind": RuleKind.OPERATION, "station_id": "system", "parameter": None, "value": None, "threshold": None}
    (found,) = episodes([_stored(1, OK, FIRING, 0, evidence=evidence, **more)])
    row = alert_row(found, words("zh", "page"), {}, NOW)
    assert (row.what, row.station, row.has_page, row.has_value) == ("任务失败", "系统", False, False)
    assert row.detail == "timeout after 30 s"


def test_a_silence_names_its_network_and_a_threshold_has_no_needless_digits() -> None:
    more = {
        "kind": RuleKind.SILENCE,
        "parameter": None,
        "evidence": {"network": "met"},
        "unit": "min",
        "threshold": 15.0,
    }
    (silent,) = episodes([_stored(1, OK, FIRING, 0, **more)])
    (high,) = episodes([_stored(1, OK, FIRING, 0)])
    assert alert_row(silent, words("en", "page"), {}, NOW).what == "Station silent · Meteorology"
    assert alert_row(high, words("en", "page"), {}, NOW).threshold == "200"


def test_attributions_match_by_station_parameter_and_time() -> None:
    (found,) = episodes([_stored(1, OK, FIRING, 0)])
    listed = [
        _document(NOW),
        _document(NOW - timedelta(days=3)),
        _document(NOW, station_id="b-1"),
        _document(NOW, parameter="no2"),
    ]
    assert matching(listed, found) == listed[:1]


def test_statements_come_in_the_language_of_the_page_each_once() -> None:
    found = statements([_document(NOW), _document(NOW)], "zh")
    assert [(item.text, item.confidence) for item in found] == [("西南风", "高")]
