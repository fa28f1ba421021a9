"""Official warning levels of heavy pollution (yellow, orange, red), health notices, and drafts of the notice for a person to send."""
