"""``skyground doctor``."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    part: Annotated[
        str | None,
        typer.Option(
            help="only what one part needs, with its credentials: collector, gateway, watch, airflow, console 部分"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a component")] = False,
) -> None:
    """Test the requirements of each part; report failures and repairs. 逐一试用各部分所需并说明如何修复。"""
    from dataclasses import asdict

    from console.doctor import PartName, examine
    from console.local.settings import LocalSettings
    from store.settings import load_settings

    if part is not None and part not in set(PartName):
        msg = f"--part {part}: expected one of {', '.join(PartName)}"
        raise typer.BadParameter(msg)
    failed = 0
    for finding in examine(load_settings(LocalSettings), None if part is None else PartName(part)):
        failed += not finding.ok
        if as_json:
            typer.echo(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        mark = typer.style("ok  ", fg="green") if finding.ok else typer.style("FAIL", fg="red", bold=True)
        typer.echo(f"{mark}  {finding.component:<9} {finding.detail}")
        if finding.repair:
            typer.echo(f"      {'':<9} -> {finding.repair}")
    raise typer.Exit(1 if failed else 0)
