"""The report of a comparison has its tiles in their grid, and says of the failed ones why."""

import re
from dataclasses import replace

import pytest
from PIL import Image

from explainers import GradCAM, Saliency, Target
from explainers.experiments import Finding
from explainers.figures import Tile, Tints, spans
from explainers.images.photo import Photo
from explainers.proof import brief
from explainers.question import Question
from explainers.report import comparison_report

ENDS = re.compile(r'<div class="ends"><span>([^<]*)</span><span>([^<]*)</span>')


@pytest.fixture
def question(conv):
    return Question(Photo.of(Image.effect_noise((60, 40), 80).convert("RGB"), "photo.jpg"), conv, Target(1))


@pytest.fixture
def tiles(question):
    """An unsigned map, the same with its signs, no map, and a map of another size."""
    shown = [Saliency().explain(question), Saliency().explain(question).reduced("signed sum")]
    two = [Tile(title, "", each, Saliency(), question) for title, each in zip(("One", "Two"), shown, strict=True)]
    return [*two, Tile("None", "Choose the logit."), Tile("CAM", "", GradCAM().explain(question), GradCAM(), question)]


def test_tiles_stand_in_their_grid_with_titles_lines_and_reasons(conv, question, monkeypatch):
    asked, predict = [], conv.predict
    monkeypatch.setattr(conv, "predict", lambda *photo: asked.append(photo) or predict(*photo))
    tiles = [
        Tile(kind.title, brief(kind(), conv, kind().explain(question)), kind().explain(question), kind(), question)
        for kind in (Saliency, GradCAM)
    ]
    signed = tiles[0].explanation.reduced("signed sum")
    tiles += [Tile("CAM", "Choose the logit."), replace(tiles[0], title="Signed", explanation=signed)]
    page = comparison_report(tiles, 2, Tints(shared=True), title="Three methods", notes="Look.")
    assert len(asked) == 1
    assert "--columns: 2" in page
    grid = page[page.index('<div class="grid"') : page.index('<section class="result"')]
    places = [
        grid.index(part) for part in (Saliency.title, GradCAM.title, "CAM</strong>", "Choose the logit.", "Signed")
    ]
    assert places == sorted(places)
    assert grid.count("1 pass") == 3
    assert "<h1>Three methods</h1>" in page
    assert "3 of 4 maps" in page


@pytest.mark.parametrize("shared", [False, True])
def test_the_colour_scale_is_the_pages(tiles, shared):
    tints = Tints(shared=shared)
    page = comparison_report(tiles, 2, tints)
    limits = spans([tile.explanation for tile in tiles if tile.explanation], tints)
    drawn = [tuple(float(end.split(",")[0]) for end in ends) for ends in ENDS.findall(page)]
    assert drawn == [pytest.approx(span, rel=1e-2) for span in limits]
    assert len({*drawn}) == (1 if shared else 3)
    assert ("All maps share one colour scale" in page) == shared
    assert ("Each map has its own colour scale" in page) != shared


def test_what_tests_of_a_map_found_stands_with_that_map(tiles):
    finding = Finding("against", "It fails.", "The map **fails**.", "")
    page = comparison_report(tiles, 2, Tints(), findings=[{}, {"Stability": finding}, {}, {}])
    first, second, third = page.split('<section class="result">')[1:4]
    assert "<strong>Stability</strong>: The map <strong>fails</strong>." in second
    assert "Stability" not in first + third
    assert "1 of them had been tested" in page
