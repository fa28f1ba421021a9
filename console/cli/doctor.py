"""``skyground doctor``."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="one JSON object a component")] = False) -> None:
    """Check every component and say in words what is wrong. 逐一检查各部分并说明如何修复。"""
    from dataclasses import asdict

    from console.doctor import examine
    from console.local.settings import LocalSettings
    from store.settings import load_settings

    ill = 0
    for finding in examine(load_settings(LocalSettings)):
        ill += not finding.well
        if as_json:
            typer.echo(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        mark = typer.style("well", fg="green") if finding.well else typer.style("ILL ", fg="red", bold=True)
        typer.echo(f"{mark}  {finding.component:<9} {finding.detail}")
        if finding.repair:
            typer.echo(f"      {'':<9} -> {finding.repair}")
    raise typer.Exit(1 if ill else 0)
