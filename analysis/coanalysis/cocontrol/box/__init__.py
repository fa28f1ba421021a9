"""Box model that is held to the observations, and its answer to a cut of each precursor.

The first scenario follows the observed precursors and Ox; the sources that this takes are what the observations imply. The other scenarios get
the same sources, those of one precursor reduced, and run freely. All scenarios of all members of the ensemble are one array (member, scenario).

``run`` is the door; ``forcing`` what the observations prescribe, ``column`` the state, ``radical`` the fast species, ``budget`` the slow ones, ``rate`` and ``light``
their constants.
"""
