"""The loop of ``skyground watch``: evaluate new data every few seconds and deliver at once.

Every round evaluates all rules over a sliding window, which costs one query a network and rule; a machine is rebuilt from its
last transition, so the loop may be killed at any time. Several may run side by side. Changed rules and network files are
taken up in the next round; invalid ones are logged, and the loop continues with the previous ones.
"""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

import msgspec
import structlog

from alerts.channels.outage import MailState
from alerts.run.delivery import deliver, read_mail_state
from alerts.run.evaluation import EvaluationError, evaluate
from alerts.run.first_case import make_first_cases
from alerts.settings import alert_settings
from alerts.stream.configuration import Configuration
from alerts.stream.failing import Failing
from ingest.process.complaint import complaint
from ingest.process.guard import describe, say
from ingest.process.heartbeat_thread import HeartbeatThread
from ingest.process.shutdown import shutdown_on_signals as end_on_signals
from store.error import StateSchemaError, StoreError
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings
    from store.settings import SharedSettings

WINDOW = timedelta(hours=48)
"""Late data within it are evaluated too."""
LONGEST_PAUSE_S = 60.0
LONGEST_ROUND_S = 600.0
"""A round that takes longer is complained about. Project's choice."""
STOP_S = 30.0
"""A round that waits for a dead database is ended by force so long after the signal [s]; it may be killed at any time."""
_log = structlog.get_logger(__name__)


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What one round did.

    Attributes
    ----------
    cases : int
        First case files of alerts that began.
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


def run(settings: SharedSettings, stop: threading.Event, report: Callable[[Round], None]) -> None:
    """Evaluate and deliver until ``stop`` is set.

    A failing step is reported and retried after a pause that doubles up to a minute; continued failure raises an alarm. An
    error at one rule or station skips that one, and is reported without a pause. An invalid setting, rules file or network
    file is raised at the start.

    Parameters
    ----------
    stop : threading.Event
    report : callable
        Called with every round.
    """
    current, failing = Configuration(alert_settings(settings)), Failing()
    with StateStore(current.settings.state_url) as state:
        try:
            state.migrate()
        except StateSchemaError:
            raise
        except StoreError:
            pass  # the first round does
    pace = RoundTimer()

    def on_round(done: Round) -> None:
        pace.ended()
        report(done)

    with HeartbeatThread(f"watch/{socket.gethostname()}", current.settings.state_url, [pace.complaint]):
        _go_round(current, failing, stop, on_round)


class RoundTimer:
    """Time since the last round, for the heartbeat thread, which continues when a round hangs."""

    def __init__(self) -> None:
        self._ended_at = monotonic()

    def ended(self) -> None:
        """Note the end of a round."""
        self._ended_at = monotonic()

    def complaint(self) -> str:
        """That no round has ended for long; empty where all is well."""
        passed_s = monotonic() - self._ended_at
        return complaint("watch", "no_round", lasts_s=passed_s) if passed_s > LONGEST_ROUND_S else ""


def _go_round(current: Configuration, failing: Failing, stop: threading.Event, report: Callable[[Round], None]) -> None:
    pause_s = current.settings.watch_interval_s
    while not stop.is_set():
        now = datetime.now(UTC)
        problem = _refresh(current)
        done = run_once(current.settings, now, current.rules)
        if problem is not None:
            errors = {"configuration": problem} | done.errors
            done = msgspec.structs.replace(done, errors=errors, error="; ".join(errors.values()), is_partial=False)
        try:
            failing.note(current.settings, current.rules, done.errors, now)
        except Exception as error:  # noqa: BLE001 - an alarm that cannot be raised is tried again in the next round
            say("watch_alarm_failed", error)
        report(done)
        is_sound = done.is_partial or not done.errors
        pause_s = current.settings.watch_interval_s if is_sound else min(2 * pause_s, LONGEST_PAUSE_S)
        stop.wait(pause_s)


def _mail_state(settings: AlertSettings, now: datetime) -> MailState | None:
    try:
        return read_mail_state(settings, now)
    except Exception as error:  # noqa: BLE001 - a figure for a metric
        say("mail_state_unknown", error)
        return None


def _refresh(current: Configuration) -> str | None:
    try:
        problem = current.refresh()
    except Exception as error:  # noqa: BLE001 - the loop continues with the present rules
        say("watch_step_failed", error, step="configuration")
        problem = describe(error)
    try:
        current.roster.report(current.settings, current.rules, current.people, datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 - reported again in the next round
        say("roster_not_reported", error)
    return problem


def run_once(settings: AlertSettings, now: datetime, rules: AlertRules | None = None) -> Round:
    """One round over the window that ends at ``now`` (aware)."""
    begun = monotonic()
    counts = {"transitions": 0, "cases": 0, "mails": 0}
    errors: dict[str, str] = {}
    is_partial = False
    # Independent steps: stored alerts are delivered also while readings cannot be read.
    steps: dict[str, tuple[str, Callable[[], int]]] = {
        "transitions": ("evaluate", lambda: evaluate(settings, now - WINDOW, now, now, rules)),
        "cases": ("cases", lambda: make_first_cases(settings, now)),
        "mails": ("deliver", lambda: deliver(settings, now, rules)),
    }
    for name, (step, work) in steps.items():
        try:
            counts[name] = work()
        except EvaluationError as error:  # the rest was evaluated; each part that raised is in the log
            counts[name], errors[step], is_partial = error.stored, str(error), True
        except StoreError as error:
            errors[step] = f"{type(error).__name__}: {error}"
            _log.warning("watch_step_failed", step=step, detail=errors[step])
        except Exception as error:  # noqa: BLE001 - one input that a step trips over must not end the alerts; logged and alarmed
            errors[step] = describe(error)
            say("watch_step_failed", error, step=step)
    mail = None if "deliver" in errors else _mail_state(settings, now)
    error_line = "; ".join(errors.values()) or None
    return Round(
        at=now,
        seconds=monotonic() - begun,
        error=error_line,
        errors=errors,
        is_partial=is_partial and len(errors) == 1,
        mail=mail,
        **counts,
    )


def shutdown_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the round under way is finished first, within `STOP_S`."""
    stop = threading.Event()
    end_on_signals(stop, within_s=STOP_S)
    return stop
