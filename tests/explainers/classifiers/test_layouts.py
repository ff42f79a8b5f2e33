"""Grids in outputs of every layout, and the lens that shows them to methods."""

import pytest
import torch
from torch import nn

from explainers.classifiers.layouts import Layout, layout

GRID = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
LAST = Layout("channels last")
TOKENS = Layout("tokens", height=4, extra=2)


def rows(grid):
    """Tokens of a grid, after two that belong to no cell."""
    return torch.cat([torch.full((len(grid), 2, grid.shape[1]), -1.0), grid.flatten(2).transpose(1, 2)], 1)


OUTPUTS = {
    "channels first": (Layout(), lambda grid: grid),
    "channels last": (LAST, lambda grid: grid.permute(0, 2, 3, 1)),
    "tokens": (TOKENS, rows),
}
every_layout = pytest.mark.parametrize("order", OUTPUTS)


@every_layout
def test_the_grid_is_read_channels_first(order):
    its, lay = OUTPUTS[order]
    assert its.order == order
    assert its.grid(lay(GRID)).equal(GRID)


class Lays(nn.Module):
    def __init__(self, lay):
        super().__init__()
        self.lay = lay

    def forward(self, grid):
        return self.lay(grid)


@every_layout
def test_a_lens_sees_the_grid_and_hands_on_what_it_makes_of_it(order):
    its, lay = OUTPUTS[order]
    layer = Lays(lay)
    lens = its.lens(layer)
    assert layer(GRID).equal(lay(GRID))
    seen = []
    handle = lens.register_forward_hook(lambda module, given, output: seen.append(output.clone()))
    layer(GRID)
    handle.remove()
    assert seen[0].equal(GRID)
    lens.register_forward_hook(lambda module, given, output: 2 * output)
    assert its.grid(layer(GRID)).equal(2 * GRID)
    if order == "tokens":
        assert (layer(GRID)[:, :2] == -1).all()  # the class token is left alone


@pytest.mark.parametrize(
    ("shape", "picture", "cells", "expected"),
    [
        ((1, 512, 7, 7), (224, 224), None, Layout()),
        ((1, 7, 7, 768), (224, 224), None, LAST),
        ((1, 56, 56, 96), (224, 224), None, LAST),
        ((1, 7, 7, 7), (224, 224), None, Layout()),
        ((1, 3, 1, 2), (224, 224), None, Layout()),
        ((1, 16, 3, 2), (29, 24), None, Layout()),
        ((1, 8, 16, 64), (128, 256), None, LAST),
        ((1, 64, 8, 16), (128, 256), None, Layout()),
        ((1, 197, 768), (224, 224), (14, 14), Layout("tokens", 14, 1)),
        ((1, 201, 768), (224, 224), (14, 14), Layout("tokens", 14, 5)),
        ((1, 196, 768), (224, 224), (14, 14), Layout("tokens", 14, 0)),
        ((1, 195, 768), (224, 224), (14, 14), None),
        ((1, 250, 768), (224, 224), (14, 14), None),
        ((1, 197, 768), (224, 224), None, None),
        ((1, 1000), (224, 224), (14, 14), None),
    ],
)
def test_the_layout_is_told_by_the_shape(shape, picture, cells, expected):
    assert layout(shape, picture, cells) == expected
