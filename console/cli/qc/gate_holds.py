"""``skyground qc held``: batches that the gate holds; look, release, reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli import shell
from console.cli.qc.moment import to_json
from console.cli.shell.named import refuse_unknown
from console.cli.shell.page import DEFAULT, Limit, page, tell_more

if TYPE_CHECKING:
    from store.state import HeldBatch

Batch = Annotated[int, typer.Argument(help="number of the held batch 批次编号")]
Who = Annotated[str, typer.Option("--who", help="who decides 决定人")]
Note = Annotated[str, typer.Option("--note", help="why 理由")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
_WORDS = {None: "held 扣留", "release": "released 已放行", "reject": "rejected 已否决"}


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
    found, is_cut = page(stored, limit)
    for item in found:
        typer.echo(_json(item) if as_json else _line(item))
    if is_cut:
        tell_more("qc held list", limit, as_json=as_json, filters="--network")
    if not found:
        if network is not None and not network.startswith("product/"):
            refuse_unknown(shell.settings().stations, network=network)
        if not as_json:
            typer.echo("nothing is held 无扣留批次")


def show(number: Batch, as_json: AsJson = False) -> None:
    """Show a held batch with its failed expectations. 查看扣留原因。"""
    found = [item for item in _held() if item.id == number]
    if not found:
        shell.stop(f"gate result {number} is no held batch; skyground qc held list --all shows them")
    (item,) = found
    if as_json:
        typer.echo(_json(item))
        return
    typer.echo(_line(item))
    for failure in with_texts(item.detail)["failures"]:
        typer.echo(f"  {failure['severity']}: {failure['zh']}\n      {failure['en']}")
    typer.echo(f"  suite {item.detail.get('suite_version', '')}; page {item.detail.get('page') or '-'}")
    for decision in item.decisions:
        typer.echo(f"  {decision.at:%Y-%m-%d %H:%M}Z {decision.ruling.value} {decision.who}: {decision.note}")


def release(number: Batch, who: Who, note: Note) -> None:
    """Let the hours of a batch enter products. 放行。"""
    item = _decide(number, "release", who, note)
    typer.echo(
        f"{_line(item)}\nrecompute its products 请重新生成产品: skyground analyse coanalysis --day-from {item.start:%Y-%m-%d} "
        f"--day-to {item.end:%Y-%m-%d}"
    )


def reject(number: Batch, who: Who, note: Note) -> None:
    """Keep the hours of a batch out of products for good. 判为不可用。"""
    typer.echo(_line(_decide(number, "reject", who, note)))


def _decide(number: int, ruling: str, who: str, note: str) -> HeldBatch:
    from qc.run.gate.job import decide
    from store.state import GateDecision, GateRuling

    decision = GateDecision(result_id=number, ruling=GateRuling(ruling), who=who, note=note, at=shell.now())
    return shell.or_exit(lambda: decide(shell.settings(), decision))


def _held() -> list[HeldBatch]:
    from store.state import StateStore

    with StateStore(shell.settings().state_url) as state:
        state.migrate()
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


def _json(item: HeldBatch) -> str:
    import msgspec

    plain: dict[str, Any] = msgspec.to_builtins(item)
    return to_json({**plain, "detail": with_texts(plain["detail"])})


def _line(item: HeldBatch) -> str:
    word = "superseded 已重判" if item.superseded else _WORDS[item.ruling]
    hard = [one["id"] for one in item.detail.get("failures", []) if one["severity"] == "critical"]
    return (
        f"{item.id} {item.network} {item.start:%Y-%m-%dT%H:%MZ} .. {item.end:%Y-%m-%dT%H:%MZ} {word}: {', '.join(hard)}"
    )
