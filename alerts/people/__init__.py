"""Persons, teams and the duty roster: who is notified of a case, and who is next. Pure, besides `file` and `secret`, which read."""
