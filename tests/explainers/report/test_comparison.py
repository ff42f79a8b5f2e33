"""The report of a comparison has its tiles in their grid, and says of the failed ones why."""

from dataclasses import replace

from PIL import Image

from explainers import GradCAM, Saliency, Target
from explainers.figures import Tile, Tints
from explainers.images.photo import Photo
from explainers.proof import brief
from explainers.question import Question
from explainers.report import comparison_report


def test_tiles_stand_in_their_grid_with_titles_lines_and_reasons(conv, monkeypatch):
    question = Question(Photo.of(Image.effect_noise((60, 40), 80).convert("RGB"), "photo.jpg"), conv, Target(1))
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
