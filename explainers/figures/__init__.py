"""Arrays in, Plotly figures out."""

from explainers.figures.agreement import blink, difference, matrix
from explainers.figures.bars import answer
from explainers.figures.cascade import survival
from explainers.figures.curves import saturation
from explainers.figures.journey import journey
from explainers.figures.maps import GRIDS, OVERLAYS, Look, panels
from explainers.figures.mosaic import Piece, Tints, mosaic
from explainers.figures.parts import COLOURS, encoded, peak
from explainers.figures.pointing import pointing
from explainers.figures.removal import removal
from explainers.figures.steps import by_steps, convergence
from explainers.figures.tiles import SIDE, picture_tile, tile

__all__ = [
    "COLOURS",
    "GRIDS",
    "OVERLAYS",
    "SIDE",
    "Look",
    "Piece",
    "Tints",
    "answer",
    "blink",
    "by_steps",
    "convergence",
    "difference",
    "encoded",
    "journey",
    "matrix",
    "mosaic",
    "panels",
    "peak",
    "picture_tile",
    "pointing",
    "removal",
    "saturation",
    "survival",
    "tile",
]
