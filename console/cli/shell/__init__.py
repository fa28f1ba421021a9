"""What the commands share: settings, the clock, and errors that end a command with a message."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from qc.run.review.settings import ReviewSettings

_Result = TypeVar("_Result")


def settings() -> ReviewSettings:
    """Settings from the environment."""
    from qc.run.review.settings import ReviewSettings
    from store.settings import load_settings

    return load_settings(ReviewSettings)


def now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def stop(words: str) -> NoReturn:
    """End the command: the question was wrong."""
    typer.echo(f"skyground: {words}", err=True)
    raise typer.Exit(2)


def or_exit(call: Callable[[], _Result]) -> _Result:
    """Run one step; a conflict or a broken rule of review ends the command with status 1, a wrong question with 2."""
    from store.error import ReviewError, StoreError

    try:
        return call()
    except ReviewError as error:
        typer.echo(f"skyground: {error}", err=True)
        raise typer.Exit(1) from error
    except (StoreError, ValueError) as error:
        stop(str(error))
