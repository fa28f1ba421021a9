"""Reviews: an append-only trail, and the rules of reviewing."""
