"""The lines that ``skyground qc why`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.words import name_of, words
from schemas.words.message import number_text

if TYPE_CHECKING:
    from console.query.flag_explanation import FlagChangeGroup, FlagExplanation, FlagGroup, HourValue
    from schemas.words import Words


def explanation_lines(why: FlagExplanation, language: str) -> list[str]:
    """Lines for a person, ``zh`` or ``en``."""
    text = words(language, "cli.why")
    lines = [_hour_line(why.parameter, item, text) for item in why.hours]
    lines += [_verdict_line(item, text) for item in why.verdicts]
    if why.changes:
        lines.append(text("changes"))
        lines += [_change_line(item, text) for item in why.changes]
    return lines or [text("nothing")]


def _hour_line(code: str, item: HourValue, text: Words) -> str:
    line = text(
        "hour",
        network=item.network,
        parameter=code,
        value=text("no_value") if item.value is None else number_text(item.value, text.language),
        unit=item.unit,
        spread="" if item.std is None else f" (s {item.std:.3g})",
        count=item.count,
        flag=item.flag,
    )
    return line + (text("revision", revision=item.revision) if item.revision else "")


def _verdict_line(item: FlagGroup, text: Words) -> str:
    times = "" if item.count == 1 else f" (x{item.count}, {item.first:%H:%M}-{item.last:%H:%M} UTC)"
    reason = item.reason_zh if text.language == "zh" else item.reason
    head = text("verdict", flag=item.flag, test=name_of(item.test, text.language), reason=reason, times=times)
    if item.version is None or item.run_id is None:
        return head
    limit = " ".join(f"{name}={value}" for name, value in item.limit.items() if name not in ("source", "verified"))
    return f"{head} [{limit + '; ' if limit else ''}{item.version} {item.run_id[:8]}]"


def _change_line(item: FlagChangeGroup, text: Words) -> str:
    return text(
        "change",
        at=f"{item.recorded_at:%Y-%m-%dT%H:%M:%SZ}",
        run=item.run_id[:8],
        level=item.level,
        test=name_of(item.test, text.language),
        before=item.flag_before,
        flag=item.flag,
        count=item.count,
        reason=item.reason_zh if text.language == "zh" else item.reason,
    )
