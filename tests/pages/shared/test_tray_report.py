"""One report tells of all the visitor's own pictures: the maps of the pages, and what tests have found of them."""

from io import BytesIO

import pytest
from PIL import Image

from explainers import Saliency, Target
from explainers.experiments import Stability
from explainers.images.photo import Photo
from explainers.question import Question
from pages.shared import stopping, tray_report, work

SESSION = "test session id"  # as Streamlit's tests have it


def noise(size):
    file = BytesIO()
    Image.effect_noise((size, size), 80).convert("RGB").save(file, "PNG")
    return file.getvalue()


FILES = {"one.png": noise(60), "two.png": noise(70)}


@pytest.fixture
def at(visit, own_jobs):
    """The dashboard with two pictures."""
    at = visit({"sample": "own", "method": "vanilla-gradient"})
    return run(at.file_uploader[0].set_value([(name, data, "image/png") for name, data in FILES.items()]))


def run(given):
    at = given.run()
    assert not at.exception
    return at


@pytest.fixture
def asked(at, own_jobs):
    """() -> the report, after a click on the button."""

    def ask():
        run(at.button(key="ask-tray-report").click())
        assert "ask-tray-report" not in [button.key for button in at.button]
        return own_jobs.kept("reports")[-1][1].decode()

    return ask


def test_each_picture_is_asked_about_its_own_top_prediction_or_the_chosen_class(at, asked, bundled):
    tops = [bundled.predict(Photo.read(name, data).image)[0].label for name, data in FILES.items()]
    page = asked()
    assert "2 of 2 maps" in page
    for name, top in zip(FILES, tops, strict=True):
        assert f">{name}: {top}<" in page
    run(at.button(key="tray-next").click())  # it is the same report
    assert "ask-tray-report" not in [button.key for button in at.button]
    run(at.selectbox(key="class").select("teapot"))
    page = asked()
    assert [f">{name}: teapot<" in page for name in FILES] == [True, True]


def test_what_tests_have_found_is_told_and_known_maps_are_not_computed_again(at, asked, bundled, passed):
    photo = Photo.read("one.png", FILES["one.png"])
    question = Question(photo, bundled, Target(bundled.predict(photo.image)[0].index))
    explanation = work.known_explanation(Saliency(), question)
    outcome = work.outcome(Stability(draws=1), Saliency(), question, explanation)
    passed.clear()
    page = asked()
    assert passed == [1]  # of the other picture
    assert page.count("No test of this map had been run") == 1
    assert "1 of them had been tested" in page
    assert outcome.finding.caveat.split(".")[0] in page


def test_a_stop_is_said_and_the_report_can_be_started_again(at, own_jobs):
    stopping._STOPPED.add(SESSION)
    run(at.button(key="ask-tray-report").click())
    assert "Not computed, because it was stopped." in [info.value for info in at.info]
    assert not own_jobs.kept("reports")
    run(at.button(key="start-again").click())
    assert not at.info
    assert b"2 of 2 maps" in own_jobs.kept("reports")[-1][1]


def test_a_tray_that_is_emptied_while_its_report_is_made_has_none(at, own_jobs, monkeypatch):
    digests = [Photo.read(name, data).digest for name, data in FILES.items()]

    def emptied(*arguments, **options):
        for digest in digests:
            own_jobs.forget(digest)  # as it is done when the visitor lets the pictures go
        return "too late"

    monkeypatch.setattr(tray_report, "photos_report", emptied)
    run(at.button(key="ask-tray-report").click())
    assert not own_jobs.kept("reports")
    run(at.button(key="remove-all").click())
    assert "ask-tray-report" not in [button.key for button in at.button]
    assert not at.get("download_button") or "save-tray-report" not in [each.key for each in at.get("download_button")]


def test_a_sample_or_a_single_picture_has_no_button(at):
    run(at.pills(key="sample").set_value("coffee"))
    assert "ask-tray-report" not in [button.key for button in at.button]
    run(at.pills(key="sample").set_value("own"))
    run(at.button(key="remove").click())
    assert "ask-tray-report" not in [button.key for button in at.button]
