"""``skyground qc verdict``: fault or event, with the evidence and a probability."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import moment
from console.cli.shell.option import AsJson, Station

if TYPE_CHECKING:
    from qc.verdict.verdict import Verdict


def register(group: typer.Typer) -> None:
    """Add the command to ``skyground qc``."""
    group.command("verdict")(verdict)


def verdict(  # noqa: PLR0917 - one for each option
    station: Station,
    parameter: Annotated[str, typer.Option("--parameter", help="code, as pm25 参数")],
    at: Annotated[str, typer.Option("--at", help="first moment of the case 起始时刻")],
    hours: Annotated[float, typer.Option("--hours", min=0.02, max=744, help="length of the case [h] 时长")] = 1.0,
    network: Annotated[
        str | None, typer.Option("--network", help="where several measure it; default the first 监测网")
    ] = None,
    instrument: Annotated[
        str | None, typer.Option("--instrument", help="default the one with most readings 仪器")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide between instrument fault and real event, with the evidence. 判断是仪器故障还是真实事件，并说明依据。"""
    from qc.limits.load import ThresholdError
    from qc.run.verdict import CaseError, rule_of, verdict_of
    from schemas.interval import Interval
    from store.error import StoreError
    from store.influx.store import InfluxStore

    settings = shell.settings()
    start = moment(at, settings.stations.timezone, "--at")
    store = InfluxStore(settings)
    try:
        found = verdict_of(
            store,
            settings.stations,
            rule_of(settings.network),
            station_id=station,
            parameter=parameter,
            interval=Interval(start, start + timedelta(hours=hours)),
            network_code=network,
            instrument_id=instrument,
        )
    except (CaseError, ThresholdError, StoreError) as error:
        shell.stop(str(error))
    finally:
        store.close()
    typer.echo(shell.to_json(_plain(found)) if as_json else _text(found, settings.language.value))


def _plain(found: Verdict) -> dict[str, object]:
    """The verdict for JSON, each piece of evidence with key, figures and sentence of its reason."""
    import msgspec

    from schemas.words import LANGUAGES, render

    evidence = [
        {
            "name": item.name,
            "weight": item.weight,
            **{language: render(item.reason, language) for language in LANGUAGES},
            "key": item.reason.key,
            "figures": item.reason.figures,
        }
        for item in found.evidence
    ]
    return {**msgspec.structs.asdict(found), "evidence": evidence}


def _text(found: Verdict, language: str) -> str:
    from schemas.words import render, words

    text, name_of = words(language, "cli.verdict"), words(language, "verdict")
    lines = [found.summary(language)]
    lines += [
        text(
            "line",
            weight=f"{item.weight:+.1f}",
            name=name_of(f"{item.name}.name"),
            reason=render(item.reason, language),
        )
        for item in found.evidence
    ]
    unknown = ", ".join(name_of(f"{name}.name") for name in found.silent) or "-"
    lines.append(text("total", total=f"{found.log_odds:+.1f}", prior=f"{found.prior:+.1f}", unknown=unknown))
    return "\n".join(lines)
