"""A network that fails costs itself only; the task fails at the end and says which."""

from __future__ import annotations

import pytest

from dags.each import each


def _judged(name: str, seen: list[str]) -> dict[str, str]:
    seen.append(name)
    if name == "pm":
        msg = "no hour is over"
        raise ValueError(msg)
    return {"network": name}


def test_a_network_that_fails_does_not_keep_the_task_from_the_others() -> None:
    seen: list[str] = []
    with pytest.raises(ExceptionGroup, match="pm: ValueError: no hour is over"):
        each(lambda name: _judged(name, seen), ["voc", "pm", "gas"])
    assert seen == ["voc", "pm", "gas"]


def test_results_are_plain_and_in_order() -> None:
    assert each(lambda name: _judged(name, []), ["voc", "gas"]) == [{"network": "voc"}, {"network": "gas"}]
