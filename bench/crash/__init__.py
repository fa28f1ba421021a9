"""The crash matrix: ``kill -9`` of everything in turn, and messages that no sound station sends."""
