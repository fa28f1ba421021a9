"""Persons, teams and the duty roster: who is notified of a case, and who is next. Pure, besides `file`, which reads the people file."""
