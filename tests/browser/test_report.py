"""A report is opened from disk, with the network off: all is there, and without scripts all but the curves."""

import pytest
from PIL import Image

from explainers import GradCAM, IntegratedGradients, Target, load_classifier
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report import Failure, Result, report

MISSING = "[...document.images].filter(picture => !picture.naturalWidth).length"
FIGURES = "document.querySelectorAll('.js-plotly-plot .main-svg').length"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Where a report of two results and a failure lies."""
    classifier = load_classifier("bundled")
    photo = Photo.of(Image.effect_noise((90, 60), 60).convert("RGB"), "photo.jpg")
    likely, question = classifier.predict(photo.image), Question(photo, classifier, Target(0))
    results = [
        Result(method, question, method.explain(question), likely)
        for method in (IntegratedGradients(steps=4), GradCAM())
    ]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report([*results, Failure("broken.jpg", "It is damaged.")]), "utf-8")
    return path.as_uri()


@pytest.mark.parametrize("scripts", [True, False])
def test_it_asks_for_nothing_and_shows_everything(window, address, scripts):
    context = window(offline=True, java_script_enabled=scripts, viewport={"width": 400, "height": 800})
    page, asked, faults = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(address)
    page.locator("#assessor").wait_for()
    assert [url for url in asked if not url.startswith("data:")] == [address]
    assert page.locator("noscript").is_visible() is not scripts  # which says where the curves are
    assert page.evaluate(MISSING) == 0
    if scripts:
        assert page.evaluate(FIGURES) >= 3
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        page.locator('[data-asks="The provider fills in the intended purpose"]').type("Sorting mail.")
        assert page.get_by_text("Sorting mail.").count()
    assert faults == []
    context.close()
