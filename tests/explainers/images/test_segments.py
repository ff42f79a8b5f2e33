"""Superpixels: as many as asked for, of one piece, along the picture's edges."""

import numpy as np
import pytest
import torch
from skimage.measure import label

from explainers import LIME, FeatureAblation, KernelSHAP, Target
from explainers.images.segments import superpixels


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 3), (5, 7), (29, 24), (64, 64)])
@pytest.mark.parametrize("count", [2, 3, 9, 40, 200])
def test_there_are_as_many_as_asked_for_each_of_one_piece(noise, size, channels, count):
    for picture in (noise(size, channels), torch.zeros(channels, *size)):
        labels = superpixels(picture, count)
        wanted = min(count, size[0] * size[1])
        assert labels.shape == size
        assert labels.unique().tolist() == list(range(wanted))
        assert label(labels.numpy() + 1, connectivity=1).max() == wanted


def quarters(size=24):
    """A picture of four colours, and which colour each pixel has."""
    colours = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9], [0.9, 0.9, 0.1]])
    half = torch.arange(size) >= size // 2
    which = 2 * half[:, None].long() + half
    return colours[which].permute(2, 0, 1), which


def test_they_follow_the_edges_of_colours():
    picture, which = quarters()
    assert superpixels(picture, 4).equal(which)
    labels = superpixels(picture, 30)
    assert all(which[labels == number].unique().numel() == 1 for number in range(30))


def test_pixels_beyond_black_and_white_are_taken_for_those(noise):
    picture = 3 * noise((24, 24)) - 1
    assert superpixels(picture, 9).equal(superpixels(picture.clamp(0, 1), 9))


@pytest.mark.parametrize("kind", [FeatureAblation, LIME, KernelSHAP])
def test_a_map_knows_the_superpixels_that_it_is_made_of(conv, noise, kind):
    picture = noise(conv.size)
    found = kind(segments=6)(conv, picture, Target(0))
    assert np.array_equal(found.segments, superpixels(picture, 6).numpy())
    for number in range(6):
        assert np.unique(found.values[:, found.segments == number]).size == 1
