"""One round, of whatever starts it: hand out what waits, evaluate, hand out what that raised.

The order has one home, which the watch, the scheduled jobs and the command line share.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from alerts.channels.outage import MailState
from alerts.people.file import people_of
from alerts.run.case_assignment import assign
from alerts.run.case_clock import let_time_pass
from alerts.run.delivery import deliver, read_mail_state
from alerts.run.evaluation import WINDOW, EvaluationError, evaluate
from alerts.run.first_case import make_first_cases
from ingest.process.guard import describe, say
from store.error import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.people.people import People
    from alerts.rules.table import AlertRules
    from alerts.run.case import CaseEvidence
    from alerts.settings import AlertSettings

_log = structlog.get_logger(__name__)


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one round did.

    Attributes
    ----------
    cases : int
        First case files of alerts that began, and steps that time brought.
    error : str or None
        All errors in one line; None where nothing went wrong.
    errors : dict of str to str
        By step that failed.
    is_partial : bool
        Only parts of the evaluation failed: single rules or stations.
    mail : MailState or None
        State of mail delivery; None where it could not be read.
    """

    at: datetime
    transitions: int = 0
    cases: int = 0
    mails: int = 0
    seconds: float = 0.0
    error: str | None = None
    errors: dict[str, str] = msgspec.field(default_factory=dict)
    is_partial: bool = False
    mail: MailState | None = None


class RoundInput(NamedTuple):
    """What a round works with besides settings and time.

    Attributes
    ----------
    rules : AlertRules or None
        None: those of the file.
    people : People or None
        None: those of the file.
    evidence : CaseEvidence or None
        Kept between rounds; None: read for this one.
    is_settled : bool
        Whether the stored alerts are those of the present; False just after a start, when no one is reminded of what may be over.
    """

    rules: AlertRules | None = None
    people: People | None = None
    evidence: CaseEvidence | None = None
    is_settled: bool = True


NOTHING_KEPT = RoundInput()


class RoundSteps:
    """Steps of a round, independent of each other: stored alerts are delivered also while readings cannot be read.

    Attributes
    ----------
    counts : dict of str to int
        What was done, by field of `Round`.
    errors : dict of str to str
        By step.
    first_error : Exception or None
        What was raised first.
    """

    def __init__(self) -> None:
        self.counts = {"transitions": 0, "cases": 0, "mails": 0}
        self.errors: dict[str, str] = {}
        self.is_partial = False
        self.first_error: Exception | None = None

    def do(self, name: str, step: str, work: Callable[[], int]) -> int:
        """Do a step and count what it did; an error is kept under the step's name."""
        count = 0
        try:
            count = work()
        except EvaluationError as error:  # the rest was evaluated; each part that raised is in the log
            count, self.is_partial = error.stored, True
            self._keep(step, str(error), error)
        except StoreError as error:
            self._keep(step, f"{type(error).__name__}: {error}", error)
            _log.warning("watch_step_failed", step=step, detail=self.errors[step])
        except Exception as error:  # noqa: BLE001 - one input that a step trips over must not end the alerts; logged and alarmed
            self._keep(step, describe(error), error)
            say("watch_step_failed", error, step=step)
        self.counts[name] += count
        return count

    def _keep(self, step: str, text: str, error: Exception) -> None:
        self.errors[step] = text
        self.first_error = self.first_error or error


def do_round(
    settings: AlertSettings, now: datetime, given: RoundInput, evaluation: Callable[[], int] | None
) -> RoundSteps:
    """The steps of a round in their order.

    What is stored goes out first; then the rules are evaluated, and what that raised goes out as well.

    Parameters
    ----------
    settings : AlertSettings
    now : datetime
        Aware.
    given : RoundInput
    evaluation : callable or None
        Evaluates and returns the number of new transitions; None: nothing is evaluated.
    """
    steps = RoundSteps()
    _hand_out(steps, settings, now, given)
    if evaluation is not None and steps.do("transitions", "evaluate", evaluation):
        _hand_out(steps, settings, now, given)
    return steps


def _hand_out(steps: RoundSteps, settings: AlertSettings, now: datetime, given: RoundInput) -> None:
    """Stored transitions become steps of cases, time adds its own, and what is due is delivered."""
    known: list[People] = [] if given.people is None else [given.people]

    def people() -> People:
        if not known:
            known.append(people_of(settings))
        return known[0]

    steps.do("cases", "cases", lambda: assign(settings, now, people=people(), evidence=given.evidence) and 0)
    steps.do("cases", "cases", lambda: make_first_cases(settings, now))
    if given.is_settled:
        steps.do("cases", "clock", lambda: let_time_pass(settings, now, people()))
    steps.do("mails", "deliver", lambda: deliver(settings, now, given.rules, people()))


def run_round(settings: AlertSettings, now: datetime, given: RoundInput, evaluation: Callable[[], int] | None) -> Round:
    """`do_round` whose errors are part of the outcome."""
    begun = monotonic()
    steps = do_round(settings, now, given, evaluation)
    mail = None if "deliver" in steps.errors else _mail_state(settings, now)
    return Round(
        at=now,
        seconds=monotonic() - begun,
        error="; ".join(steps.errors.values()) or None,
        errors=steps.errors,
        is_partial=steps.is_partial and len(steps.errors) == 1,
        mail=mail,
        **steps.counts,
    )


def run_once(settings: AlertSettings, now: datetime) -> Round:
    """One round at ``now`` (aware) that evaluates everything, the stored hours of `WINDOW` too."""
    return run_round(settings, now, NOTHING_KEPT, lambda: evaluate(settings, now - WINDOW, now, now))


def evaluate_and_deliver(settings: AlertSettings, start: datetime, end: datetime, now: datetime) -> dict[str, int]:
    """Numbers of ``transitions`` in ``[start, end)`` and of ``mails``; raises what a step raised first, after all others."""
    counts = _counts(do_round(settings, now, NOTHING_KEPT, partial(evaluate, settings, start, end, now)))
    return {name: counts[name] for name in ("transitions", "mails")}


def hand_out(settings: AlertSettings, now: datetime) -> int:
    """Deliver what is due without an evaluation; how many messages. Raises as `evaluate_and_deliver`."""
    return _counts(do_round(settings, now, NOTHING_KEPT, None))["mails"]


def _counts(steps: RoundSteps) -> dict[str, int]:
    if steps.first_error is not None:
        raise steps.first_error
    return steps.counts


def _mail_state(settings: AlertSettings, now: datetime) -> MailState | None:
    try:
        return read_mail_state(settings, now)
    except Exception as error:  # noqa: BLE001 - a figure for a metric
        say("mail_state_unknown", error)
        return None
