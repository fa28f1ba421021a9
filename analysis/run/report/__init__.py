"""Reports of cities and of the province: computed, published, and followed when their hours change."""
