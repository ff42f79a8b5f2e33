"""How computations run: on private copies of a network, recorded, in chunks, in turns, and as jobs."""
