"""``skyground qc held``: batches that the gate holds; look, release, reject."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.shell.named import refuse_unknown
from console.cli.shell.option import AsJson, Who
from console.cli.shell.page import DEFAULT, Limit, print_page

if TYPE_CHECKING:
    from schemas.words import Words
    from store.state import HeldBatch

Batch = Annotated[int, typer.Argument(help="number of the held batch 批次编号")]
Note = Annotated[str, typer.Option("--note", help="why 理由")]


def build_group() -> typer.Typer:
    """Commands below ``skyground qc held``."""
    group = typer.Typer(help="Batches that the gate holds. 被扣留的数据批次。", no_args_is_help=True)
    for name, call in (("list", list_), ("show", show), ("release", release), ("reject", reject)):
        group.command(name)(call)
    return group


def list_(
    network: Annotated[str | None, typer.Option("--network", help="or product/<name>; none: all 网络")] = None,
    everything: Annotated[bool, typer.Option("--all", help="also released and superseded batches 含已处理")] = False,
    limit: Limit = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Held batches, newest first. 列出被扣留的批次。"""
    stored = [item for item in _held() if network in (None, item.network) and (everything or item.blocks)]
    line = partial(_line, words=shell.words())
    if not print_page("qc held list", stored, limit, line, as_json=as_json, plain=_plain, filters="--network"):
        if network is not None and not network.startswith("product/"):
            refuse_unknown(shell.settings().stations, network=network)
        if not as_json:
            typer.echo(shell.text("held.none"))


def show(number: Batch, as_json: AsJson = False) -> None:
    """Show a held batch with its failed expectations. 查看扣留原因。"""
    found = [item for item in _held() if item.id == number]
    if not found:
        shell.stop(f"gate result {number} is no held batch; skyground qc held list --all shows them")
    (item,) = found
    if as_json:
        typer.echo(shell.to_json(_plain(item)))
        return
    words = shell.words()
    typer.echo(_line(item, words))
    for failure in with_texts(item.detail)["failures"]:
        typer.echo(f"  {failure['severity']}: {failure[words.language]}")
    typer.echo(f"  suite {item.detail.get('suite_version', '')}; page {item.detail.get('page') or '-'}")
    for decision in item.decisions:
        typer.echo(f"  {decision.at:%Y-%m-%d %H:%M}Z {decision.ruling.value} {decision.who}: {decision.note}")


def release(number: Batch, who: Who, note: Note) -> None:
    """Let the hours of a batch enter products. 放行。"""
    item = _decide(number, "release", who, note)
    words = shell.words()
    command = f"skyground analyse coanalysis --day-from {item.start:%Y-%m-%d} --day-to {item.end:%Y-%m-%d}"
    typer.echo(f"{_line(item, words)}\n{words('held.recompute', command=command)}")


def reject(number: Batch, who: Who, note: Note) -> None:
    """Keep the hours of a batch out of products for good. 判为不可用。"""
    typer.echo(_line(_decide(number, "reject", who, note), shell.words()))


def _decide(number: int, ruling: str, who: str, note: str) -> HeldBatch:
    from qc.run.gate.job import decide
    from store.state import GateDecision, GateRuling

    decision = GateDecision(result_id=number, ruling=GateRuling(ruling), who=who, note=note, at=shell.now())
    return shell.or_exit(lambda: decide(shell.settings(), decision))


def _held() -> list[HeldBatch]:
    with shell.opened_state("qc held", shell.settings()) as state:
        return shell.or_exit(state.gate.list_held)


def with_texts(record: dict[str, Any]) -> dict[str, Any]:
    """A report of the gate as plain JSON, each of its failures with the sentence of its reason as ``en`` and ``zh``."""
    from schemas.gate import failure_reason
    from schemas.words import LANGUAGES, sentence

    failures = [
        {**one, **{language: sentence(failure_reason(one), language) for language in LANGUAGES}}
        for one in record.get("failures", ())
    ]
    return {**record, "failures": failures}


def _plain(item: HeldBatch) -> dict[str, Any]:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(item)
    return {**plain, "detail": with_texts(plain["detail"])}


def _line(item: HeldBatch, words: Words) -> str:
    word = words(f"held.{'superseded' if item.superseded else item.ruling or 'held'}")
    hard = [one["id"] for one in item.detail.get("failures", []) if one["severity"] == "critical"]
    return (
        f"{item.id} {item.network} {item.start:%Y-%m-%dT%H:%MZ} .. {item.end:%Y-%m-%dT%H:%MZ} {word}: {', '.join(hard)}"
    )
