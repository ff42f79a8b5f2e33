"""What is kept of each picture of an audit, as a row of a table."""

from __future__ import annotations

import pyarrow as pa

MAP_SIDE = 32  # cells of the small map
CELL_SIDE = 8  # cells of the description

SCHEMA = pa.schema(
    [
        ("number", pa.int32()),  # of the picture in the list of cases
        ("path", pa.string()),
        ("label", pa.string()),  # the classifier's name of the class that the picture shows; null where not known
        ("label_index", pa.int32()),
        ("error", pa.string()),  # why there is no map; null where there is one, and else all below may be null
        ("sha256", pa.string()),  # of the file
        ("width", pa.int32()),  # of the upright photo
        ("height", pa.int32()),
        ("view", pa.list_(pa.float32(), 4)),  # what the classifier saw of the photo, in pixels of it
        ("prediction", pa.string()),  # the likeliest class
        ("prediction_index", pa.int32()),
        ("probability", pa.float32()),  # of the prediction
        ("label_probability", pa.float32()),
        ("correct", pa.bool_()),  # whether the prediction is the label
        ("target_index", pa.int32()),  # what the map explains
        ("versus_index", pa.int32()),
        ("score", pa.float64()),
        ("gap", pa.float64()),  # as `Explanation.gap`
        ("map_error", pa.float64()),  # as `Explanation.error`
        ("converged", pa.bool_()),
        ("peak_x", pa.float32()),  # the strongest pixel, in shares of the view's width and height
        ("peak_y", pa.float32()),
        ("box_area", pa.float32()),  # the box's share of the view
        ("box_share", pa.float32()),  # its share of the map's magnitudes
        ("box_peak", pa.float32()),  # the share of the strongest pixels that lie in it, as `PointingScore.peak`
        ("border_share", pa.float32()),  # the share of magnitudes in the outer tenth of the view on each side
        ("compactness", pa.float32()),  # the share of pixels that hold half of the magnitudes: small is compact
        ("deletion_beaten", pa.int32()),  # displaced maps beaten, of 16
        ("insertion_beaten", pa.int32()),
        ("removal", pa.string()),  # what the test says: for, against, neither
        ("colour_mean", pa.list_(pa.float32(), 3)),  # of what the classifier saw, in pixel units
        ("colour_std", pa.list_(pa.float32(), 3)),
        ("map", pa.list_(pa.float16(), MAP_SIDE**2)),  # magnitudes, row by row, in multiples of their mean
        ("description", pa.list_(pa.float32(), CELL_SIDE**2)),  # magnitudes in 8 x 8 cells, of length 1
        ("thumbnail", pa.binary()),  # a JPEG of what the classifier saw
    ]
)
