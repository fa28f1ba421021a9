"""Lines of ``skyground qc score``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qc.detector.label_agreement import LabelAgreement
    from schemas.words import Words


def mean_of(scores: list[LabelAgreement]) -> dict[str, object]:
    """Means over the series with enough labels, as plain JSON."""
    from qc.detector.label_agreement import MIN_LABELS, TOLERANCE_S

    counted = [item for item in scores if item.labels >= MIN_LABELS]

    def mean(name: str) -> float | None:
        return round(sum(getattr(item, name) for item in counted) / len(counted), 4) if counted else None

    return {
        "file": None,
        "variable": "mean",
        "series": len(counted),
        "labels": sum(item.labels for item in counted),
        "precision": mean("precision"),
        "recall": mean("recall"),
        "f1": mean("f1"),
        "tolerance_s": TOLERANCE_S,
        "min_labels": MIN_LABELS,
    }


def row(*cells: str) -> str:
    """Cells in columns."""
    widths = (28, 14, 7, 9, 9, 7, 0)
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def score_text(line: dict[str, object], words: Words) -> str:
    """One line of the scores."""
    if "skipped" in line:
        return row(str(line["file"]), "-", "-", "-", "-", "-", words("labels.none"))
    if "ground" in line:
        return f"    {line['start']} .. {line['end']}  {line[words.language]}"
    figures = [f"{line[name]:.3f}" for name in ("precision", "recall", "f1")]
    few = "" if line["counted"] else f"  ({words('labels.few')})"
    stations = ", ".join(str(name) for name in line["model_stations"])  # type: ignore[attr-defined]
    return row(str(line["file"]), str(line["variable"]), str(line["labels"]), *figures, stations + few)


def mean_text(mean: dict[str, object], words: Words) -> str:
    """The last line of the scores."""
    if mean["f1"] is None:
        return words("labels.too_few", count=mean["min_labels"])
    figures = [f"{mean[name]:.3f}" for name in ("precision", "recall", "f1")]
    return row(words("labels.mean"), words("labels.series", count=mean["series"]), str(mean["labels"]), *figures, "")
