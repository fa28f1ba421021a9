"""Reports of stored hours, from native readings through quality control, on a real InfluxDB and a real state database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.report.city.document import DataState
from analysis.report.city.period import ReportError, parse_period
from analysis.run.hour_source import NoHoursError
from analysis.run.report import city_report
from analysis.run.report import issue as report_issue
from analysis.run.report.city_report import PROVINCE, ReportFormat, evidence_of_store, publish_reports, reports_of
from analysis.run.report.issue import (
    ended_periods,
    places_of,
    reports_issuer,
    reports_renewer,
    reports_to_renew,
)
from dags.each import each
from qc.run import job
from schemas.interval import Interval
from schemas.reading import Reading
from store.state import Before, Revision, StateStore
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.report.city.document import CityReport
    from analysis.run.report.city_report import PublishedReport
    from store.influx.store import InfluxStore
    from store.settings import SharedSettings
    from tests.command import Done

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("unrendered")]
SIX = ("so2", "no2", "co", "o3", "pm10", "pm25")
LEVELS = np.array([8.0, 30.0, 1.6, 90.0, 60.0, 40.0])
STATIONS = {"s1": "210100", "s2": "210100", "s3": "210200"}
START = datetime(2026, 5, 31, 16, tzinfo=UTC)  # midnight in Asia/Shanghai
HOUR = timedelta(hours=1)
ISSUED = START + timedelta(days=2, hours=1)
DAY = parse_period("2026-06-02")


def _put(store: InfluxStore, station_id: str, hours: range, **change: float) -> None:
    draw = np.random.default_rng(int(station_id[1:]))
    readings = []
    for hour in range(48):
        values = dict(zip(SIX, LEVELS + draw.normal(0, 0.3, 6), strict=True))
        at = START + hour * HOUR
        if hour in hours:
            readings.append(Reading("gas", station_id, "gas1", Interval(at, at + HOUR), values | change))
    assert store.write_readings(readings).accepted == len(readings)


def _check(settings: SharedSettings) -> None:
    job.run(settings, "gas", START, START + 48 * HOUR, ISSUED + HOUR)


def _revision(station_id: str, hour: int, received: datetime, before: Before | None, readings: int = 1) -> Revision:
    first = START + hour * HOUR
    return Revision(
        network="gas", station_id=station_id, instrument_id="gas1", first=first, last=first + (readings - 1) * HOUR,
        received_at=received, origin="mqtt", readings=readings, before=before,
    )  # fmt: skip


@pytest.fixture
def stored(settings: SharedSettings, influx: InfluxStore, tmp_path: Path) -> SharedSettings:
    """Two cities with two days; of s2 the last six hours have not arrived."""
    path = tmp_path / "network.toml"
    stations = (
        station(name, instrument("gas1", "gas", 3600, *SIX), name_en=name.upper(), city=city)
        for name, city in STATIONS.items()
    )
    path.write_text(network_text(*stations), encoding="utf-8")
    own = settings.model_copy(update={"network": path})
    for name in STATIONS:
        _put(influx, name, range(42 if name == "s2" else 48))
    _check(own)
    return own


def _publish(settings: SharedSettings, code: str, now: datetime, period: str = DAY.text) -> PublishedReport:
    made = reports_of(evidence_of_store(settings, code, parse_period(period), now), ["en"])
    with StateStore(settings.state_url) as state:
        (found,) = publish_reports(state, made, settings.stations)
    return found


def _change(report: CityReport, row: str, column: str) -> tuple[object, object]:
    name = f"concentrations/concentrations/{row}/{column}"
    return next((round(item.before, 3), round(item.after, 3)) for item in report.changes if item.figure == name)  # type: ignore[arg-type]


def test_a_late_and_a_corrected_hour_revise_the_report_and_are_its_causes(
    stored: SharedSettings, influx: InfluxStore
) -> None:
    before = _publish(stored, "210100", ISSUED)
    assert (before.version, before.report.state, before.report.stations) == (1, DataState.FINAL, 2)
    received = ISSUED + HOUR
    _put(influx, "s1", range(30, 31), no2=150.0)
    _put(influx, "s2", range(42, 48))
    with StateStore(stored.state_url) as state:
        state.revisions.add(
            [
                _revision("s1", 30, received, Before(values={"no2": 30.0})),
                _revision("s2", 42, received, None, readings=6),
                _revision("s3", 30, received, Before(values={"no2": 30.0})),  # of another city
                _revision("s1", 31, received, Before(values={"nh3": 3.0})),  # not used
            ],
            [],
        )
    _check(stored)
    found = _publish(stored, "210100", ISSUED + 3 * HOUR)
    assert (found.version, found.is_revised) == (2, True)
    was, now = _change(found.report, "no2", "value")
    assert was == pytest.approx(30, abs=0.5)
    assert now == pytest.approx(32.5, abs=0.5)  # s1 gains 120 / 24, s2 is valid now too
    late, corrected = sorted(found.report.causes, key=lambda item: item.key, reverse=True)
    assert late.text("en") == (
        "Late data since 2026-06-03 01:00: 6 readings of S2 (SO2, NO2, CO and 3 more; 2026-06-02 18:00 to 2026-06-02 23:00)."
    )
    assert (corrected.figures["stations"], corrected.figures["parameters"], corrected.figures["count"]) == (
        "S1",
        "no2",
        1,
    )
    assert not _publish(stored, "210100", ISSUED + 4 * HOUR).is_new


def test_reports_whose_hours_changed_are_published_again(stored: SharedSettings, influx: InfluxStore) -> None:
    now = datetime.now(UTC)
    for code in ("210100", "210200"):
        _publish(stored, code, now)
    assert reports_to_renew(stored, now) == ()
    _put(influx, "s3", range(30, 31), no2=150.0)
    with StateStore(stored.state_url) as state:
        state.revisions.add([_revision("s3", 30, now + HOUR, Before(values={"no2": 30.0}))], [])
    _check(stored)
    ((code, period),) = reports_to_renew(stored, now)
    assert (code, period.text) == ("210200", DAY.text)
    assert reports_to_renew(stored, now + 2 * HOUR) == ()
    assert reports_renewer(stored, now + 2 * HOUR)(code, period).revised == ("210200/2026-06-02/en",)


def test_a_correction_of_the_day_before_is_a_cause_too(stored: SharedSettings, influx: InfluxStore) -> None:
    _publish(stored, PROVINCE, ISSUED)
    _put(influx, "s3", range(3, 4), so2=200.0)
    with StateStore(stored.state_url) as state:
        state.revisions.add([_revision("s3", 3, ISSUED + HOUR, Before(values={"so2": 8.0}))], [])
    _check(stored)
    found = _publish(stored, PROVINCE, ISSUED + 3 * HOUR).report
    names = {"concentrations/concentrations/so2/value_before", "concentrations/concentrations/so2/change_before"}
    assert {item.figure for item in found.changes} == names
    assert [item.key for item in found.causes] == ["report.city.cause_correction"]


def test_an_hour_that_quality_control_computed_again_is_a_cause(stored: SharedSettings, influx: InfluxStore) -> None:
    _publish(stored, "210100", ISSUED)
    _put(influx, "s1", range(30, 31), no2=150.0)
    _check(stored)
    (cause,) = _publish(stored, "210100", datetime.now(UTC)).report.causes
    assert (cause.key, cause.figures["count"]) == ("report.city.cause_recomputed", 1)


def test_a_preliminary_report_is_followed_without_a_mark(stored: SharedSettings) -> None:
    early = _publish(stored, "210100", ISSUED - 6 * HOUR)
    assert (early.report.state, early.report.read_until) == (DataState.PRELIMINARY, ISSUED - 6 * HOUR)
    final = _publish(stored, "210100", ISSUED)
    assert (final.version, final.report.state, final.report.is_revised) == (2, DataState.FINAL, False)
    assert final.report.causes == ()


def test_a_month_of_the_province_is_the_mean_of_its_cities(stored: SharedSettings) -> None:
    evidence = evidence_of_store(stored, PROVINCE, parse_period("2026-06"), ISSUED)
    cities = [evidence.members[city]["no2"].iloc[0] for city in ("210100", "210200")]
    assert evidence.days["no2"].iloc[0] == pytest.approx(np.mean(cities))
    assert evidence.days["stations"].tolist() == [3.0, 2.0]
    own, earlier = evidence.bases
    assert own.stations == earlier.stations == ("s1", "s2", "s3")
    assert (own.networks, earlier.networks) == (("gas", "met"), ("gas",))


def test_a_span_that_overlaps_those_it_is_compared_with_counts_each_hour_once(stored: SharedSettings) -> None:
    span = parse_period("2026-06-02_2027-06-02")  # June 1 and 2 are also of the days before it and of the year before
    one = evidence_of_store(stored, "210100", DAY, ISSUED)
    found = evidence_of_store(stored, "210100", span, ISSUED)
    assert found.days["no2"].tolist() == one.days["no2"].tolist()


def test_what_has_no_hours_is_refused_by_name(stored: SharedSettings) -> None:
    for code, period, error, words in (
        ("999999", "2026-06-02", NoHoursError, "city '999999': no station there"),
        ("210100", "2027", ReportError, "210100: 2027 has not begun"),
        ("210100", "2026-05-01", NoHoursError, "city 210100: no hour of the gas network"),
    ):
        with pytest.raises(error, match=words):
            evidence_of_store(stored, code, parse_period(period), ISSUED)


def test_publishing_that_ends_between_version_and_file_is_made_good_by_the_next(
    stored: SharedSettings, command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = ("run_dir", "influx_url", "influx_database", "state_url", "network")
    given = {name: getattr(stored, name) for name in names}
    words = ("analyse", "report", "--city", "210100", "--day", DAY.text, "--language", "en", "--format", "html")
    more = ("--publish", "--json", "--out", str(tmp_path / "out"))

    def die(report: CityReport, form: ReportFormat) -> bytes:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(city_report, "rendered", die)
        assert command(*words, *more, **given).returncode == 2
    assert list((tmp_path / "out").iterdir()) == []
    done = command(*words, *more, **given)
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert (printed["version"], printed["is_new"]) == (1, False)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["210100-2026-06-02-en.html"]


def test_every_place_is_issued_once_and_a_failing_one_stops_no_other(
    stored: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = places_of(stored.stations)
    assert places == ("210100", "210200", PROVINCE)
    periods = ended_periods(START + timedelta(days=1), START + timedelta(days=2), stored.stations.timezone)
    assert [item.text for item in periods] == ["2026-06-02"]
    evidence = city_report.evidence_of_store

    def fail(settings: SharedSettings, code: str, *more: object) -> object:
        if code == "210100":
            msg = "no space"
            raise OSError(msg)
        return evidence(settings, code, *more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(report_issue, "evidence_of_store", fail)
        with pytest.raises(ExceptionGroup, match="210100: OSError: no space"):
            each(reports_issuer(stored, periods, ISSUED), places)
    first, *others = each(reports_issuer(stored, [*periods, parse_period("2026-05-01")], ISSUED + HOUR), places)
    assert first["issued"] == ("210100/2026-06-02/zh", "210100/2026-06-02/en")
    assert "no hour of the gas network" in first["insufficient"]["2026-05-01"]
    assert [len(item["unchanged"]) for item in others] == [2, 2]
