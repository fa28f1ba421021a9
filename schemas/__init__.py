"""The vocabulary of every other folder: types, registries and contracts. Pure, imports no other folder."""
