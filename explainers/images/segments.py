"""Cuts a picture into regions of similar colour: superpixels, and segments from fine to coarse."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.arrays import Array
from explainers.importing import IMPORTING

# The parameters of XRAI's authors, which are meant for pictures whose longer side has 224 pixels.
SEGMENTED_SIDE = 224
FELZENSZWALB_SCALES = (50, 100, 150, 250, 500, 1200)  # one segmentation each, from fine to coarse
MIN_SEGMENT_PIXELS = 150


def superpixels(picture: Tensor, count: int) -> Tensor:
    """Return (H, W), the number of the superpixel (from 0) that each pixel of a picture (C, H, W) belongs to.

    There are `count` superpixels, or one per pixel in a picture of fewer pixels. SLIC returns only about as many as
    requested, so more are requested, and the smallest are merged with their most similar neighbours until `count`
    remain. So the cost of a map is known before.
    """
    with IMPORTING:
        from skimage.segmentation import slic
    pixels = _to_skimage(picture)
    count = min(count, pixels[..., 0].size)
    requested, labels = count, np.zeros(pixels.shape[:2], int)
    while labels.max() + 1 < count and requested < 8 * pixels[..., 0].size:
        requested = round(1.3 * requested) + 1
        labels = slic(pixels, requested, convert2lab=pixels.shape[2] == 3, start_label=0)
    return torch.from_numpy(_merged(labels, pixels, count)).to(picture.device)


def _to_skimage(picture: Tensor) -> Array:
    """Convert a picture (C, H, W) for scikit-image: to (H, W, C) from 0 to 1, and grey to three equal channels."""
    pixels = picture.detach().double().clamp(0, 1).permute(1, 2, 0).cpu().numpy()
    return np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels


def _merged(labels: Array, pixels: Array, count: int) -> Array:
    """Merge the smallest superpixel with its neighbour of the most similar colour until `count` remain.

    The result is numbered from 0.
    """
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    sizes = np.bincount(labels.flat)
    totals = np.stack([np.bincount(labels.flat, channel.flat) for channel in np.moveaxis(pixels, 2, 0)], 1)
    remaining = len(sizes)
    while remaining > count:
        smallest = int(np.where(sizes > 0, sizes, labels.size + 1).argmin())
        neighbours = _neighbours(labels, smallest)
        distance = np.abs(totals[neighbours] / sizes[neighbours, None] - totals[smallest] / sizes[smallest]).sum(1)
        most_similar = int(neighbours[distance.argmin()])
        labels[labels == smallest] = most_similar
        for counts in (sizes, totals):
            counts[most_similar] += counts[smallest]
            counts[smallest] = 0
        remaining -= 1
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


def _neighbours(labels: Array, label: int) -> Array:
    """Return the labels of the regions that share an edge with that of `label`."""
    edges = ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1]))
    adjacent = [near_side[far_side == label] for pair in edges for near_side, far_side in (pair, pair[::-1])]
    neighbours: Array = np.setdiff1d(np.concatenate(adjacent), label)
    return neighbours


def segmentations(picture: Tensor) -> Array:
    """Return (6, H, W), six segmentations of a picture (C, H, W) from fine to coarse.

    Each segment of all six has a number of its own, from 0.
    """
    with IMPORTING:
        from skimage.segmentation import felzenszwalb
    size = [max(1, round(SEGMENTED_SIDE * side / max(picture.shape[1:]))) for side in picture.shape[1:]]
    picture = picture.detach().to(torch.promote_types(picture.dtype, torch.float32))  # CPUs scale no half precision
    pixels = _to_skimage(F.interpolate(picture[None], size, mode="bilinear", antialias=True)[0])
    nearest = np.ix_(*(_nearest_pixels(length, side) for length, side in zip(picture.shape[1:], size, strict=True)))
    segments, segment_count = [], 0
    for scale in FELZENSZWALB_SCALES:
        labels = felzenszwalb(pixels, scale, sigma=0.8, min_size=MIN_SEGMENT_PIXELS)[nearest]
        labels = np.unique(labels, return_inverse=True)[1].reshape(picture.shape[1:])
        segments.append(labels + segment_count)
        segment_count += labels.max() + 1
    return np.stack(segments)


def _nearest_pixels(count: int, size: int) -> Array:
    """Return (count,), for each pixel of a line of `count`, the pixel of a line of `size` that holds its centre."""
    return (2 * np.arange(count) + 1) * size // (2 * count)
