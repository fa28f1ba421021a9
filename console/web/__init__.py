"""The web pages: assembly, pages, templates, assets."""
