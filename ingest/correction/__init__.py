"""The one correction rule: which of several messages about a point ranks highest, and what is written."""
