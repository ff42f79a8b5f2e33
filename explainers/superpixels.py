"""Superpixels: a picture cut into regions of like colour, which methods show and hide as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from skimage.segmentation import slic
from torch import Tensor

from explainers.arrays import Array
from explainers.base import Explainer, Found
from explainers.baselines import solid
from explainers.classifiers import Classifier
from explainers.engine import Passes
from explainers.explanation import Reduction
from explainers.knobs import colour, number


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


@dataclass(frozen=True)
class OfSuperpixels(Explainer):
    """What methods that hide superpixels under a colour share."""

    reduction: ClassVar[Reduction] = "signed sum"
    keeps: ClassVar[str] = "the outlines of its superpixels, which are cut by colour"

    segments: int = number(40, 2, 200, hint="Superpixels that the picture is cut into.")
    colour: str = colour("#7f7f7f", hint="Colour of what is hidden.")

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Found:
        fill = solid(self.colour, pictures.shape[1]).to(pictures).view(-1, 1, 1).expand_as(pictures[0])
        regions = [superpixels(picture, self.segments) for picture in pictures]
        passes.total = sum(self.cost(int(labels.max()) + 1) for labels in regions)
        scores, effects = [], []
        for picture, labels, row in zip(pictures, regions, passes.rows(), strict=True):
            first = passes.count
            effects.append(self.effects(passes, picture, fill, labels, row.view(1)).to(pictures)[labels])
            scores.append(passes.answers[first : first + 2, passes.column])
        # A pixel's channels are hidden at once: they share what the pixel gets.
        values = torch.stack(effects)[:, None].expand_as(pictures) / pictures.shape[1]
        found = self.found(values, torch.stack(scores), fill.expand_as(pictures))
        return replace(found, segments=torch.stack(regions))

    def found(self, values: Tensor, scores: Tensor, hidden: Tensor) -> Found:
        """From the values, the first two scores (N, 2) of each picture and the pictures of which all is hidden."""
        return Found(values, scores=scores[:, 0])

    def passes(self, classifier: Classifier) -> int:
        height, width = classifier.size
        return self.cost(min(self.segments, height * width))

    def cost(self, regions: int) -> int:
        """Passes for a picture of that many superpixels."""
        raise NotImplementedError

    def effects(self, passes: Passes, picture: Tensor, fill: Tensor, labels: Tensor, row: Tensor) -> Tensor:
        """(M,) what a pixel of each superpixel gets. The first picture passed is `picture` (C, H, W) itself.

        fill: (C, H, W) what hides; labels: (H, W) from 0 to M - 1; row: (1,) the target's number.
        """
        raise NotImplementedError
