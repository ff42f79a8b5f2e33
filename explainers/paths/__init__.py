"""Integrates gradients along a path from a baseline to a picture, and records values along the path."""
