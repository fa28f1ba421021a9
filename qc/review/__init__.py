"""Review of hours (L2), its deadlines, and the agreement of tests with it. Pure."""
