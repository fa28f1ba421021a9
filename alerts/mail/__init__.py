"""Mails of cases: the view (`case_view`), subject, six lines, evidence, pictures, message, digest, short text, samples."""
