"""Commands of attribution: episodes, receptor methods, source profiles, plumes."""
