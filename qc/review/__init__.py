"""Review of hours (L2), its deadlines, and what reviews say of the tests. Pure."""
