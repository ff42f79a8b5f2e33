"""What is kept of a picture and its map, as a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from explainers.arrays import Array
from explainers.audit.engine import small_maps
from explainers.audit.engine.questions import Predictions
from explainers.audit.engine.reading import Picture
from explainers.audit.rows import SCHEMA
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.experiments.pointing.hits import hit, peaks
from explainers.explanation import Explanation
from explainers.images.encoding import as_image, encode

THUMBNAIL_SIDE, THUMBNAIL_QUALITY = 112, 80  # pixels
Row = dict[str, Any]


def of_picture(picture: Picture, label: int | None, classes: Sequence[str]) -> Row:
    """Return a row with what is known of a picture without the classifier's answer; the rest of it is None."""
    row: Row = dict.fromkeys(SCHEMA.names)
    row |= {
        "number": picture.number,
        "path": picture.case.path,
        "label": None if label is None else classes[label],
        "label_index": label,
        "error": picture.error or None,
        "sha256": picture.sha256,
    }
    if picture.seen is None or picture.size is None:
        return row
    pixels = picture.seen.picture.float().cpu()
    by_channel, thumbnail = pixels.flatten(1).double(), as_image(pixels.numpy())
    thumbnail.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return row | {
        "width": picture.size[0],
        "height": picture.size[1],
        "view": picture.view,
        "colour_mean": _of_three(by_channel.mean(1).numpy()),
        "colour_std": _of_three(by_channel.std(1, correction=0).numpy()),
        "thumbnail": encode(thumbnail, "jpeg", THUMBNAIL_QUALITY),
    }


def of_predictions(predictions: Predictions, label: int | None, classes: Sequence[str]) -> Row:
    """Return the columns of what the classifier predicts."""
    index = predictions.index
    return {
        "prediction": classes[index],
        "prediction_index": index,
        "probability": float(predictions.probabilities[index]),
        "label_probability": None if label is None else float(predictions.probabilities[label]),
        "correct": None if label is None else index == label,
    }


def of_map(explanation: Explanation, box: Box | None) -> Row:
    """Return the columns of a map.

    box: (left, top, right, bottom) around the object, in the pixels that the explanation's own box is in.
    """
    magnitudes = explanation.reduced("sum of magnitudes")
    heat, described = magnitudes.heat, small_maps.description(magnitudes.heat)
    across, down = _peak(explanation)
    row: Row = {
        "target_index": explanation.target.index,
        "versus_index": explanation.target.versus,
        "score": explanation.score,
        "gap": explanation.gap,
        "map_error": explanation.error,
        "converged": explanation.converged,
        "peak_x": across,
        "peak_y": down,
        "border_share": small_maps.border_share(heat),
        "compactness": small_maps.compactness(heat),
        "map": small_maps.small_map(heat).astype(np.float16).ravel(),
        "description": None if described is None else described.astype(np.float32),
    }
    return row if box is None else row | _in_box(explanation, magnitudes, box)


def _in_box(explanation: Explanation, magnitudes: Explanation, box: Box) -> Row:
    """Return the columns of a box; a box of which the classifier sees nothing has a share of 0 and no other."""
    try:
        score = hit(explanation, box)
    except ExplanationError:
        return {"box_area": 0.0}
    return {"box_area": score.area, "box_share": hit(magnitudes, box).inside, "box_peak": score.peak}


def _peak(explanation: Explanation) -> tuple[float, float] | tuple[None, None]:
    """Return where the strongest pixel is, in shares of the view's width and height; of several, the middle one."""
    strongest: Array = peaks(explanation)
    if not len(strongest):
        return None, None
    distances = np.linalg.norm(strongest - strongest.mean(0), axis=1)
    (row, column), (height, width) = strongest[int(distances.argmin())], explanation.picture.shape[1:]
    return (float(column) + 0.5) / width, (float(row) + 0.5) / height


def _of_three(values: Array) -> Array:
    """Return the values of red, green and blue: a grey picture has the same for all."""
    return values if len(values) == 3 else np.repeat(values[:1], 3)
