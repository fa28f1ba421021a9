"""Subject, preview line and six lines of a mail. Pure."""
