"""The pages: each reads what it shows off the event loop, hands it to a view-model and renders a template."""
