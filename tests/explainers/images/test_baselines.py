"""Baselines by hand, in pixel units."""

import pytest
import torch
from torchvision.transforms.functional import gaussian_blur

from explainers.images.baselines import BASELINES, baseline, blurred, solid

PICTURES = torch.rand((2, 3, 6, 9), generator=torch.Generator().manual_seed(0))
MEAN = (0.4, 0.5, 0.6)


def make(name, pictures=PICTURES, **more):
    return baseline(name, pictures, mean=MEAN[: pictures.shape[1]], **more)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_each_is_a_picture_per_picture(name, dtype):
    found = make(name, PICTURES.to(dtype), draws=4)
    assert found.shape == (2, 4 if name == "random" else 1, 3, 6, 9)
    assert found.dtype == dtype
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize(
    ("name", "more", "colour"),
    [
        ("black", {}, (0, 0, 0)),
        ("white", {}, (1, 1, 1)),
        ("grey", {}, (0.5, 0.5, 0.5)),
        ("dataset mean", {}, MEAN),
        ("colour", {"colour": "#ff0033"}, (1, 0, 0.2)),
        ("colour", {"colour": "#FF0033"}, (1, 0, 0.2)),
    ],
)
def test_some_are_one_colour(name, more, colour):
    expected = torch.tensor(colour).float().view(1, 1, 3, 1, 1).expand(2, 1, 3, 6, 9)
    torch.testing.assert_close(make(name, **more), expected)


def test_a_colour_is_grey_to_a_classifier_of_one_channel():
    assert float(solid("#ffffff", 1)) == pytest.approx(1)
    assert solid("#ff0000", 1).tolist() == [pytest.approx(0.299)]
    assert make("colour", PICTURES[:, :1], colour="#00ff00").unique().tolist() == [pytest.approx(0.587)]


def test_random_pictures_do_not_depend_on_the_default_data_type():
    drawn = make("random", seed=1, draws=3)
    torch.set_default_dtype(torch.float64)
    try:
        again = make("random", seed=1, draws=3)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(drawn, again)


def test_random_pictures_come_from_the_seed_alone():
    before = torch.random.get_rng_state()
    first, again, other = (
        make("random", seed=1, draws=3),
        make("random", seed=1, draws=3),
        make("random", seed=2, draws=3),
    )
    assert first.equal(again)
    assert not first.equal(other)
    assert first[0].equal(first[1])  # every picture of a batch starts from the same ones
    assert len(first[0].flatten(1).unique(dim=0)) == 3
    assert torch.random.get_rng_state().equal(before)
    assert 0.4 < first.mean() < 0.6


@pytest.mark.parametrize("percent", [1.0, 10.0, 50.0])
@pytest.mark.parametrize("size", [(6, 9), (64, 64), (1, 5), (1, 1), (37, 41)])
def test_a_constant_picture_stays_constant_under_blur(percent, size):
    picture = torch.full((1, 3, *size), 0.3)
    torch.testing.assert_close(blurred(picture, percent), picture)


def test_blur_is_gaussian_with_a_share_of_the_longer_side():
    dot = torch.zeros(1, 1, 101, 81)
    dot[0, 0, 50, 40] = 1
    found = blurred(dot, 100 * 4 / 101)[0, 0].double()  # a standard deviation of 4 pixels
    rows = torch.arange(101.0).double() - 50
    assert float(found.sum()) == pytest.approx(1, abs=1e-5)
    assert float((found.sum(1) * rows**2).sum()) == pytest.approx(16, rel=0.03)  # cut off at 3 standard deviations
    assert found[50, 44] / found[50, 40] == pytest.approx(torch.exp(torch.tensor(-0.5)).item(), rel=1e-4)


@pytest.mark.parametrize("percent", [1.0, 10.0, 50.0])
def test_blur_is_torchvisions_bit_for_bit(percent):
    sigma = percent / 100 * 9
    radius = min(int(3 * sigma) + 1, 5)
    assert blurred(PICTURES, percent).equal(gaussian_blur(PICTURES, [2 * radius + 1] * 2, [sigma] * 2))


def test_more_blur_leaves_less():
    spread = [float(blurred(PICTURES, percent).var()) for percent in (1.0, 10.0, 50.0)]
    assert spread == sorted(spread, reverse=True)


def test_each_picture_is_blurred_by_itself():
    torch.testing.assert_close(make("blurred picture")[1], make("blurred picture", PICTURES[1:])[0])


def test_an_unknown_name_is_a_bug():
    with pytest.raises(ValueError, match="no baseline is called 'noise'"):
        make("noise")
