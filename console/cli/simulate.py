"""``skyground simulate``: a province of simulated stations, with known truth, onto the broker."""

from __future__ import annotations

import heapq
import os
import random
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from console.cli import shell
from console.cli.shell.moment import OpenFrom, OpenTo, open_span
from console.cli.shell.option import Figures, PerMessage

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from ingest.completeness.station import StationRequest
    from ingest.process.settings import Broker
    from ingest.replay.replay import ReplayPace
    from schemas.reading import Reading
    from sensors.outgoing import OutgoingMessage
    from sensors.simulator import Province
    from sensors.simulator.story import Story

REAL = "real"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


# Over 60 lines: typer reads an option from each argument.
def simulate(  # noqa: PLR0917 - typer passes them by name
    seed: Annotated[int, typer.Option(min=0, help="same seed and period, same bytes 随机种子")] = 1,
    start: OpenFrom = None,
    end: OpenTo = None,
    days: Annotated[
        float, typer.Option(help="length where --from or --to is not given; --to default: the last full hour 天数")
    ] = 1.0,
    speed: Annotated[str, typer.Option(help="real, N times faster, or max 速度")] = "max",
    per_message: PerMessage = 1,
    truth: Annotated[Path | None, typer.Option(help="JSON lines of the simulated truth 真值文件")] = None,
    network_out: Annotated[Path | None, typer.Option(help="network file for the collector 站网文件")] = None,
    registry_out: Annotated[
        Path | None, typer.Option(help="registry of the province's invented enterprises 企业名录文件")
    ] = None,
    with_dataset: Annotated[
        list[str] | None, typer.Option(help="add its stations to the network file 附加数据集")
    ] = None,
    cities: Annotated[list[str] | None, typer.Option("--city", "--cities", help="comma or repeated 城市")] = None,
    networks: Annotated[list[str] | None, typer.Option("--network", "--networks", help="voc,gas,... 站网")] = None,
    faults: Annotated[bool, typer.Option("--faults/--no-faults", help="whether instruments fail 仪器故障")] = True,
    releases: Annotated[
        float,
        typer.Option(min=0, max=1000, help="releases of known kind, place and rate that begin in a day 每日排放事件数"),
    ] = 0.0,
    story: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT",
            help="stage a demonstration around a moment: --to ends its history, --speed real goes on from there for a day 演示场景",
        ),
    ] = None,
    archive: Annotated[
        float, typer.Option(min=0, help="with --story: days of hourly values before --from 演示场景之前的小时值天数")
    ] = 0.0,
    accident: Annotated[
        str | None,
        typer.Option(
            metavar="MOMENT", help="with --story: a release reaches a station at this moment 事故到达站点的时刻"
        ),
    ] = None,
    drop: Annotated[
        float, typer.Option(min=0, max=1, help="share of messages not sent, answered on request 丢弃比例")
    ] = 0.0,
    answer: Annotated[
        float, typer.Option(min=0, help="answer requests for missing readings, so many seconds after the last 应答秒数")
    ] = 0.0,
    weather_out: Annotated[
        Path | None,
        typer.Option(help="folder for a weather forecast of the 96 h from the last 6-hourly UTC time on 气象预报目录"),
    ] = None,
    no_publish: Annotated[bool, typer.Option("--no-publish", help="write the files only 只写文件")] = False,
    as_json: Figures = False,
) -> None:
    """Publish a province of simulated stations. 发布模拟省域站网的数据。

    With --speed real, messages whose time has passed leave at once and the others when they are due. Requests for missing
    readings (cmd/v1/STATION/INSTRUMENT) are answered meanwhile, and for --answer seconds after the last message.
    """
    from console.cli.replay import finish, publish, report_sent, shutdown_on_signals
    from ingest.process.settings import Broker
    from store.settings import load_settings

    settings = load_settings(Broker)
    begin, until = _period(start, end, days, settings.zone, is_live=speed == REAL and story is None)
    staged = (
        None
        if story is None
        else _story((story, accident), (begin - timedelta(days=archive) if archive else None, until), settings.zone)
    )
    part = (_split(cities), _split(networks))
    province = _province(seed, begin, until, part, has_faults=faults, story=staged, releases=releases)
    _write_files(province, with_dataset or [], network_out, truth)
    if registry_out is not None:
        _write_registry(province, registry_out)
    if weather_out is not None:
        _write_weather(province, until, weather_out)
    bounds = {"from": province.start.isoformat(), "to": province.end.isoformat()}
    about: dict[str, object] = {"seed": seed, **bounds, "stations": len(province.stations)}
    if no_publish:
        finish(about, as_json=as_json)
        return
    since, last = (until, None) if staged and speed == REAL else (None, until)
    checks = province.check_messages(since=since, until=last)
    readings = _thinned(province.messages(per_message=per_message, since=since, until=last), seed, drop)
    messages = _planned(heapq.merge(readings, checks, key=lambda item: item.due_at))
    # not before: until here a signal ends the command at once
    stop = shutdown_on_signals()
    pace = _pace(speed, province.start, stop)
    started = time.perf_counter()
    with shell.explained("simulate"), _answering(province, settings, is_on=answer > 0 or speed == REAL):
        sent = publish(messages, settings, pace, stop=stop, client_id="simulate")
        stop.wait(answer)
    report_sent(sent, about, started, as_json=as_json)


def _write_files(province: Province, datasets: list[str], network: Path | None, truth: Path | None) -> None:
    """Write the network file and the truth where they are asked for."""
    if network is not None:
        _write_network(province, datasets, network)
    if truth is not None:
        truth.parent.mkdir(parents=True, exist_ok=True)
        truth.write_bytes(b"".join(province.truth().json_lines()))


def _planned(messages: Iterator[OutgoingMessage]) -> Iterator[OutgoingMessage]:
    """The same messages, the first of them made: what all stations do is planned before it, which takes seconds."""
    return chain(list(islice(messages, 1)), messages)


def _thinned(messages: Iterator[OutgoingMessage], seed: int, drop: float) -> Iterator[OutgoingMessage]:
    """Messages without a share that is drawn by the seed."""
    drawn = random.Random(seed)  # noqa: S311 - no secret
    return (message for message in messages if not drop or drawn.random() >= drop)


@contextmanager
def _answering(province: Province, settings: Broker, *, is_on: bool) -> Iterator[None]:
    """Answer requests from the province, which can make every reading again."""
    if not is_on:
        yield
        return
    from ingest.completeness.station import Answerer

    own = province.network()

    def network_of(station_id: str, instrument_id: str) -> str | None:
        instrument = own.instruments.get((station_id, instrument_id))
        return None if instrument is None else str(instrument.network)

    def buffer(asked: StationRequest) -> list[Reading]:
        station, instrument = own.stations[asked.station_id], own.instruments[asked.station_id, asked.instrument_id]
        cadence, now = timedelta(seconds=instrument.cadence_s), datetime.now(UTC)
        span = asked.span
        readings = province.readings(station, instrument, since=span.start, until=span.end + cadence)
        return [item for item in readings if span.start <= item.interval.start < span.end and item.interval.end <= now]

    with Answerer(settings, f"simulate-{os.getpid()}", network_of=network_of, buffer=buffer):
        yield


def _pace(speed: str, origin: datetime, stop: threading.Event) -> ReplayPace:
    from console.cli.replay import positive_or_max
    from ingest.replay.replay import ReplayPace

    if speed == REAL:
        return ReplayPace(stop, speed=1.0)
    factor = positive_or_max(speed, "--speed")
    return ReplayPace(stop, speed=factor, origin=origin) if factor else ReplayPace(stop)


def _period(start: str | None, end: str | None, days: float, zone: str, *, is_live: bool) -> tuple[datetime, datetime]:
    """Bounds of the simulation; live, it begins with the last full hour."""
    from schemas.interval import floor_hour

    length = timedelta(days=days)
    begin, until = open_span(start, end, ZoneInfo(zone))
    hour = floor_hour(datetime.now(UTC))
    if until is None:
        until = begin + length if begin else hour + is_live * length
    begin = begin or until - length
    if begin >= until:
        msg = f"the period from {begin.isoformat()} to {until.isoformat()} is empty"
        raise typer.BadParameter(msg)
    return begin, until


def _story(moments: tuple[str, str | None], span: tuple[datetime | None, datetime], zone: str) -> Story:
    """What is staged around a moment and the moment of the accident, with a day of the province behind its history, which has an archive or none."""
    from sensors.simulator.story import Story

    at, _ = open_span(moments[0], None, ZoneInfo(zone), options=("--story", "--to"))
    accident, _ = open_span(moments[1], None, ZoneInfo(zone), options=("--accident", "--to"))
    assert at is not None, "a text that is no moment ends the command"
    archive_start, until = span
    return Story(
        at=at, history_end=until, end=until + timedelta(days=1), archive_start=archive_start, accident_at=accident
    )


def _province(
    seed: int,
    begin: datetime,
    until: datetime,
    part: tuple[list[str] | None, list[str] | None],
    *,
    has_faults: bool,
    story: Story | None,
    releases: float,
) -> Province:
    from sensors.simulator import Province

    try:
        last = until if story is None else story.end
        province = Province(seed, begin, last, faults=has_faults, story=story, releases_per_day=releases)
        return province.subset(cities=part[0], networks=part[1]) if any(part) else province
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _write_network(province: Province, datasets: list[str], path: Path) -> None:
    """Write the province's stations and those of the named data sets as a network file."""
    import msgspec

    from sensors.datasets import DATASETS
    from sensors.network_file import network_toml

    unknown = sorted(set(datasets) - set(DATASETS))
    if unknown:
        msg = f"unknown data set {', '.join(unknown)}, expected of {', '.join(sorted(DATASETS))}"
        raise typer.BadParameter(msg, param_hint="--with-dataset")
    network = province.network()
    stations = [*network.station_list, *(station for name in datasets for station in DATASETS[name].stations)]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = network_toml(msgspec.structs.replace(network, station_list=tuple(stations)))
    path.write_text(text, encoding="utf-8")


def _write_registry(province: Province, path: Path) -> None:
    from sensors.simulator.park import registry_toml

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(registry_toml(province.enterprises()), encoding="utf-8")


def _write_weather(province: Province, until: datetime, folder: Path) -> None:
    """Write the run of the last 6-hourly time before the end of what is published, under its final name when it is whole."""
    from sensors.weather_forecast.writer import netcdf_bytes

    reference = until.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    reference = max(reference - timedelta(hours=reference.hour % 6), province.start)
    path = folder / f"weather_{reference:%Y%m%dT%HZ}.nc"
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(netcdf_bytes(province.weather_forecast(reference)))
    unfinished.replace(path)


def _split(items: list[str] | None) -> list[str] | None:
    parts = [part.strip() for item in items or [] for part in item.split(",") if part.strip()]
    return parts or None
