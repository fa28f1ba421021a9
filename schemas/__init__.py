"""The vocabulary: types, registries and contracts that every other folder speaks. Pure, imports no other folder."""
