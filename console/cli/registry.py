"""``skyground registry``: check a registry of enterprises."""

from __future__ import annotations

from pathlib import Path

import typer

from console.cli import shell


def register(app: typer.Typer) -> None:
    """Add the sub-commands."""
    registry = typer.Typer(
        help="Registry of enterprises that case files may name. 案例档案可指出的企业名录。", no_args_is_help=True
    )
    registry.command("check", help="Check a registry file.")(check_registry)
    # without a callback, a single sub-command would become the command itself
    registry.callback()(lambda: None)
    app.add_typer(registry, name="registry")


def check_registry(
    path: Path = typer.Argument(metavar="FILE"),
    as_json: bool = typer.Option(False, "--json", help="One JSON object a line."),
) -> None:
    """Check a registry: status 2 and the place where it is wrong."""
    import msgspec

    from analysis.case.registry import EnterpriseError
    from analysis.run.receptor.registry import load_registry

    try:
        found = load_registry(path)
    except EnterpriseError as error:
        shell.stop(str(error))
    for item in found.enterprises:
        line = f"{item.id:24} {item.kind:14} {item.latitude:9.4f} {item.longitude:9.4f}  {item.name_en}"
        typer.echo(msgspec.json.encode(item).decode() if as_json else line)
    if not as_json:
        synthetic = sum(item.synthetic for item in found.enterprises)
        typer.echo(f"{path}: {len(found.enterprises)} enterprises, {synthetic} synthetic")
