"""What the commands share: settings, text, the clock, the state database, and errors that end a command with a message."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

from console.cli.shell.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qc.run.review.settings import ReviewSettings
    from schemas.words import Words
    from store.settings import SharedSettings
    from store.state import StateStore

_Result = TypeVar("_Result")


def settings() -> SharedSettings:
    """Settings from the environment."""
    from store.settings import SharedSettings, load_settings

    return load_settings(SharedSettings)


def review_settings() -> ReviewSettings:
    """Settings of the review from the environment."""
    from qc.run.review.settings import ReviewSettings
    from store.settings import load_settings

    return load_settings(ReviewSettings)


def now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def words() -> Words:
    """Words of the commands (``cli.*``) in the language of the settings."""
    from schemas.words import words as words_of

    return words_of(settings().language, "cli")


def text(key: str, **arguments: object) -> str:
    """One text of a command; where there are many lines, hand `words` down."""
    return words()(key, **arguments)


def to_json(item: object) -> str:
    """One line of JSON."""
    import msgspec

    return msgspec.json.encode(item).decode()


def stop(message: str) -> NoReturn:
    """End the command with status 2: an argument is wrong."""
    typer.echo("\n".join(map(printable, f"skyground: {message}".splitlines())), err=True)
    raise typer.Exit(2)


def or_exit(call: Callable[[], _Result], *wrong: type[Exception]) -> _Result:
    """Run one step; a conflict or a broken rule of review ends the command with status 1, a wrong argument with 2.

    Parameters
    ----------
    call : callable
    *wrong : type of Exception
        What states that an argument is wrong, besides `store.error.StoreError` and ValueError.
    """
    from store.error import ReviewError, StoreError

    answered: tuple[type[Exception], ...] = (StoreError, ValueError, *wrong)
    try:
        return call()
    except ReviewError as error:
        typer.echo(f"skyground: {error}", err=True)
        raise typer.Exit(1) from error
    except answered as error:
        stop(error_text(error))


def error_text(error: Exception) -> str:
    """What an error says, in the language of the settings where it carries a reason."""
    from schemas.reason import Reason
    from schemas.words import render

    reason = getattr(error, "reason", None)
    return (
        render(reason, words().language) if isinstance(reason, Reason) else str(error.args[0] if error.args else error)
    )


def sentence(stored: str) -> str:
    """Sentence of a stored reason in the language of the settings; other text unchanged."""
    from schemas.reason import parse_reason
    from schemas.words import render

    reason = parse_reason(stored)
    return stored if reason is None else render(reason, words().language)


@contextmanager
def explained(command: str) -> Iterator[None]:
    """Turn expected errors into one line and exit status 1."""
    from ingest.process.error import IngestError
    from sensors.datasets import DatasetError
    from store.error import StoreError

    try:
        yield
    except (IngestError, StoreError, DatasetError) as error:
        typer.echo(f"skyground {command}: {error}", err=True)
        raise typer.Exit(1) from error


@contextmanager
def opened_state(command: str, settings: SharedSettings) -> Iterator[StateStore]:
    """The state database with its schema at the newest revision; expected errors are `explained`."""
    from store.state import StateStore

    with explained(command), StateStore(settings.state_url) as state:
        state.migrate()
        yield state
