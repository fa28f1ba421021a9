"""The one correction rule: which of several messages about a point counts, and what is written."""
