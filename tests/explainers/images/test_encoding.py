"""Pictures become images and files, and come back as they were."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from explainers.images.encoding import as_image, data_address, encode

LEVELS = np.random.default_rng(0).integers(0, 256, (4, 5, 6), dtype=np.uint8)  # (C, H, W)


def read(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize(("channels", "shown"), [(1, [0, 0, 0]), (2, [0, 0, 0]), (3, [0, 1, 2]), (4, [0, 1, 2])])
def test_a_picture_of_any_number_of_channels_is_shown(channels, shown):
    image = as_image((LEVELS[:channels] / 255).astype(np.float32))
    assert image.mode == "RGB"
    assert (np.asarray(image) == LEVELS[shown].transpose(1, 2, 0)).all()


def test_what_is_darker_than_black_or_brighter_than_white_is_black_or_white():
    assert np.asarray(as_image(np.array([[[-1.0, 2.0]]]))).tolist() == [[[0] * 3, [255] * 3]]


def test_a_png_loses_nothing():
    image = as_image(LEVELS[:3] / 255)
    assert (read(encode(image)) == np.asarray(image)).all()


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_an_address_holds_the_file(kind):
    image = as_image(LEVELS[:3] / 255)
    start, _, data = data_address(image, kind).partition(",")
    assert start == f"data:image/{kind};base64"
    assert base64.b64decode(data) == encode(image, kind)
