"""``skyground token``: tokens of InfluxDB 2.x with the least rights for each part."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from console.cli import shell
from console.cli.shell.option import AsJson
from console.cli.shell.page import DEFAULT, Limit, note_limit, page

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.influx.http import InfluxHttp
    from store.influx.token import Token

_Result = TypeVar("_Result")
_PARTS = "collector, airflow, watch or console"


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Tokens of InfluxDB 2.x with the least rights for each part. 各部分最小权限的InfluxDB令牌。",
    )
    group.command("create")(create)
    group.command("list")(show)
    group.command("revoke")(revoke)
    app.add_typer(group, name="token")


def create(
    part: Annotated[str, typer.Argument(help=f"{_PARTS} 部分")],
    file: Annotated[Path, typer.Option("--file", help="new file for the secret, mode 0600 令牌写入的新文件")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show the rights, make nothing 只显示权限")] = False,
) -> None:
    """Make a token for one part and write it to a new file; its secret is never printed. 为某部分创建令牌并写入文件。"""
    from store.influx.token import READS, WRITES, TokenOwner, create_token

    if part not in set(TokenOwner):
        msg = f"{part!r}: expected {_PARTS}"
        raise typer.BadParameter(msg)
    chosen = TokenOwner(part)
    rights = f"read {', '.join(sorted(READS[chosen]))}; write {', '.join(sorted(WRITES[chosen])) or 'nothing'}"
    if dry_run:
        typer.echo(f"would make a token for {part}: {rights}")
        return
    descriptor = _new_file(file)
    try:
        made = _or_exit(lambda http: create_token(http, chosen))
        os.write(descriptor, made.secret.encode())
    except BaseException:
        file.unlink()
        raise
    finally:
        os.close(descriptor)
    typer.echo(f"token {made.id} for {part} written to {file}: {rights}")


def show(limit: Limit = DEFAULT, as_json: AsJson = False) -> None:
    """List the tokens of this project, without their secrets. 列出本项目的令牌（不含密钥）。"""
    from store.influx.token import list_tokens

    found, is_cut = page(sorted(_or_exit(list_tokens), key=lambda item: item.id, reverse=True), limit)
    for item in found:
        state = "active" if item.is_active else "inactive"
        row = {"id": item.id, "part": item.part, "state": state}
        typer.echo(json.dumps(row) if as_json else f"{item.id}  {item.part:<9}  {state}")
    if is_cut:
        note_limit("token list", limit, as_json=as_json, filters="")


def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="of `skyground token list`")],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask 不再询问")] = False,
) -> None:
    """Delete one token; parts that use it are refused from then on. 删除令牌，使用它的部分将被拒绝。"""
    from store.influx.token import revoke_token

    if not yes:
        typer.confirm(shell.text("token.delete", id=token_id), abort=True)
    gone: Token = _or_exit(lambda http: revoke_token(http, token_id))
    typer.echo(f"token {gone.id} for {gone.part} deleted")


def _new_file(path: Path) -> int:
    """Open a file that did not exist, for its owner only: a token in use must not be lost."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        shell.stop(f"{path} exists; name a new file, so that a token in use is not lost")
    except OSError as error:
        shell.stop(f"{path} cannot be written: {error.strerror}")


def _or_exit(call: Callable[[InfluxHttp], _Result]) -> _Result:
    from store.influx.http import InfluxHttp

    with shell.explained("token"), closing(InfluxHttp(shell.settings())) as http:
        return call(http)
