"""A captioned picture says what its map shows, of whom, and what the check found."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from explainers import IntegratedGradients, Saliency, Target
from explainers.figures import Look, Tile, Tints
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report.captioned import captioned
from explainers.report.captioned_tiles import captioned_tiles
from explainers.report.drawing import Line, Picture, Text, png, svg

PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def path_map(conv):
    return IntegratedGradients(steps=20)(conv, PHOTO, Target(1, versus=2))


@pytest.fixture(scope="module")
def tiles(conv, path_map):
    """Two tiles with a map and, between them, one without."""
    question = Question(Photo.of(PHOTO, "x.png"), conv, Target(1))
    gradient = Saliency().explain(question)
    return [
        Tile("Gradient", "logit 1", gradient, Saliency(), question),
        Tile("Broken <b>", "There is no map & no tile."),
        Tile("Integrated", "logit 2", path_map, IntegratedGradients(steps=20), question),
    ]


def texts(drawing):
    return " ".join(part.text for part in drawing.parts if isinstance(part, Text))


def kinds(drawing, kind):
    return [part for part in drawing.parts if isinstance(part, kind)]


def test_a_map_has_its_title_its_scale_and_its_check(path_map):
    drawing = captioned(path_map, PHOTO, Look.first(path_map), name="holiday.jpg")
    said = texts(drawing)
    assert said.startswith(f"class 1 rather than class 2: logit {path_map.score:.2f}, Integrated Gradients")
    for part in ("conv · holiday.jpg", "Steps: 20", "against", "for ", "contribution to the logit", "pixels", "% off)"):
        assert part in said
    assert "**" not in said
    picture, overlay, bar = kinds(drawing, Picture)
    assert picture.image.size == overlay.image.size
    assert bar.image.height < 20
    assert not kinds(drawing, Line)


def test_a_path_has_its_curve(path_map):
    assert len(kinds(captioned(path_map, PHOTO, Look.first(path_map), curve=True), Line)) == 3


def test_a_strangers_label_breaks_nothing(path_map):
    strange = replace(path_map, facts=replace(path_map.facts, label="cat\x00\n</text>\ud800" + "W" * 5000))
    drawing = captioned(strange, None, Look.first(strange), name="\x1b" * 9)
    assert drawing.size[1] < 1000
    ElementTree.fromstring(svg(drawing))
    assert png(drawing).startswith(b"\x89PNG")


def test_tiles_stand_in_their_grid_with_titles_and_lines(tiles):
    drawing = captioned_tiles(tiles, 2, Tints(), title="Three maps")
    said = texts(drawing)
    for tile in tiles:
        assert tile.title in said
        assert tile.line in said
    places = {part.text: part.at for part in kinds(drawing, Text)}
    assert places["Gradient"][1] == places["Broken <b>"][1] < places["Integrated"][1]
    assert places["Gradient"][0] == places["Integrated"][0] < places["Broken <b>"][0]
    assert "Each map has its own colour scale." in said
    ElementTree.fromstring(svg(drawing))


def test_a_shared_scale_has_the_same_ends(tiles):
    drawing = captioned_tiles(tiles, 3, Tints(shared=True), title="Three maps")
    first, second = (bar for bar in kinds(drawing, Picture) if bar.image.height < 20)
    assert first.image.tobytes() == second.image.tobytes()
    numbers = [part.text.removesuffix(" against") for part in kinds(drawing, Text) if part.text.startswith("-")]
    assert len(numbers) == 2
    assert len(set(numbers)) == 1


def test_no_map_at_all_is_still_a_picture(tiles):
    assert png(captioned_tiles(tiles[1:2], 1, Tints(), title="One")).startswith(b"\x89PNG")
