"""Alert mails: evidence, view, message, plot, templates, delivery."""
