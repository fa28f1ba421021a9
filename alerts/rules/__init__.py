"""Alert rules: a module a kind with its evaluation, the file they are read from, and the table of kinds."""
