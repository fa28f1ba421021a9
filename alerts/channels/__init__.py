"""Ways out: mail, the second way, and a local mail server."""
