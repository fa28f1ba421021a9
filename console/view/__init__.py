"""View-models: pure functions from what the stores return to typed rows that templates and the API show."""
