"""What removed pixels become, by hand and against a direct solver."""

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.sparse.linalg import spsolve

from explainers.experiments.removal.fills import (
    IMPUTATION_NOISE,
    IMPUTATION_TOLERANCE,
    LINEAR_IMPUTATION,
    PIXEL_FILLS,
    fill,
    impute,
)
from explainers.images.baselines import baseline

MEAN = (0.4, 0.5, 0.6)
EMPTY = torch.tensor(MEAN, dtype=torch.float64).view(3, 1, 1)


def grey(rows):
    """(1, H, W) of numbers."""
    return torch.tensor([rows], dtype=torch.float64)


def holes(*rows):
    """(1, H, W): x is removed."""
    return torch.tensor([[[each == "x" for each in row] for row in rows]])


def solved(picture, removed):
    """The same by a sparse direct solver, pixel by pixel as Rong et al. write it: (C, H, W)."""
    channels, height, width = picture.shape
    numbers, wanted = np.full((height, width), -1), np.argwhere(removed)
    numbers[removed] = np.arange(len(wanted))
    left, right = sparse.lil_matrix((len(wanted), len(wanted))), np.zeros((len(wanted), channels))
    for row, (y, x) in enumerate(wanted):
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                v, u = y + down, x + across
                if (down, across) == (0, 0) or not (0 <= v < height and 0 <= u < width):
                    continue
                weight = 1 / 12 if down and across else 1 / 6
                left[row, row] += weight
                if removed[v, u]:
                    left[row, numbers[v, u]] -= weight
                else:
                    right[row] += weight * picture[:, v, u]
    found = picture.copy()
    found[:, removed] = spsolve(left.tocsc(), right).reshape(len(wanted), channels).T
    return found


def test_one_pixel_is_a_sixth_of_those_at_its_sides_and_a_twelfth_of_those_at_its_corners():
    picture, removed = grey([[1, 2, 3], [4, 0, 6], [7, 8, 9]]), holes("...", ".x.", "...")
    expected = (2 + 4 + 6 + 8) / 6 + (1 + 3 + 7 + 9) / 12  # 20/6 + 20/12 = 5
    assert impute(picture, removed, EMPTY[:1])[0, 0, 1, 1] == pytest.approx(expected, abs=IMPUTATION_TOLERANCE)


def test_in_a_corner_the_weights_of_those_that_are_there_add_up_to_one():
    picture, removed = grey([[0, 2], [4, 7]]), holes("x.", "..")
    expected = (2 / 6 + 4 / 6 + 7 / 12) / (1 / 6 + 1 / 6 + 1 / 12)  # (4 + 8 + 7) / 5
    assert expected == pytest.approx(19 / 5)
    assert impute(picture, removed, EMPTY[:1])[0, 0, 0, 0] == pytest.approx(expected, abs=3 * IMPUTATION_TOLERANCE)


def test_a_gap_in_a_line_is_bridged_evenly_and_an_end_is_continued():
    found = impute(grey([[0, 9, 9, 3]]), holes(".xx."), EMPTY[:1])  # x1 = (0 + x2)/2 and x2 = (x1 + 3)/2: 1 and 2
    assert found.flatten().tolist() == pytest.approx([0, 1, 2, 3], abs=10 * IMPUTATION_TOLERANCE)
    found = impute(grey([[0.5, 9, 9]]), holes(".xx"), EMPTY[:1])  # x2 = x1 and x1 = (.5 + x2)/2: all .5
    assert found.flatten().tolist() == pytest.approx([0.5] * 3, abs=30 * IMPUTATION_TOLERANCE)


@pytest.mark.parametrize("size", [(16, 16), (29, 24), (5, 33)], ids=str)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_every_imputed_pixel_is_the_weighted_mean_of_its_neighbours_as_a_direct_solver_has_it(noise, size, share):
    picture = noise(size, seed=1, dtype=torch.float64)
    order = noise(size, channels=2, seed=2, dtype=torch.float64)
    smooth = torch.nn.functional.avg_pool2d(order[1:], 5, 1, 2)[0]  # scattered holes, and large ones
    removed = torch.stack([each < each.flatten().quantile(share) for each in (order[0], smooth)])
    found = impute(picture, removed, EMPTY)
    for got, hole in zip(found, removed, strict=True):
        expected = solved(picture.numpy(), hole.numpy())
        np.testing.assert_allclose(got.numpy(), expected, atol=0.01)  # a fifth of a level is 0.0008
        assert np.abs(got.numpy() - expected).mean() < 0.001
        assert torch.equal(got[:, ~hole], picture[:, ~hole])


def test_each_mask_is_solved_for_itself(noise):
    picture = noise((20, 20))
    removed = torch.stack([noise((20, 20), 1, seed)[0] < share for seed, share in ((1, 0.2), (2, 0.95), (3, 2.0))])
    together = impute(picture, removed, EMPTY.float())
    for hole, found in zip(removed, together, strict=True):
        assert torch.allclose(impute(picture, hole[None], EMPTY.float())[0], found, atol=1e-6)


def test_of_nothing_the_mean_colour_is_left(noise):
    found = impute(noise((6, 7)), torch.ones(1, 6, 7, dtype=torch.bool), EMPTY.float())
    assert torch.allclose(found, EMPTY.float().expand(1, 3, 6, 7))


def test_imputed_pixels_are_noisy_and_the_same_in_every_picture(noise):
    picture = noise((40, 40))
    removed = torch.stack([noise((40, 40), 1, 5)[0] < share for share in (0.4, 0.8)])
    first, again, other = (fill(LINEAR_IMPUTATION, picture, mean=MEAN, seed=seed)(removed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    added = first - impute(picture, removed, EMPTY.float())
    spread = added[:, :, removed[0]].std()
    assert spread == pytest.approx(IMPUTATION_NOISE, rel=0.1)
    assert torch.allclose(added[0][:, removed[0]], added[1][:, removed[0]], atol=1e-5)
    assert torch.equal(first[0][:, ~removed[0]], picture[:, ~removed[0]])


@pytest.mark.parametrize("name", [name for name in PIXEL_FILLS if name != LINEAR_IMPUTATION])
def test_the_others_are_the_baselines_in_every_channel_alike(noise, name):
    picture, removed = noise((12, 10)), noise((12, 10), 1, 7) < 0.5
    found = fill(name, picture, mean=MEAN)(removed)
    instead = baseline(name, picture[None], mean=MEAN)[0, 0]
    assert torch.equal(found[0][:, removed[0]], instead[:, removed[0]])
    assert torch.equal(found[0][:, ~removed[0]], picture[:, ~removed[0]])
