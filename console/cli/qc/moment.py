"""What the sub-commands of ``skyground qc`` share: settings, JSON, and ending with words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from store.settings import SharedSettings

AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line 以 JSON 输出")]


def settings_of() -> SharedSettings:
    """Settings, read strictly."""
    from store.settings import SharedSettings, load_settings

    return load_settings(SharedSettings)


def to_json(item: object) -> str:
    """One line of JSON."""
    import msgspec

    return msgspec.json.encode(item).decode()


def stop(words: str) -> NoReturn:
    """End the command with status 2."""
    typer.echo(f"skyground qc: {words}", err=True)
    raise typer.Exit(2)
