"""Arrays in, Plotly figures out."""

from explainers.figures.bars import answer
from explainers.figures.curves import saturation
from explainers.figures.maps import COLOURS, GRIDS, OVERLAYS, Look, panels

__all__ = ["COLOURS", "GRIDS", "OVERLAYS", "Look", "answer", "panels", "saturation"]
