"""What a mail says and how it is made: evidence, view, message, plot, templates, delivery."""
