"""Arrays in, Plotly figures out."""

from explainers.figures.agreement import difference, matrix
from explainers.figures.answer import answer
from explainers.figures.audit import plane, spread
from explainers.figures.check import check
from explainers.figures.colours import COLOURS, SIGNED_COLOURS, peak
from explainers.figures.comparison import Tile, Tints, common_view, gradient, map_in_photo, scale_texts, spans
from explainers.figures.inline import inline, script
from explainers.figures.map import HEIGHT, OVERLAYS, Look, panels
from explainers.figures.map_row import map_row
from explainers.figures.parts import encoded
from explainers.figures.path import path
from explainers.figures.pointing import pointing
from explainers.figures.randomisation import randomisation
from explainers.figures.removal import removal, removal_summary
from explainers.figures.saturation import saturation
from explainers.figures.small_map import SMALL_MAP_SIDE, picture_tile, tile
from explainers.figures.smoothing import radius
from explainers.figures.steps import by_steps, convergence

__all__ = [
    "COLOURS",
    "HEIGHT",
    "OVERLAYS",
    "SIGNED_COLOURS",
    "SMALL_MAP_SIDE",
    "Look",
    "Tile",
    "Tints",
    "answer",
    "by_steps",
    "check",
    "common_view",
    "convergence",
    "difference",
    "encoded",
    "gradient",
    "inline",
    "map_in_photo",
    "map_row",
    "matrix",
    "panels",
    "path",
    "peak",
    "picture_tile",
    "plane",
    "pointing",
    "radius",
    "randomisation",
    "removal",
    "removal_summary",
    "saturation",
    "scale_texts",
    "script",
    "spans",
    "spread",
    "tile",
]
