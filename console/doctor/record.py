"""What the state database and the mail server hold: schema, rules, waiting mails."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.doctor.diagnosis import Diagnosis, bare_url

if TYPE_CHECKING:
    from console.local.settings import LocalSettings


def check_state(settings: LocalSettings) -> Diagnosis:
    """The state database has the schema of this version and may be written."""
    from store.error import StateError, StateSchemaError
    from store.state import StateStore

    try:
        with StateStore(settings.state_url) as state:
            pending = state.database.pending_migrations()
            if not pending:
                state.database.try_write()
    except StateSchemaError as error:
        return Diagnosis(component="state", ok=False, detail=str(error), repair="install a version that knows it")
    except StateError as error:
        return Diagnosis(
            component="state",
            ok=False,
            detail=str(error),
            repair="correct SKYGROUND_STATE_URL, its user or its rights",
        )
    if pending:
        return Diagnosis(
            component="state", ok=False, detail=f"{len(pending)} migrations are not applied", repair="skyground migrate"
        )
    place = settings.state_url.split("@")[-1]
    return Diagnosis(component="state", ok=True, detail=f"{place}, schema is current, may be written")


def check_mail(settings: LocalSettings) -> Diagnosis:
    """The mail server accepts the log-in of the alerts, and no mail waits too long."""
    from alerts.channels.email import DeliveryError, check
    from alerts.settings import AlertSettings
    from store.settings import load_settings

    try:
        check(load_settings(AlertSettings))
    except DeliveryError as error:
        repair = "skyground up mail (local sink), or correct SKYGROUND_SMTP_URL and SKYGROUND_SMTP_PASSWORD"
        return Diagnosis(component="mail", ok=False, detail=f"{bare_url(settings.smtp_url)}: {error}", repair=repair)
    waiting = _waiting_mails(settings)
    if waiting:
        repair = "check skyground watch and its log; skyground alerts deliver sends them now"
        return Diagnosis(
            component="mail", ok=False, detail=f"{bare_url(settings.smtp_url)} answers, but {waiting}", repair=repair
        )
    return Diagnosis(
        component="mail",
        ok=True,
        detail=f"{bare_url(settings.smtp_url)} accepts the log-in; prove the whole way with: skyground alerts test-mail",
    )


def _waiting_mails(settings: LocalSettings) -> str:
    """What of the alert mails does not go out though the server answers; empty where nothing waits too long."""
    from alerts.channels.outage import mail_state
    from store.error import StoreError
    from store.state import StateStore

    try:
        with StateStore(settings.state_url) as state:
            mail = mail_state(state, datetime.now(UTC))
    except StoreError:  # `check_state` reports it
        return ""
    parts = [f"{mail.waiting} alert mails wait since {mail.oldest:%Y-%m-%d %H:%M}Z"] if mail.is_stuck else []
    parts += [f"{mail.failed} were given up within 24 h"] if mail.failed else []
    return "; ".join(parts)


def check_registry(settings: LocalSettings) -> Diagnosis:
    """The registry of enterprises can be read, where the settings name one."""
    from analysis.case.registry import EnterpriseError
    from analysis.run.receptor.registry import registry_of

    try:
        registry = registry_of(settings)
    except EnterpriseError as error:
        repair = "correct the file that SKYGROUND_ENTERPRISES names"
        return Diagnosis(component="registry", ok=False, detail=str(error), repair=repair)
    if registry is None:
        detail = "none: case files name no enterprises (SKYGROUND_ENTERPRISES)"
        return Diagnosis(component="registry", ok=True, detail=detail)
    detail = f"{settings.enterprises}: {len(registry.enterprises)} enterprises"
    return Diagnosis(component="registry", ok=True, detail=detail)


def check_rules(settings: LocalSettings) -> Diagnosis:
    """The rules file can be read; rules that can never fire with this network file are named."""
    from alerts.rules.idle import idle_rules
    from alerts.rules.rules import RulesFileError, load_rules

    try:
        rules = load_rules(settings.rules)
    except RulesFileError as error:
        return Diagnosis(
            component="rules", ok=False, detail=str(error), repair="correct the file that SKYGROUND_RULES names"
        )
    idle = [
        f"rule {name!r} can never fire: {why}" for name, why in idle_rules(rules, settings.stations, only_patterns=True)
    ]
    if idle:
        repair = "correct stations and cities of these rules, or remove them"
        return Diagnosis(component="rules", ok=False, detail="; ".join(idle), repair=repair)
    return Diagnosis(component="rules", ok=True, detail=f"{settings.rules}: {len(rules.items)} rules")
