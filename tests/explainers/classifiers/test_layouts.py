"""Grids in outputs of every layout, the lens that shows them to methods, and how a layout is told in a pass."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.classifiers.layers import grid_layers
from explainers.classifiers.layouts import Layout

GRID = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
FIRST, LAST = Layout(), Layout("channels last")


def rows(before, after):
    """Lays out a grid as tokens, with others before and after them that belong to no cell."""

    def lay(grid):
        none = grid.new_full((len(grid), before + after, grid.shape[1]), -1.0)
        return torch.cat([none[:, :before], grid.flatten(2).transpose(1, 2), none[:, before:]], 1)

    return Layout("tokens", 4, before, after), lay


OUTPUTS = {
    "channels first": (FIRST, lambda grid: grid),
    "channels last": (LAST, lambda grid: grid.permute(0, 2, 3, 1)),
    "tokens": rows(0, 0),
    "tokens after a class token and a register": rows(2, 0),
    "tokens before a class token": rows(0, 1),
    "tokens between others": rows(2, 3),
}
every_layout = pytest.mark.parametrize("name", OUTPUTS)


@every_layout
def test_the_grid_is_read_channels_first(name):
    its, lay = OUTPUTS[name]
    assert its.grid(lay(GRID)).equal(GRID)


class Lays(nn.Module):
    def __init__(self, lay):
        super().__init__()
        self.lay = lay

    def forward(self, grid):
        return self.lay(grid)


@every_layout
def test_a_lens_sees_the_grid_and_hands_on_what_it_makes_of_it(name):
    its, lay = OUTPUTS[name]
    layer = Lays(lay)
    lens = its.lens(layer)
    assert layer(GRID).equal(lay(GRID))
    seen = []
    handle = lens.register_forward_hook(lambda module, given, output: seen.append(output.clone()))
    layer(GRID)
    handle.remove()
    assert seen[0].equal(GRID)
    lens.register_forward_hook(lambda module, given, output: 2 * output)
    output = layer(GRID)
    assert its.grid(output).equal(2 * GRID)
    assert (output == -1).sum() == (its.before + its.after) * 2 * 3  # tokens that belong to no cell are left alone


class Network(nn.Module):
    """Cells of 4 x 4 pixels with 8 channels, of which `make(self, cells)` makes something that `seen` puts out."""

    def __init__(self, make, channels=8, patch=(4, 4)):
        super().__init__()
        self.make = make
        self.patches, self.seen = nn.Conv2d(3, channels, patch, patch), nn.Identity()
        self.merge, self.mix = nn.Linear(32, 8), nn.Linear(32, 32)
        self.pixels, self.attention = nn.Linear(48, 8), nn.MultiheadAttention(8, 2, batch_first=True)
        self.extra, self.positions = nn.Parameter(torch.randn(4, 8)), nn.Parameter(torch.randn(32, 8))
        self.bias = nn.Parameter(torch.randn(1, 8, 4, 8))

    def forward(self, pictures):
        self.picture = pictures
        return self.seen(self.make(self, self.patches(pictures))).flatten(1).sum(1, keepdim=True)

    def tokens(self, before, cells, after=0):
        tokens = cells.flatten(2).transpose(1, 2) + self.positions
        return torch.cat([self.extra[None, :before], tokens, self.extra[None, before : before + after]], 1)


def told(make, size=(16, 32), **network):
    """The layout of what `make` makes, and the size of its grid: 4 x 8 cells, unless they were changed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = grid_layers(Network(make, **network).eval(), torch.rand(1, 3, *size))
    found = [(layer.layout, layer.height, layer.width) for layer in layers if layer.name == "seen"]
    return found[0] if found else None


def tokens(height=4, before=0, after=0):
    return Layout("tokens", height, before, after)


class Square(torch.autograd.Function):
    @staticmethod
    def forward(context, x):
        return x * x

    @staticmethod
    def backward(context, gradient):
        return gradient


def heads(x):
    """Tokens as (1, heads, T, K)."""
    return x.unflatten(2, (2, -1)).transpose(1, 2)


def windows(x):
    """Channels last (1, 4, 8, K), cut into windows of 2 x 2 cells: (8, 2, 2, K)."""
    return x.view(1, 2, 2, 4, 2, -1).transpose(2, 3).reshape(8, 2, 2, -1)


def joined(x):
    return x.view(1, 2, 4, 2, 2, -1).transpose(2, 3).reshape(1, 4, 8, -1)


def cut(picture):
    """A picture as (1, 4, 8, 48), patches of 4 x 4 pixels."""
    return picture.unflatten(3, (8, 4)).unflatten(2, (4, 4)).permute(0, 2, 4, 1, 3, 5).flatten(3)


def matrix(tokens):
    return (heads(tokens) @ heads(tokens).transpose(2, 3)).softmax(-1)


def in_the_middle(extra, cells):
    return torch.cat([cells[:, :16], extra, cells[:, 16:]], 1)


def written(x, where, values):
    x[where] = values
    return x


def last(cells):
    return cells.permute(0, 2, 3, 1)


def merged(net, cells):
    x = last(cells)
    return net.merge(torch.cat([x[:, i::2, j::2] for j in (0, 1) for i in (0, 1)], -1))


def attend(q, k, v):
    return F.scaled_dot_product_attention(heads(q), heads(k), heads(v)).transpose(1, 2).flatten(2)


GRIDS = {
    "the cells": (lambda net, x: x, (FIRST, 4, 8)),
    "an activation in place": (lambda net, x: x.relu_(), (FIRST, 4, 8)),
    "channels last": (lambda net, x: last(x), (LAST, 4, 8)),
    "a row of tokens": (lambda net, x: net.tokens(0, x), (tokens(), 4, 8)),
    "a class token first": (lambda net, x: net.tokens(1, x), (tokens(before=1), 4, 8)),
    "a class token last": (lambda net, x: net.tokens(0, x, 1), (tokens(after=1), 4, 8)),
    "registers at both ends": (lambda net, x: net.tokens(1, x, 3), (tokens(before=1, after=3), 4, 8)),
    "tokens made a grid again": (
        lambda net, x: net.tokens(1, x)[:, 1:].transpose(1, 2).unflatten(2, (4, 8)),
        (FIRST, 4, 8),
    ),
    "pooled unevenly": (lambda net, x: F.max_pool2d(x, (1, 4)), (FIRST, 4, 2)),
    "enlarged": (lambda net, x: F.interpolate(x, scale_factor=2.0, mode="bilinear"), (FIRST, 8, 16)),
    "padded, then convolved": (lambda net, x: F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 3, 2), (FIRST, 2, 4)),
    "four cells in one": (merged, (LAST, 2, 4)),
    "four cells in channels": (lambda net, x: F.pixel_unshuffle(x, 2), (FIRST, 2, 4)),
    "windows, joined again": (lambda net, x: joined(windows(last(x))), (LAST, 4, 8)),
    "rolled and rolled back": (lambda net, x: x.roll((1, 3), (2, 3)).relu().roll((-1, -3), (2, 3)), (FIRST, 4, 8)),
    "weighed by the mean": (lambda net, x: x * x.mean((2, 3), keepdim=True).sigmoid(), (FIRST, 4, 8)),
    "weighed by row and column": (lambda net, x: x * x.mean(3, True) * x.mean(2, True), (FIRST, 4, 8)),
    "mixed beside a residual": (lambda net, x: x + net.mix(x.flatten(2)).view_as(x), (FIRST, 4, 8)),
    "attention": (lambda net, x: attend(*[net.tokens(1, x)] * 3), (tokens(before=1), 4, 8)),
    "attention by the module": (lambda net, x: net.attention(*[net.tokens(0, x, 1)] * 3)[0], (tokens(after=1), 4, 8)),
    "questions from elsewhere, beside a residual": (
        lambda net, x: (t := net.tokens(0, x)) + attend(t.flip(1), t, t),
        (tokens(), 4, 8),
    ),
    "patches cut without a convolution": (
        lambda net, x: net.pixels(cut(net.picture)),
        (LAST, 4, 8),
    ),
    "patches unfolded": (
        lambda net, x: net.pixels(F.unfold(net.picture, 4, stride=4).transpose(1, 2)),
        (tokens(), 4, 8),
    ),
    "a class token written over": (
        lambda net, x: written(net.tokens(1, x), (slice(None), 0), net.extra[None, 1]),
        (tokens(before=1), 4, 8),
    ),
    "complex numbers": (lambda net, x: last(x * 1j).abs(), (LAST, 4, 8)),
    "an autograd function": (lambda net, x: Square.apply(x), (FIRST, 4, 8)),
}  # fmt: skip


@pytest.mark.parametrize("name", GRIDS)
def test_a_grid_is_told_by_where_its_numbers_come_from(name):
    make, expected = GRIDS[name]
    assert told(make) == expected


NO_GRIDS = {
    "cells as a row": lambda net, x: x.flatten(2),
    "rows and columns exchanged": lambda net, x: x.transpose(2, 3),
    "mirrored": lambda net, x: x.flip(3),
    "mirrored and convolved": lambda net, x: F.avg_pool2d(x.flip(2), 2),
    "rolled": lambda net, x: x.roll(4, 3),
    "the left half": lambda net, x: x[..., :4],
    "beside its mirror image": lambda net, x: x + x.flip(3),
    "a class token in the middle": lambda net, x: in_the_middle(net.extra[None, :1], net.tokens(0, x)),
    "tokens by columns": lambda net, x: net.tokens(0, x.transpose(2, 3).contiguous()),
    "tokens left out": lambda net, x: net.tokens(0, x)[:, ::3],
    "tokens in the order of their numbers": lambda net, x: net.tokens(0, x).sort(1).values,
    "tokens before pictures": lambda net, x: net.tokens(0, x).transpose(0, 1),
    "heads of questions": lambda net, x: heads(net.tokens(1, x)),
    "an attention matrix": lambda net, x: matrix(net.tokens(0, x)),
    "a table of biases": lambda net, x: net.bias + 0 * x.mean(),
    "windows": lambda net, x: windows(last(x)),
    "mixed over all places": lambda net, x: net.mix(x.flatten(2)).view_as(x),
    "written over in part": lambda net, x: written(x * 1, (..., slice(4)), x[..., 4:]),
    "a Fourier transform": lambda net, x: torch.fft.fft2(x).real,
    "a mean": lambda net, x: x.mean((2, 3), keepdim=True).expand_as(x),
    "learned questions": lambda net, x: attend(net.positions[None], *[net.tokens(0, x)] * 2),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_GRIDS)
def test_what_is_no_grid_of_the_picture_is_left_out(name):
    assert told(NO_GRIDS[name]) is None


@pytest.mark.parametrize(
    ("size", "channels", "patch", "expected"),
    [
        ((32, 32), 8, (4, 1), (8, 32)),
        ((32, 32), 16, (32, 2), (1, 16)),
        ((32, 32), 128, (4, 1), (8, 32)),
        ((128, 128), 16, (16, 1), (8, 128)),
        ((64, 8), 64, (1, 4), (64, 2)),
        ((8, 64), 2, (8, 4), (1, 16)),
    ],
)
def test_a_convolutions_output_has_channels_first_whatever_its_proportions(size, channels, patch, expected):
    assert told(lambda net, x: x, size, channels=channels, patch=patch) == (FIRST, *expected)


@pytest.mark.parametrize("side", [8, 4])
def test_equal_sizes_don_t_confuse_the_channels_with_the_cells(side):
    """With 8 channels on 8 x 8 cells, every order of axes has the same shape."""
    size = (4 * side, 4 * side)
    assert told(lambda net, x: x, size) == (FIRST, side, side)
    assert told(lambda net, x: last(x), size) == (LAST, side, side)
    assert told(lambda net, x: x.permute(0, 3, 1, 2), size) is None


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_a_scripted_part_is_seen_through():
    class Scripted(Network):
        def __init__(self):
            super().__init__(lambda net, x: net.part(x))
            self.part = torch.jit.script(nn.Sequential(nn.Conv2d(8, 8, 2, 2), nn.GELU()))

    layers = grid_layers(Scripted().eval(), torch.rand(1, 3, 16, 32))
    assert [(layer.name, layer.height, layer.width) for layer in layers] == [("patches", 4, 8), ("seen", 2, 4)]
