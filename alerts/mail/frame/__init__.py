"""From a view to a mail: message, digest, short text, and what is shown below the six lines. Pure."""
