"""Events and their case files: what an event is, where it comes from, and how sure that is."""
