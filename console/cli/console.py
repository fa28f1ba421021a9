"""``skyground console``: the web console and its HTTP API."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("console")(console)


def console(
    url: Annotated[
        str | None, typer.Option(help="http://host:port to listen at; default: SKYGROUND_CONSOLE_URL")
    ] = None,
) -> None:
    """Serve the web console and the HTTP API. 启动网页控制台与 HTTP API。"""
    from console.web.app import serve
    from store.error import StoreError
    from store.settings import SharedSettings, load_settings

    settings = load_settings(SharedSettings)
    if url is not None:
        settings = settings.model_copy(update={"console_url": url.rstrip("/")})
    typer.echo(f"skyground console at {settings.console_url}")
    try:
        serve(settings)
    except StoreError as error:
        typer.echo(f"skyground: {error}", err=True)
        raise typer.Exit(2) from error
