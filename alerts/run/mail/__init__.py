"""Mails of cases: whom they go to, what they state, and their sending."""
