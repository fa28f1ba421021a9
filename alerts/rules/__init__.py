"""Alert rules: what one of each kind says, the file they are read from, and what they look at."""
