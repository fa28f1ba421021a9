"""Trajectories of air from gridded winds: the grid, movement on the sphere, the kinematic integrator."""
