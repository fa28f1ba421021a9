"""The demo, step by step: start every part, publish, drain, run the schedules, wait for the mails, count."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from console.demo import schedule
from console.demo.alert_check import (
    AlertEvidence,
    DutyPeople,
    alert_faults,
    check_alerts,
    kinds_of,
    table_of_alerts,
)
from console.demo.case_check import check_cases, faults_of, not_asked, table_of
from console.demo.command import BackgroundCommand, skyground, skyground_rows
from console.demo.page_check import check_pages
from console.demo.place import PEOPLE, REGISTRY, WEATHER
from console.demo.report import DemoReport, count_mentions, mails_in, read_mails
from console.demo.story import StoryEvidence, check_story, load_truth, review_commands
from console.local.process import wait_until
from schemas.alert_case import CaseState
from schemas.interval import floor_hour
from schemas.network.file import load_network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from analysis.report.stored_case import StoredCase
    from console.demo.alert_check import StagedCheck
    from console.demo.case_check import CaseCheck
    from console.local.settings import LocalSettings
    from console.local.supervisor import Supervisor

#: The real data set ends with the day of its PM2.5 episode of 11 and 12 March 2021 (Taiwan time): moved by whole days and cut at the
#: present hour, the episode is news at every hour of the day.
SUPERSITE_UNTIL = "2021-03-13T00:00:00+08:00"
SUPERSITE_DAYS = 40
SIMULATED_DAYS = 3
ARCHIVE_DAYS = 25
"""Days of hourly values before: what a case file needs to know of the usual levels and of the wind's directions."""
SEED = 42
STAGED_AFTER = timedelta(minutes=2)
"""From the start of the demo to the moment its story is staged around: by then the stations publish in real time."""
ACCIDENT_AFTER = timedelta(seconds=110)
"""From the begin of publishing in real time to the accident, at least: by then the watch has caught up, on a machine with little else to do."""
CATCH_UP = timedelta(seconds=10)
"""From its start the watch takes so long for what the collector has received before, on such a machine."""
LONGEST_S = 600.0
"""A schedule that takes longer than it does on a busy machine has failed [s]."""
REAL_STATIONS = {"tw-supersite", "tw-supersite-thermal"}
BEFORE_AIRFLOW = ("mail", "broker", "influxdb", "collector", "console")


@dataclass(slots=True)
class Demo:
    """State of one demo run.

    Parameters
    ----------
    settings : LocalSettings
    supervisor : Supervisor
    say : callable
        Takes one line for a person.
    """

    settings: LocalSettings
    supervisor: Supervisor
    say: Callable[[str], None]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)
    messages: int = 0
    live: BackgroundCommand | None = None
    watched_since: datetime | None = None
    reports: list[str] = field(default_factory=list)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.settings.run_dir / "log" / "demo.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def load(self) -> None:
        """All steps up to the mails; raises what went wrong, with the words of the part that failed."""
        self.start_parts()
        self.publish()
        self.drain()
        self.run_schedules()
        self.propose_reviews()
        self.publish_reports()
        self.wait_for_mails()

    def start_parts(self) -> None:
        """Network file, servers, state, then the parts of skyground; Airflow starts in parallel."""
        self._command(
            *self._simulate(),
            "--network-out",
            str(self.settings.network),
            "--registry-out",
            str(self.settings.run_dir / REGISTRY),
            "--weather-out",
            str(self.settings.run_dir / WEATHER),
            "--with-dataset",
            "supersite",
            "--no-publish",
        )
        self.supervisor.ensure()
        self.supervisor.launch("airflow")
        for name in BEFORE_AIRFLOW:
            if name == "collector":
                self._command("migrate")
            seconds = self.supervisor.start(name)
            self.say(f"{name} up in {seconds:.1f} s")

    def publish(self) -> None:
        """The real data set, moved to end now, then the simulated province."""
        real = self._command("replay", "supersite", "--shift", "--until", SUPERSITE_UNTIL, "--json")
        self.say(f"supersite: {real['acknowledged']} messages of the Taiwan supersite (real data, moved to end now)")
        simulated = self._command(*self._simulate(), "--speed", "max", "--json")
        self.say(f"province: {simulated['acknowledged']} messages of {simulated['stations']} simulated stations")
        self.messages = int(real["acknowledged"]) + int(simulated["acknowledged"])
        # From here on the stations publish in real time, as they would; otherwise all of them would soon be silent.
        accident = (datetime.now(UTC) + ACCIDENT_AFTER).replace(second=0, microsecond=0) + timedelta(minutes=1)
        staged = ("--accident", accident.isoformat(), "--truth", str(self.truth))
        self.live = BackgroundCommand(
            *self._simulate(), *staged, "--speed", "real", "--json", log=self.settings.run_dir / "log" / "live.log"
        )

    def _simulate(self) -> tuple[str, ...]:
        """The staged province: the same arguments each time, so that history and what goes on are one."""
        hour = floor_hour(self.now)
        span = ("--from", (hour - timedelta(days=SIMULATED_DAYS)).isoformat(), "--to", hour.isoformat())
        staged = (self.now + STAGED_AFTER).replace(second=0, microsecond=0).isoformat()
        return ("simulate", "--seed", str(SEED), *span, "--archive", str(ARCHIVE_DAYS), "--story", staged)

    def propose_reviews(self) -> None:
        """First level of review; the second level is left to the user of the demo."""
        commands = review_commands(load_truth(self.truth), self.settings.stations)
        for command in commands:
            self._command(*command)
        self.say(f"{len(commands)} reviews proposed, waiting for their confirmation")

    def drain(self) -> None:
        """Wait until the collector has stored or quarantined all of it."""

        def settled() -> bool:
            summary = self._command("balance", "--received", "--json")
            return not summary["waiting"] and summary["kept"] >= self.messages

        seconds = wait_until(settled, what="the collector's cursor at the end of the raw log", timeout_s=180)
        self.say(f"collector drained, {seconds:.0f} s after the last message")

    def run_schedules(self) -> None:
        """Airflow over the whole history."""
        seconds = self.supervisor.start("airflow")
        self.say(f"airflow up, waited {seconds:.0f} s more")
        client = schedule.connect(self.settings.airflow_url)
        end = floor_hour(self.now) + timedelta(hours=1)
        schedule.run_history(
            client,
            start=end - timedelta(days=SUPERSITE_DAYS),
            end=end,
            say=self.say,
            timeout_s=LONGEST_S,
            after_checks=self._watch,
        )

    def _watch(self) -> None:
        """Only now: while history is loading every station would look silent, and without hours an episode of the region looks like many events."""
        seconds = self.supervisor.start("watch")
        self.watched_since = datetime.now(UTC) + CATCH_UP
        self.say(f"watch up in {seconds:.1f} s")

    def publish_reports(self) -> None:
        """Reports of the province and of one city over the whole days of the demo, while the mails are on their way."""
        from analysis.report.city.period import span_of
        from analysis.run.report.issue import places_of, reports_issuer

        began, network, now = time.monotonic(), self.settings.stations, datetime.now(UTC)
        today = self.now.astimezone(network.timezone).date()
        # the first day has begun before the history
        days = span_of(today - timedelta(days=SIMULATED_DAYS + ARCHIVE_DAYS - 1), today - timedelta(days=1))
        city, *_, province = places_of(network)
        issue = reports_issuer(self.settings, [days], now)
        self.reports = [key for place in (province, city) for key in issue(place).issued]
        self.say(
            f"{len(self.reports)} reports published in {time.monotonic() - began:.1f} s: {', '.join(self.reports)}"
        )

    def wait_for_mails(self) -> None:
        """Wait up to a minute for a mail about the real data, for every part of the story and for the mail about the accident."""
        real = self._named(REAL_STATIONS)

        def all_there() -> bool:
            is_notified = bool(count_mentions(mails_in(self.maildir), real)) and not any(self._story().values())
            return is_notified and not alert_faults(self._alerts()[0])

        try:
            wait_until(all_there, what="alert mails and the story", timeout_s=60)
        except RuntimeError as error:
            self.say(str(error))

    def _story(self) -> dict[str, str]:
        from store.influx.store import InfluxStore
        from store.state import StateStore

        store = InfluxStore(self.settings)
        with StateStore(self.settings.state_url) as state:
            found = check_story(
                StoryEvidence(
                    truth=load_truth(self.truth),
                    health=skyground_rows("health", "--json", log=self.log),
                    held=skyground_rows("qc", "held", "list", "--json", log=self.log),
                    mails=mails_in(self.maildir),
                    now=datetime.now(UTC),
                    settings=self.settings,
                    state=state,
                    store=store,
                )
            )
        store.close()
        return found

    def _alerts(self) -> tuple[list[StagedCheck], dict[str, int]]:
        """Staged events against their cases and mails, and the number of cases of each kind."""
        from alerts.people.file import load_people
        from store.state import StateStore

        people = load_people(self.settings.run_dir / PEOPLE)
        with StateStore(self.settings.state_url) as state:
            cases = [item for item in state.cases.list() if item.state is not CaseState.MERGED]
        evidence = AlertEvidence(
            truth=load_truth(self.truth),
            cases=cases,
            mails=read_mails(self.maildir),
            people=DutyPeople(
                **{
                    team: frozenset(people.person[name].mail for name in people.team[team].members)
                    for team in ("duty", "operator")
                }
            ),
            now=datetime.now(UTC),
            watched_since=self.watched_since,
        )
        return check_alerts(evidence), kinds_of(cases)

    def report(self) -> DemoReport:
        """Stop the live stations, settle, and count what came of it all."""
        seconds = round(time.monotonic() - self.began, 1)
        story = self._story()
        alerts, kinds = self._alerts()
        for line in (
            *table_of_alerts(alerts),
            f"cases: {', '.join(f'{count} {name}' for name, count in kinds.items())}",
        ):
            self.say(line)
        self.say(
            f"{len(read_mails(self.maildir))} mails in {self.maildir}, one file each; read them with any mail program"
        )
        cases = self._cases()
        pages = check_pages(self.settings.console_url)
        self.say(f"pages of the console: {'; '.join(pages) or 'all answer'}")
        self.end_live()
        self.drain()
        counted = self._count(mails_in(self.maildir), seconds, story)
        right = sum(item.is_right for item in cases if item.has_case)
        return replace(
            counted,
            cases=sum(item.has_case for item in cases),
            cases_right=right,
            cases_wrong=tuple(faults_of(cases)),
            pages_wrong=tuple(pages),
            reports=len(self.reports),
            alert_cases=kinds,
            mail_after_s=next((item.seconds for item in alerts if item.seconds is not None), None),
            alerts_wrong=tuple(alert_faults(alerts)),
        )

    def _cases(self) -> list[CaseCheck]:
        """Case files of the staged events against the truth, with a table for the reader."""
        from analysis.run.case import case_at

        def ask(station_id: str, at: datetime, parameter: str | None) -> StoredCase:
            return case_at(self.settings, station_id, at, datetime.now(UTC), parameter=parameter)

        since = floor_hour(self.now) - timedelta(days=SIMULATED_DAYS + ARCHIVE_DAYS)
        language = str(self.settings.language)
        truth, now = load_truth(self.truth), datetime.now(UTC)
        found = check_cases(truth, self.settings.stations, ask, since=since, now=now, language=language)
        for line in table_of(found):
            self.say(line)
        others = ", ".join(f"{count} {cause}" for cause, count in not_asked(truth).items())
        self.say(f"no case file asked of faults without values of their own: {others or 'none'}")
        return found

    def end_live(self) -> None:
        """Stop the stations that publish in real time and count what they sent."""
        if self.live is not None:
            self.messages += int(self.live.end().get("acknowledged", 0))
            self.live = None

    @property
    def maildir(self) -> Path:
        """Where the local mail sink writes."""
        return self.settings.maildir or self.settings.run_dir / "maildir"

    @property
    def truth(self) -> Path:
        """The simulator's truth log."""
        return self.settings.run_dir / "truth.jsonl"

    def _count(self, texts: list[str], seconds: float, story: dict[str, str]) -> DemoReport:
        from store.state import StateStore

        with StateStore(self.settings.state_url) as state:
            runs, alerts = [run for run in state.runs.list() if run.kind == "qc"], len(state.alerts.list())
        balance = self._command("balance", "--audit", "--sent", str(self.messages), "--json")
        return DemoReport(
            messages=self.messages,
            readings=int(balance["readings"]),
            values_stored=int(balance["values_found"]),
            quarantined=sum(balance["quarantined"].values()),
            lost=int(balance["lost"]),
            hours=sum(int(run.counts.get("hours", 0)) for run in runs),
            flags=sum(_flags(run.counts) for run in runs),
            alerts=alerts,
            mails=len(texts),
            seconds=seconds,
            mails_real=count_mentions(texts, self._named(REAL_STATIONS)),
            mails_plume=count_mentions(texts, self._named(self._plume_stations())),
            story=story,
        )

    def _named(self, station_ids: set[str]) -> set[str]:
        """Ids and names of stations: a mail about several lists them by name."""
        known = load_network(self.settings.network).stations
        found = [known[name] for name in station_ids if name in known]
        names = {name for item in found for name in (item.name_zh, item.name_en) if name}
        return station_ids | names

    def _plume_stations(self) -> set[str]:
        """Stations that the simulator's truth puts under its plume."""
        known = load_network(self.settings.network).stations
        return {item["station_id"] for item in load_truth(self.truth) if item.get("kind") == "plume"} & set(known)

    def _command(self, *arguments: str) -> dict[str, Any]:
        return skyground(*arguments, log=self.log)


def _flags(counts: dict[str, Any]) -> int:
    """Flags that a quality-control run gave: native and hourly, all tests."""
    return sum(sum(counts.get(name, {}).values()) for name in ("native_flags", "hourly_flags"))
