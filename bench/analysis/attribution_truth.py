"""Case files of simulated events against their truth: kind of event, source, direction, and coverage of the intervals.

The seeds are used for nothing else; a list of failures goes to standard error.
"""

from __future__ import annotations

import json
import sys
from statistics import mean, median

from analysis.case.assembly import case_file
from bench.analysis.labelled_case import case_input, compare
from sensors.simulator.labelled import labelled_event

FIRST_SEED, EVENTS = 55_000, 120


def main() -> None:
    """Print one line of JSON; ``python -m bench.analysis.attribution_truth 2000 100`` scores other seeds."""
    first, count = (int(item) for item in sys.argv[1:3]) if len(sys.argv) > 2 else (FIRST_SEED, EVENTS)
    scores = []
    for seed in range(first, first + count):
        event = labelled_event(seed)
        found = case_file(case_input(event), seed=seed)
        score = compare(event, found)
        scores.append(score)
        if not score.is_right or False in {score.is_source_right, score.is_direction_near}:
            release = "" if event.release is None else event.release.kind.id
            sys.stderr.write(f"{seed} {event.kind} {release} {event.parameter}: {found.answer.text('en')}\n")
    plumes = [item for item in scores if item.is_source_right is not None]
    held = [part for item in plumes for part in item.held]
    tested = [item.is_direction_held for item in plumes if item.is_tested]
    deduced = [item.is_direction_held for item in plumes if item.is_tested is False]
    turned = [item.is_direction_held for item in plumes if item.is_direction_held is not None]
    widths = [part for item in plumes for part in item.widths]
    figures = {
        "name": "attribution.truth",
        "value": mean(item.is_right for item in scores),
        "unit": "1",
        "must": 0.9,
        "aim": 0.97,
        "source_first": mean(bool(item.is_source_right) for item in plumes),
        "direction_near": mean(bool(item.is_direction_near) for item in plumes),
        "directions_named": len(turned) / len(plumes),
        "directions_tested": len(tested) / len(plumes),
        "coverage": mean([*held, *turned]),
        "coverage_shares": mean(held),
        "coverage_source": mean(item.held[1] for item in plumes if item.held),
        "coverage_direction": mean(turned),
        "coverage_tested": [sum(map(bool, tested)), len(tested)],
        "coverage_wind": [sum(map(bool, deduced)), len(deduced)],
        "median_width_percent": median(widths),
        "plumes": len(plumes),
        "intervals": len(held) + len(turned),
        "workload": f"{count} labelled events, seeds {first} to {first + count - 1}, {len(plumes)} of them plumes",
    }
    print(json.dumps({name: round(item, 4) if isinstance(item, float) else item for name, item in figures.items()}))


if __name__ == "__main__":
    main()
