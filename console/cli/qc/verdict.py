"""``skyground qc verdict``: fault or event, with the evidence in words and a probability."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.qc.moment import AsJson, settings_of, stop, to_json
from console.cli.shell.moment import moment

if TYPE_CHECKING:
    from qc.verdict.verdict import Verdict


def register(group: typer.Typer) -> None:
    """Add the command to ``skyground qc``."""
    group.command("verdict")(verdict)


def verdict(  # noqa: PLR0917 - one for each option
    station: Annotated[str, typer.Option("--station", help="station id 站点")],
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
    """Say whether what a station shows is a fault or an event, and why. 判断是仪器故障还是真实事件，并说明依据。"""
    from qc.limits.load import ThresholdError
    from qc.run.verdict import CaseError, rule_of, verdict_of
    from schemas.interval import Interval
    from store.error import StoreError
    from store.influx.store import InfluxStore

    settings = settings_of()
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
        stop(str(error))
    finally:
        store.close()
    typer.echo(to_json(found) if as_json else _text(found, settings.language.value))


def _text(found: Verdict, language: str) -> str:
    from qc.verdict.wording import SENTENCES

    pick = int(language == "zh")
    lines = [found.summary(language)]
    lines += [
        f"  {item.weight:+.1f} {SENTENCES[item.name][0][pick]}: {item.zh if pick else item.en}"
        for item in found.evidence
    ]
    names = [SENTENCES[name][0][pick] for name in found.silent]
    unknown = ("nothing known of", "未知")[pick]
    total = ("log-odds of an event", "事件的对数几率")[pick]
    lines.append(f"  {total} {found.log_odds:+.1f} ({found.prior:+.1f}); {unknown}: {', '.join(names) or '-'}")
    return "\n".join(lines)
