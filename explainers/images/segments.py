"""A picture cut into regions: superpixels of like colour, and segments from fine to coarse."""

from __future__ import annotations

import numpy as np
import torch
from skimage.segmentation import felzenszwalb, slic
from torch import Tensor
from torch.nn import functional as F

from explainers.arrays import Array

SIDE = 224  # pixels of the longer side of what is segmented, for which the authors' numbers are
COARSENESS, SMALLEST = (50, 100, 150, 250, 500, 1200), 150  # of the segmentations, and pixels of a segment


def superpixels(picture: Tensor, count: int) -> Tensor:
    """(H, W), to which of `count` superpixels each pixel of a picture (C, H, W) belongs; of fewer where it is small.

    SLIC gives about as many as it is asked for, so it is asked for more, and the smallest join their likest neighbours
    until the number is right: then the cost of a map is known before.
    """
    pixels = colours(picture)
    count = min(count, pixels[..., 0].size)
    asked, labels = count, np.zeros(pixels.shape[:2], int)
    while labels.max() + 1 < count and asked < 8 * pixels[..., 0].size:
        asked = round(1.3 * asked) + 1
        labels = slic(pixels, asked, convert2lab=pixels.shape[2] == 3, start_label=0)
    return torch.from_numpy(_joined(labels, pixels, count)).to(picture.device)


def colours(picture: Tensor) -> Array:
    """(C, H, W) as scikit-image takes it: (H, W, C) from 0 to 1, grey as three equal channels."""
    pixels = picture.detach().double().clamp(0, 1).permute(1, 2, 0).cpu().numpy()
    return np.repeat(pixels, 3, 2) if pixels.shape[2] == 1 else pixels


def _joined(labels: Array, pixels: Array, count: int) -> Array:
    """The smallest superpixel joins its likest neighbour until `count` are left, numbered from 0."""
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    sizes = np.bincount(labels.flat)
    totals = np.stack([np.bincount(labels.flat, channel.flat) for channel in np.moveaxis(pixels, 2, 0)], 1)
    left = len(sizes)
    while left > count:
        least = int(np.where(sizes > 0, sizes, labels.size + 1).argmin())
        near = _neighbours(labels, least)
        distance = np.abs(totals[near] / sizes[near, None] - totals[least] / sizes[least]).sum(1)
        other = int(near[distance.argmin()])
        labels[labels == least] = other
        for counts in (sizes, totals):
            counts[other] += counts[least]
            counts[least] = 0
        left -= 1
    return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)


def _neighbours(labels: Array, label: int) -> Array:
    """The labels that share an edge with `label`."""
    edges = ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1]))
    beside = [one[other == label] for pair in edges for one, other in (pair, pair[::-1])]
    found: Array = np.setdiff1d(np.concatenate(beside), label)
    return found


def segmentations(picture: Tensor) -> Array:
    """(6, H, W) the segments of a picture (C, H, W) from fine to coarse; each has a number of its own, from 0."""
    size = [max(1, round(SIDE * side / max(picture.shape[1:]))) for side in picture.shape[1:]]
    pixels = colours(F.interpolate(picture.detach()[None], size, mode="bilinear", antialias=True)[0])
    middles = np.ix_(*(_middles(own, side) for own, side in zip(picture.shape[1:], size, strict=True)))
    found, known = [], 0
    for coarseness in COARSENESS:
        labels = felzenszwalb(pixels, coarseness, sigma=0.8, min_size=SMALLEST)[middles]
        labels = np.unique(labels, return_inverse=True)[1].reshape(picture.shape[1:])
        found.append(labels + known)
        known += labels.max() + 1
    return np.stack(found)


def _middles(count: int, side: int) -> Array:
    """(count,) the pixels in whose midst those of a line of `count` lie, of a line of `side`."""
    return (2 * np.arange(count) + 1) * side // (2 * count)
