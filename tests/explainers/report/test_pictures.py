"""Pictures of a map have the photo's size, and what is hot lies where it lies in the photo."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from torch import nn

from explainers import Saliency, Target, View, read_image
from explainers.figures import Look
from explainers.report.pictures import map_picture, overlay_picture

PHOTO_SIZE = (120, 90)
ORIENTATIONS = range(1, 9)


class RedMinusRest(nn.Module):
    """The first logit is the sum of red minus green and blue where all three are not alike."""

    def forward(self, pictures):
        score = (pictures[:, 0] - pictures[:, 1:].mean(1)).relu().square().sum((1, 2))
        return torch.stack([score, -score], 1)


def marked(at, orientation=1):
    """The bytes of a grey photo whose upright form has a red square of 6 pixels with this corner."""
    upright = Image.new("RGB", PHOTO_SIZE, (90, 90, 90))
    upright.paste((250, 20, 20), (*at, at[0] + 6, at[1] + 6))
    turns = {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}  # what a camera does, so that a viewer undoes it
    stored = upright
    for turn in turns.get(orientation, []):
        stored = stored.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = io.BytesIO()
    stored.save(file, "PNG", exif=exif)
    return file.getvalue()


def hottest(picture):
    """The middle (x, y) of what has the strongest colour of a map in black and white."""
    grey = np.asarray(picture.convert("L")).astype(int)
    grey[np.asarray(picture)[..., 3] == 0] = 255
    rows, columns = np.nonzero(grey == grey.min())
    return columns.mean() + 0.5, rows.mean() + 0.5


@pytest.fixture
def explain(classify):
    """(photo, view, size=(60, 60)) -> the gradient of a network that looks for red."""

    def ask(photo, view=None, size=(60, 60)):
        classifier = classify(RedMinusRest(), size, classes=2, view=view or View())
        return Saliency()(classifier, photo, Target(0))

    return ask


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("at", [(40, 12), (62, 70)])
def test_a_marked_photo_is_hottest_where_its_mark_is(explain, orientation, fit, at):
    photo = read_image(marked(at, orientation))
    assert photo.size == PHOTO_SIZE
    picture = map_picture(explain(photo, View(fit=fit)), Look("0 white, 1 black", clip=100))
    assert picture.size == PHOTO_SIZE
    x, y = hottest(picture)
    assert abs(x - at[0] - 3) <= 1
    assert abs(y - at[1] - 3) <= 1


def test_what_the_classifier_did_not_see_is_transparent_in_the_map_and_faded_in_the_overlay(explain):
    photo = Image.new("RGB", PHOTO_SIZE, (90, 90, 90))
    explanation = explain(photo)
    left, top, right, bottom = map(round, explanation.box)
    assert (left, top, right, bottom) == (15, 0, 105, 90)
    seen = np.asarray(map_picture(explanation))[..., 3]
    assert (seen[:, left:right] == 255).all()
    assert not seen[:, :left].any()
    assert not seen[:, right:].any()
    overlay = np.asarray(overlay_picture(explanation, photo=photo)).astype(int)
    assert np.abs(overlay[:, :left] - (90 + 255) / 2).max() <= 1
    assert (overlay[:, left:right] == 90).all()  # a map of zero is transparent


def test_an_overlay_without_the_photo_shows_what_the_classifier_saw(explain):
    photo = read_image(marked((40, 12)))
    explanation = explain(photo, View(fit="pad"))
    blank = replace(explanation, values=np.zeros_like(explanation.values))
    restored = np.asarray(overlay_picture(blank)).astype(int)
    assert restored.shape == (90, 120, 3)
    assert np.abs(restored - np.asarray(photo).astype(int)).mean() < 3


def test_a_tensor_is_drawn_in_its_own_size(explain):
    explanation = explain(torch.rand(3, 60, 60))
    assert map_picture(explanation).size == overlay_picture(explanation).size == (60, 60)


def test_signed_maps_have_the_colour_of_zero_in_the_middle(explain):
    explanation = explain(read_image(marked((40, 12)))).reduced("signed sum")
    colours = np.asarray(map_picture(explanation))[..., :3].astype(int)
    assert explanation.signed
    assert np.ptp(colours[0, 20]) < 20  # nearly white: nothing speaks for or against
    assert np.abs(overlay_picture(explanation).getpixel((20, 0))[0] - 90) <= 2


def test_a_photo_without_colours_is_drawn(explain):
    grey = Image.new("L", PHOTO_SIZE, 128)
    assert overlay_picture(explain(grey), photo=grey).mode == "RGB"
