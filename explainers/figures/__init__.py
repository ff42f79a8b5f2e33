"""Arrays in, Plotly figures out."""

from explainers.figures.bars import answer
from explainers.figures.curves import saturation
from explainers.figures.journey import journey
from explainers.figures.maps import GRIDS, OVERLAYS, Look, panels
from explainers.figures.parts import COLOURS, encoded, peak
from explainers.figures.steps import by_steps, convergence
from explainers.figures.tiles import SIDE, picture_tile, tile

__all__ = [
    "COLOURS",
    "GRIDS",
    "OVERLAYS",
    "SIDE",
    "Look",
    "answer",
    "by_steps",
    "convergence",
    "encoded",
    "journey",
    "panels",
    "peak",
    "picture_tile",
    "saturation",
    "tile",
]
