"""Web pages, the HTTP API, the command line, and starting the parts on one machine."""
