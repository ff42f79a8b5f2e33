"""Integrals along a path from a baseline to a picture: points, sums, stopping, and what is kept on the way."""
