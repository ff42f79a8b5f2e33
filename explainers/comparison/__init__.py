"""Comparisons of maps: the axes they differ in, the variants they show, and presets worth looking at."""
