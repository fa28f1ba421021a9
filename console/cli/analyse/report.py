"""``skyground analyse report``: the report of a day, a month, a year or another span, as files and published."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.analyse.hour_option import Dataset, Files
from console.cli.shell.option import AsJson
from console.cli.shell.row import show

if TYPE_CHECKING:
    from analysis.report.city.document import CityReport, ReportFormat
    from analysis.report.city.evidence import ReportEvidence
    from analysis.report.city.period import ReportPeriod
    from analysis.run.report.city_report import PublishedReport

_LANGUAGES = ("zh", "en")


def report(  # noqa: PLR0917 - typer passes them by name
    files: Files = None,
    dataset: Dataset = None,
    city: Annotated[str | None, typer.Option("--city", help="code of a city 城市代码")] = None,
    province: Annotated[bool, typer.Option("--province", help="all cities of the network 全省")] = False,
    day: Annotated[str | None, typer.Option("--day", help="daily report, as 2026-11-28 日报")] = None,
    month: Annotated[str | None, typer.Option("--month", help="monthly report, as 2026-11 月报")] = None,
    year: Annotated[str | None, typer.Option("--year", help="annual report, as 2026 年报")] = None,
    day_from: Annotated[
        str | None, typer.Option("--day-from", help="first day of another span, with --day-to 任意时段起始日")
    ] = None,
    day_to: Annotated[str | None, typer.Option("--day-to", help="its last day, included 任意时段截止日")] = None,
    language: Annotated[list[str] | None, typer.Option(help="zh, en; may be repeated; none: both 语言")] = None,
    formats: Annotated[
        str, typer.Option("--format", help="of html, pdf, xlsx, with commas 文件格式")
    ] = "html,pdf,xlsx",
    out: Annotated[
        Path | None, typer.Option("--out", help="folder; default: report/ of SKYGROUND_RUN_DIR 目录")
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="store what is said; later changes are marked 发布并留存版本")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="compute, write nothing 只计算，不写入")] = False,
    as_json: AsJson = False,
) -> None:
    """Report a day, a month, a year or a span of a city, the province or of files. 生成城市、全省或数据文件的日报、月报、年报、时段报告。"""
    forms, languages = _formats(formats), _languages(language)
    period = _period({"day": day, "month": month, "year": year}, (day_from, day_to))
    evidence = _evidence(files, dataset, city=city, province=province, period=period)
    folder = out or shell.settings().run_dir / "report"
    for found in _reports(evidence, languages, publish=publish and not dry_run):
        paths = () if dry_run else _write(found.report, forms, folder)
        _print_report(found, [str(path) for path in paths], as_json=as_json)


def _period(texts: dict[str, str | None], ends: tuple[str | None, str | None]) -> ReportPeriod:
    from analysis.report.city.period import ReportError, parse_period, span_of
    from console.cli.shell.moment import day as read_day

    given = {name: text for name, text in texts.items() if text is not None}
    first, last = read_day(ends[0], "--day-from"), read_day(ends[1], "--day-to")
    if first is not None and last is not None and not given:
        try:
            return span_of(first, last)
        except ReportError as error:
            raise typer.BadParameter(shell.error_text(error), param_hint="--day-to") from None
    if len(given) != 1 or first or last:
        shell.stop(shell.text("report.one_period"))
    ((name, text),) = given.items()
    try:
        found = parse_period(text)
    except ReportError as error:
        raise typer.BadParameter(shell.error_text(error), param_hint=f"--{name}") from None
    if found.kind.value != name:
        msg = shell.text(f"report.expected_{name}", text=text)
        raise typer.BadParameter(msg, param_hint=f"--{name}")
    return found


def _formats(text: str) -> list[ReportFormat]:
    from analysis.report.city.document import ReportFormat

    known = [item.value for item in ReportFormat]
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            msg = shell.text("hours.expected", given=name, known=", ".join(known))
            raise typer.BadParameter(msg, param_hint="--format")
    return [ReportFormat(name) for name in dict.fromkeys(names)]


def _languages(given: list[str] | None) -> tuple[str, ...]:
    for name in given or ():
        if name not in _LANGUAGES:
            msg = shell.text("hours.expected", given=name, known=", ".join(_LANGUAGES))
            raise typer.BadParameter(msg, param_hint="--language")
    return tuple(dict.fromkeys(given or _LANGUAGES))


def _evidence(
    files: list[Path] | None, dataset: str | None, *, city: str | None, province: bool, period: ReportPeriod
) -> ReportEvidence:
    from analysis.report.city.document import PROVINCE
    from analysis.run.hour_source import LAYOUTS, hours_of_files
    from analysis.run.report.city_report import evidence_of_files, evidence_of_store
    from sensors.datasets import DatasetError

    now = datetime.now(UTC)
    if sum((bool(files), bool(city), province)) != 1:
        shell.stop(shell.text("report.one_place"))
    if not files:
        if dataset is not None:
            raise typer.BadParameter(shell.text("hours.without_file"), param_hint="--dataset")
        return shell.or_exit(lambda: evidence_of_store(shell.settings(), city or PROVINCE, period, now))
    if dataset is None or dataset not in LAYOUTS:
        msg = shell.text("hours.dataset", known=", ".join(LAYOUTS), given=dataset or "-")
        raise typer.BadParameter(msg, param_hint="--dataset")
    from console.cli.shell.progress import progress_line

    with progress_line("progress.percent", 100) as show_percent:
        return shell.or_exit(
            lambda: evidence_of_files(
                hours_of_files(files, dataset), files, period, now, lambda part: show_percent(int(100 * part))
            ),
            DatasetError,
        )


def _reports(evidence: ReportEvidence, languages: tuple[str, ...], *, publish: bool) -> list[PublishedReport]:
    from analysis.run.report.city_report import PublishedReport, publish_reports, reports_of

    made = reports_of(evidence, languages)
    if not publish:
        return [PublishedReport(report=item, version=0, is_new=False) for item in made]
    with shell.opened_state("analyse report", shell.settings()) as state:
        return list(publish_reports(state, made, shell.settings().stations))


def _write(report: CityReport, forms: list[ReportFormat], folder: Path) -> tuple[Path, ...]:
    from analysis.run.report.city_report import write_report

    try:
        return write_report(report, forms, folder)
    except OSError as error:
        shell.stop(f"{folder}: {error.strerror}")


def _print_report(found: PublishedReport, paths: list[str], *, as_json: bool) -> None:
    from analysis.run.report.city_report import figures_only

    state = {"version": found.version or None, "is_new": found.is_new, "files": paths}
    if as_json:
        typer.echo(shell.to_json(figures_only(found.report) | state))
        return
    report = found.report
    line = {
        "report": report.key,
        "state": report.state.value,
        "revised": len(report.changes),
        "valid_days": f"{report.valid_days}/{report.days}",
        "stations": report.stations,
    }
    show([line | {"version": found.version or None, "files": " ".join(paths) or None}], as_json=False)
