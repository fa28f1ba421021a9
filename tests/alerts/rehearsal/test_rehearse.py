"""``skyground alerts rehearse`` over stored hours and readings."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest

from alerts.rehearsal.vary import NotVariedError, number_of, with_number
from alerts.rules.rules import parse_rules
from alerts.stream.rehearsal import Rehearsal
from analysis.run.forecast.history import issued_lines
from schemas.alert_case import Audience
from schemas.interval import Interval
from schemas.reading import Reading
from store.influx.http import Bucket
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.alerts.stream.feed import COMMON
from tests.analysis.frames import START, checked, hours
from tests.analysis.run.fill import environment, settings_in
from tests.servers import drop_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from alerts.rules.table import Rule
    from store.settings import SharedSettings
    from tests.command import Done

THRESHOLD = 'kind = "threshold"\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\nabove = 60\nclear = 50\n'
"""r0, which is in force with another limit."""
BODIES = (
    THRESHOLD,
    'kind = "silence"\ncadences = 3\nmin_minutes = 30\nall_stations = 9\n',
    'kind = "rate"\nnetwork = "gas"\nparameter = "so2"\nunit = "ug/m3"\nrise = 50\nper_min = 60\nfloor = 60\n',
    'kind = "persistence"\nnetwork = "gas"\nparameter = "so2"\nunit = "ug/m3"\nfor_h = 6\n',
    'kind = "several"\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\nabove = 60\nat_least = 2\n',
    'kind = "hour_of_day"\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\nz_above = 4\nfloor = 75\ndays = 14\nmin_days = 5\n',
    'kind = "copollutant"\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\nabove = 60\n[rule.other]\nnetwork = "gas"\nparameter = "so2"\nunit = "ug/m3"\nbelow = 30\n',
    'kind = "gamma"\ndays = 14\nmin_days = 7\n',
    'kind = "operation"\nprefix = "gate/"\n',
    'kind = "forecast"\nparameter = "pm25"\nunit = "ug/m3"\nabove = 60\nlead_h = 24\n',
    'kind = "warning"\nlevel = "yellow"\n',
    THRESHOLD.replace("clear = 50\n", "") + "baseline = { window_h = 72, min_hours = 24 }\n",
)
NETWORK = 'zone = "Asia/Shanghai"\n' + "".join(
    f"""
[[station]]
id = "st-{place}"
name_zh = "{place}"
name_en = "{place}"
city = "210100"
lon = {123.4 + 0.1 * place}
lat = 41.8
instrument = [
  {{ id = "gas1", network = "gas", cadence_s = 600, parameters = ["pm25", "so2"] }},
  {{ id = "rad1", network = "rad", cadence_s = 600, parameters = ["gamma_dose_rate", "rain"] }},
]
"""
    for place in range(3)
)
DAYS = 40
SPAN = ("--from", "2026-05-28", "--to", "2026-06-04")
SHORT = ("--from", "2026-05-30", "--to", "2026-06-02")


def _series() -> dict[str, pd.DataFrame]:
    """Hours: PM2.5 of all stations rises together, that of the first once by itself; one dose rate rises without rain."""
    rng, count = np.random.default_rng(3), DAYS * 24
    made = {}
    for place in range(3):
        pm25 = 45 + 25 * np.sin(np.arange(count) / 30) + 6 * rng.standard_normal(count)
        made[f"st-{place}"] = pd.DataFrame({"pm25": hours(pm25)})
    made["st-0"].iloc[30 * 24 : 30 * 24 + 5] = 400.0
    return made


def _doses() -> dict[str, pd.DataFrame]:
    rng, count = np.random.default_rng(4), DAYS * 24
    dose = 90 + rng.standard_normal((3, count))
    dose[0, 30 * 24 : 30 * 24 + 3] += 60.0
    return {
        f"st-{place}": pd.DataFrame({"gamma_dose_rate": hours(dose[place]), "rain": hours(np.zeros(count))})
        for place in range(3)
    }


def _readings() -> list[Reading]:
    """SO2 every 10 min: rises by 80, stays as it is for 12 h, and nothing comes for a day before the last one."""
    rng = np.random.default_rng(5)
    so2 = 10 + rng.random(10 * 144)
    so2[400:420] += 80.0
    so2[600:672] = 12.0
    starts = [START + timedelta(days=26, minutes=10 * number) for number in range(len(so2))]
    return [
        Reading("gas", "st-0", "gas1", Interval(start, start + timedelta(minutes=10)), {"so2": float(value)})
        for number, (start, value) in enumerate(zip(starts, so2, strict=True))
        if not 900 <= number < 1044
    ]


def _forecast(origin: pd.Timestamp, level: float) -> pd.DataFrame:
    """72 hours of one value."""
    index = pd.date_range(origin, periods=72, freq="h", name="start")
    numbers = dict.fromkeys(("value", "q05", "q10", "q90", "q95", "warn"), level)
    return pd.DataFrame(
        numbers | {"horizon_h": np.arange(1.0, 73.0), "out_of_range": 0.0, "with_weather": 0.0}, index=index
    ).assign(model="lightgbm", model_version="v1")


@pytest.fixture(scope="module")
def stored(
    tmp_path_factory: pytest.TempPathFactory, influx_url: str, migrated: Path
) -> Iterator[tuple[SharedSettings, Path]]:
    folder = tmp_path_factory.mktemp("rehearsal")
    (folder / "network.toml").write_text(NETWORK, encoding="utf-8")
    own = settings_in(folder, influx_url, migrated).model_copy(update={"network": folder / "network.toml"})
    store = InfluxStore(own)
    store.ensure()
    for network, frames in (("gas", _series()), ("rad", _doses())):
        for station_id, frame in frames.items():
            store.write_hourly(network, station_id, checked(frame))
    store.write_readings(_readings())
    lines: list[bytes] = []
    for day in range(26, 34):
        origin = pd.Timestamp(START) + pd.Timedelta(days=day)
        for series, level in (("st-0", 40.0 if day != 30 else 90.0), ("210100", 30.0 if day < 30 else 200.0)):
            lines += issued_lines([(series, "pm25", _forecast(origin, level))], origin)
    store.write_lines(Bucket.PRODUCT, lines)
    in_force = COMMON.format(name="r0") + THRESHOLD.replace("above = 60", "above = 80")
    (folder / "in-force.toml").write_text(in_force, encoding="utf-8")
    made = "".join(COMMON.format(name=f"r{place}") + body for place, body in enumerate(BODIES))
    (folder / "rules.toml").write_text(made, encoding="utf-8")
    yield own, folder
    store.close()
    drop_database(influx_url, own.influx_database)


@pytest.fixture
def run(stored: tuple[SharedSettings, Path], command: Callable[..., Done]) -> Callable[..., Done]:
    own, folder = stored
    more = environment(own) | {"rules": folder / "in-force.toml", "language": "en"}
    return lambda *words: command("alerts", "rehearse", *words, "--rules", str(folder / "rules.toml"), **more)


@pytest.fixture
def rehearsed(run: Callable[..., Done]) -> Callable[..., Rehearsal]:
    def found(*words: str) -> Rehearsal:
        done = run(*words, *(() if "--from" in words else SPAN), "--json")
        assert done.returncode == 0, done.stderr
        return msgspec.json.decode(done.stdout, type=Rehearsal)

    return found


def test_a_rule_of_a_file_is_compared_with_the_one_in_force(
    rehearsed: Callable[..., Rehearsal], tmp_path: Path
) -> None:
    found = rehearsed(
        "r0", "--png", str(tmp_path / "a.png"), "--together", *SHORT, "--threshold", "90", "--threshold", "45"
    )
    assert (found.stations, found.hours) == (3, 3 * 4 * 24)
    assert found.truth_figures["limit"] == 60.0
    assert (found.present.pod, found.present.events) == (1.0, found.present.detected)
    assert found.in_force is not None
    assert found.in_force.threshold == 80.0
    assert found.in_force.pod is not None
    assert found.in_force.pod < 1.0
    assert 0 < found.in_force.mails_a_week <= found.present.mails_a_week
    assert found.present.cases < found.present.alerts
    assert len(found.days) == len(found.in_force_days) == 4
    assert sum(day.mails for day in found.days) == found.present.mails[0].mails
    assert found.together_now is not None
    assert found.together_then is not None
    assert (found.together_now.mails, found.together_then.mails) == (found.in_force.mails, found.present.mails)
    assert [item.threshold for item in found.curve] == [45.0, 90.0]
    assert found.curve[0].alerts >= found.present.alerts >= found.curve[1].alerts
    assert found.present.lead_h is not None
    assert found.present.lead_h <= 0 <= (found.curve[0].lead_h or 0.0)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("rule", "alerts"), [("r2", 1), ("r3", 1), ("r7", 1)], ids=["rate", "persistence", "gamma"])
def test_each_kind_finds_what_was_made(rehearsed: Callable[..., Rehearsal], rule: str, alerts: int) -> None:
    found = rehearsed(rule, "--truth", "none")
    assert (found.present.alerts, found.present.cases) == (alerts, alerts)
    assert found.hours + found.readings > 1000
    assert found.truth is None


def test_an_unchanged_reading_is_mailed_to_operators(rehearsed: Callable[..., Rehearsal]) -> None:
    assert [item.audience for item in rehearsed("r3").present.mails] == [Audience.OPERATOR]


def test_a_silence_is_found_in_readings(rehearsed: Callable[..., Rehearsal]) -> None:
    found = rehearsed("r1")
    assert (found.links, found.present.alerts, found.present.cases) == (1, 1, 1)
    assert [item.mails for item in found.present.mails] == [2]


@pytest.mark.parametrize("rule", ["r4", "r5", "r6", "r11"], ids=["several", "hour_of_day", "copollutant", "baseline"])
def test_kinds_on_hours_are_scored(rehearsed: Callable[..., Rehearsal], rule: str) -> None:
    found = rehearsed(rule, *(("--truth", "rule:r0") if rule == "r4" else ()))
    assert found.present.events is not None
    assert found.present.scored_alerts == found.present.alerts
    assert (found.unit is None) is (rule == "r5")
    if rule == "r4":
        assert found.truth_figures == {"other": "r0"}
        assert found.present.far


def test_forecasts_as_they_were_issued_are_replayed(rehearsed: Callable[..., Rehearsal]) -> None:
    found = rehearsed("r9", "--truth", "none", *SHORT)
    assert (found.issued, found.hours, found.present.alerts) == (4, 0, 1)
    assert rehearsed("r9", *SHORT).truth_figures["limit"] == 60.0
    warned = rehearsed("r10", *SHORT)
    assert (warned.issued, warned.present.alerts, warned.present.cases) == (4, 1, 1)


def test_days_of_exceedance_and_labels_are_other_truths(
    rehearsed: Callable[..., Rehearsal], stored: tuple[SharedSettings, Path]
) -> None:
    assert rehearsed("r0", "--truth", "day").present.events is not None
    with StateStore(stored[0].state_url) as state:
        assert not state.cases.list()
    found = rehearsed("r0", "--truth", "labels")
    assert (found.present.events, found.present.scored_alerts, found.present.far) == (0, 0, None)


def test_lines_state_denominators_and_refusals_their_reason(run: Callable[..., Done]) -> None:
    lines = run("r0", *SPAN, "--threshold", "80").stdout.splitlines()
    assert "576 valid hours" in lines[0]
    assert "above 60 µg/m³" in lines[1]
    assert lines[2].startswith("now, r0 80 µg/m³: ")
    assert lines[3].startswith("then, r0 60 µg/m³: ")
    assert " of " in lines[3]
    assert "mails a week to duty staff" in lines[3]
    for words, text in (
        (("absent", *SPAN), "expected one of r0, r1"),
        (("r8", *SPAN), "cannot be rehearsed"),
        (("r0", "--from", "2020-01-01", "--to", "2020-01-02"), "no valid hour of pm25"),
        (("r2", "--from", "2020-01-01", "--to", "2020-01-02"), "no reading of so2"),
        (("r1", "--from", "2020-01-01", "--to", "2020-01-02"), "no reading"),
        (("r0", "--from", "2190-01-01", "--to", "2190-01-02"), "has not come"),
        (("r9", "--from", "2020-01-01", "--to", "2020-01-02"), "issued in the period"),
        (("r3", *SPAN, "--curve"), "no single threshold"),
        (("r3", *SPAN, "--truth", "limit"), "no official limit"),
        (("r0", *SPAN, "--threshold", "99999"), "key above"),
    ):
        done = run(*words)
        assert (done.returncode, text in done.stderr) == (2, True), (words, done.stderr)
    assert run("r0", *SPAN, "--threshold", "nan").returncode == 2
    assert run("r0", *SPAN, "--truth", "mine").returncode == 2


def _rule(body: str) -> Rule:
    (rule,) = parse_rules(COMMON.format(name="r") + body, "r").items
    return rule


def test_what_ends_an_alert_keeps_its_distance_from_the_threshold() -> None:
    moved = with_number(_rule(THRESHOLD), 90.0)
    assert (number_of(moved), moved.clear) == (90.0, 80.0)  # type: ignore[union-attr]  # a threshold rule
    with pytest.raises(NotVariedError):
        number_of(_rule(BODIES[3]))
