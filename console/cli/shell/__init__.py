"""What the commands share: moments, names, limits of lists, and errors in words."""
