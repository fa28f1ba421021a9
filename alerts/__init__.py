"""Alerts: rules, the state machine, and mails to duty staff; a transition is stored, claimed once, then mailed."""
