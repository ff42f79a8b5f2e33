"""A map and its overlay as pictures of the photo's own size, with the same colours as on the pages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from explainers.arrays import Array
from explainers.classifiers.view import Box
from explainers.explanation import Explanation, reduce
from explainers.figures import Look, Tile, Tints
from explainers.figures.colours import peak, rgb
from explainers.figures.parts import Span
from explainers.figures.smoothing import smoothed
from explainers.images.encoding import QUICK_LEVEL, as_image, encode

OPACITY = 0.9  # of a map's strongest colours over the photo
UNSEEN = 0.5  # how much white is laid over what the classifier didn't see
LEVELS = 256


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A map at its photo's size.

    levels:  (h, w) uint8, of LEVELS from one end of the scale to the other.
    seen:    (h, w) bool, where the classifier saw the photo.
    span:    the numbers at the ends of the scale.
    colours: the colour of each level, (LEVELS, 3) uint8.
    """

    levels: Array
    seen: Array
    span: Span
    colours: Array

    @classmethod
    def of(cls, explanation: Explanation, look: Look | None, span: Span | None) -> _Drawn:
        look = look or Look.first(explanation)
        span = span or own_span(explanation, look)
        levels = _levels(explanation, look, span)
        return cls(levels, _seen(explanation), span, rgb(look.colours, LEVELS))

    def map(self) -> Image.Image:
        opaque = np.where(self.seen, LEVELS - 1, 0).astype(np.uint8)
        return Image.fromarray(np.dstack([self.colours[self.levels], opaque]))

    def overlay(self, photo: Image.Image) -> Image.Image:
        share = np.linspace(self.span[0] / self.span[1], 1, LEVELS)
        opacity = np.rint(np.abs(share) * OPACITY * (LEVELS - 1)).astype(np.uint8)[self.levels]
        coloured = Image.fromarray(self.colours[self.levels])
        over = Image.composite(coloured, photo.convert("RGB"), Image.fromarray(np.where(self.seen, opacity, 0)))
        white = Image.new("RGB", over.size, "white")
        return Image.composite(over, Image.blend(over, white, UNSEEN), Image.fromarray(self.seen))


def map_picture(explanation: Explanation, look: Look | None = None, span: Span | None = None) -> Image.Image:
    """Draw the map at the photo's size, in RGBA; what the classifier didn't see of the photo is transparent.

    span: the numbers that get the colours at the ends of the scale; None: those of `own_span`.
    """
    return _Drawn.of(explanation, look, span).map()


def overlay_picture(
    explanation: Explanation,
    look: Look | None = None,
    photo: Image.Image | None = None,
    span: Span | None = None,
) -> Image.Image:
    """Draw the map over the photo at its size, in RGB; the map is transparent at zero.

    photo: the upright photo that was explained; None: what the classifier saw of it, scaled up, is drawn instead.
    span:  the numbers that get the colours at the ends of the scale; None: those of `own_span`.

    What the classifier didn't see is faded.
    """
    return _Drawn.of(explanation, look, span).overlay(photo or _seen_picture(explanation))


def map_and_overlay(
    explanation: Explanation, look: Look | None, photo: Image.Image | None, span: Span | None
) -> tuple[Image.Image, Image.Image]:
    """Draw both, in less time than one after the other."""
    drawn = _Drawn.of(explanation, look, span)
    return drawn.map(), drawn.overlay(photo or _seen_picture(explanation))


def picture_file(picture: Image.Image) -> bytes:
    """Return the PNG file of a map or an overlay. It is made in half the usual time, and is a little larger."""
    return encode(picture, png_level=QUICK_LEVEL)


def tile_look(explanation: Explanation, tints: Tints, span: Span) -> Look:
    """Return how a comparison draws a map whose scale has these ends: cells of a coarse grid run into each other."""
    return Look(tints.colours(span), tints.clip, smooth=explanation.coarse)


def tile_photo(tile: Tile) -> Image.Image | None:
    """Return the photo of a tile; None where that isn't known, or is a tensor."""
    photo = tile.question.photo.image if tile.question else None
    return photo if isinstance(photo, Image.Image) else None


def own_span(explanation: Explanation, look: Look) -> Span:
    """Return the ends of a map's own scale: symmetric about zero for a signed map, else from zero."""
    strongest = peak(_heat(explanation, look), look.clip)
    return -strongest if explanation.signed else 0.0, strongest


def _heat(explanation: Explanation, look: Look) -> Array:
    return smoothed(explanation.heat) if look.smooth and not explanation.coarse else explanation.heat


def _levels(explanation: Explanation, look: Look, span: Span) -> Array:
    """Return the map at the photo's size in LEVELS levels of a scale, (h, w) uint8."""
    coarse = explanation.coarse
    grid = reduce(explanation.values, explanation.reduction) if coarse else _heat(explanation, look)
    resampling = Image.Resampling.BILINEAR if look.smooth and coarse else Image.Resampling.NEAREST
    placed = _placed(Image.fromarray(np.ascontiguousarray(grid, np.float32)), explanation, resampling)
    shares = (np.asarray(placed) - span[0]) / (span[1] - span[0])
    levels: Array = np.rint(shares.clip(0, 1) * (LEVELS - 1)).astype(np.uint8)
    return levels


def _seen_picture(explanation: Explanation) -> Image.Image:
    return _placed(as_image(explanation.picture), explanation, Image.Resampling.BILINEAR)


def _seen(explanation: Explanation) -> Array:
    """Return where in the photo the classifier saw it, (h, w) bool."""
    whole = Image.fromarray(np.full(explanation.picture.shape[1:], 255, np.uint8))
    return np.asarray(_placed(whole, explanation, Image.Resampling.NEAREST)) > 0


def _placed(picture: Image.Image, explanation: Explanation, resampling: Image.Resampling) -> Image.Image:
    """Scale a picture that covers the classifier's view to its place in the photo."""
    left, top, right, bottom = box = explanation.box
    across, down = picture.width / (right - left), picture.height / (bottom - top)
    to_picture = across, 0.0, -left * across, 0.0, down, -top * down
    return picture.transform(_size(explanation, box), Image.Transform.AFFINE, to_picture, resampling)


def _size(explanation: Explanation, box: Box) -> tuple[int, int]:
    """Return the photo's size; of a tensor, which is no photo, the classifier's view is all there is."""
    return explanation.photo_size or (round(box[2] - box[0]), round(box[3] - box[1]))
