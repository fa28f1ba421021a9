"""Mails of cases: what they state (`view`), read from the stores (`evidence`), subject and six lines (`line`), `picture`, message and digest (`frame`), `samples`."""
