"""How work runs, whatever is computed: recorded, on private copies, in chunks, in turns, as jobs."""
