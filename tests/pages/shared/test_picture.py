"""A visitor's own picture is kept, refused with a sentence, and removed."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.testing.v1 import AppTest

from explainers.images.photo import Photo
from explainers.images.samples import SAMPLES
from pages.shared import picture as picture_module
from pages.shared import state
from pages.shared.picture import SAMPLE_PHOTOS

COFFEE, CHELSEA = (SAMPLE_PHOTOS[name] for name in ("coffee", "chelsea"))


def page():
    """A page that chooses a picture and tells which."""
    import streamlit as st

    from pages.shared import state
    from pages.shared.picture import choose_picture

    state.begin()
    photo = choose_picture()
    state.publish()
    st.text(photo.name)
    st.text(photo.digest)


def run(given):
    """The page after a run that a widget started."""
    at = given.run()
    assert not at.exception
    return at


def chosen(at):
    """What the picture is called, and its digest."""
    return tuple(text.value for text in at.text)


def told(photo):
    return photo.name, photo.digest


def picture(colour="red", **options) -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), colour).save(file, "PNG", **options)
    return file.getvalue()


FILES = {"red.png": picture("red"), "blue.png": picture("blue")}
RED, BLUE = (Photo.read(name, data) for name, data in FILES.items())


@pytest.fixture
def at():
    return run(AppTest.from_function(page, default_timeout=60))


@pytest.fixture
def uploading(at):
    return run(at.segmented_control(key="source").set_value("Upload"))


def upload(at, name, data=None):
    """The page after an upload; without data, of the file of that name."""
    return run(at.file_uploader[0].set_value((name, data if data is not None else FILES[name], "image/png")))


def test_the_first_sample_comes_first(at):
    assert chosen(at) == told(COFFEE)


def test_every_sample_can_be_chosen(at):
    assert at.pills(key="sample").options == [photo.name for photo in SAMPLE_PHOTOS.values()]
    for name, photo in SAMPLE_PHOTOS.items():
        assert chosen(run(at.pills(key="sample").set_value(name))) == told(photo)


def test_a_sample_in_the_address_is_shown():
    at = AppTest.from_function(page, default_timeout=60)
    at.query_params["sample"] = "chelsea"
    assert chosen(run(at)) == told(CHELSEA)


def test_nothing_asks_for_a_file_or_the_camera_before_it_is_chosen(at):
    assert not at.file_uploader
    assert not at.camera_input
    assert len(run(at.segmented_control(key="source").set_value("Upload")).file_uploader) == 1
    assert not at.camera_input
    assert len(run(at.segmented_control(key="source").set_value("Camera")).camera_input) == 1
    assert not at.file_uploader


@pytest.mark.parametrize("source", ["Upload", "Camera"])
def test_until_there_is_another_picture_the_sample_stays(at, source):
    run(at.pills(key="sample").set_value("chelsea"))
    assert chosen(run(at.segmented_control(key="source").set_value(source))) == told(CHELSEA)


def test_an_upload_is_the_picture(uploading):
    assert chosen(upload(uploading, RED.name)) == told(RED)


def test_a_photo_from_the_camera_is_the_picture(at):
    run(at.segmented_control(key="source").set_value("Camera"))
    assert chosen(run(at.camera_input[0].upload("camera.jpg", FILES[RED.name]))) == ("camera.jpg", RED.digest)


def test_an_upload_outlives_a_look_at_the_samples(uploading):
    upload(uploading, RED.name)
    assert chosen(run(uploading.segmented_control(key="source").set_value("Samples"))) == told(COFFEE)
    assert chosen(run(uploading.segmented_control(key="source").set_value("Upload"))) == told(RED)


def test_another_upload_replaces_the_first(uploading):
    upload(uploading, RED.name)
    assert chosen(upload(uploading, BLUE.name)) == told(BLUE)


def test_emptying_the_uploader_does_not_lose_the_picture(uploading):
    upload(uploading, RED.name)
    assert chosen(run(uploading.file_uploader[0].set_value(None))) == told(RED)


def test_a_removed_upload_gives_way_to_the_sample(uploading):
    upload(uploading, RED.name)
    run(uploading.button(key="remove").click())
    assert chosen(uploading) == told(COFFEE)
    assert uploading.file_uploader[0].value is None
    assert not uploading.button
    assert chosen(upload(uploading, RED.name)) == told(RED)


@pytest.mark.parametrize("data", [b"", b"no picture at all", picture()[:60]])
def test_a_refused_upload_leaves_everything_as_it_was(uploading, data):
    upload(uploading, RED.name)
    upload(uploading, "cat.png", data)
    assert chosen(uploading) == told(RED)
    (error,) = uploading.error
    assert error.value.startswith("cat.png")


def test_a_refusal_goes_with_the_next_upload(uploading):
    upload(uploading, "cat.png", b"no picture at all")
    assert chosen(uploading) == told(COFFEE)
    upload(uploading, RED.name)
    assert not uploading.error


def test_a_refusal_goes_with_its_file(uploading):
    upload(uploading, "cat.png", b"no picture at all")
    run(uploading.file_uploader[0].set_value(None))
    assert not uploading.error


def test_signs_in_the_name_of_a_file_are_no_markdown(uploading):
    upload(uploading, "a*b* $1$.png", b"no picture at all")
    assert uploading.error[0].value.startswith(r"a\*b\* \$1\$.png")
    upload(uploading, "a*b* $1$.png", FILES[RED.name])
    assert r"a\*b\* \$1\$.png" in [caption.value for caption in uploading.caption]


def test_a_sample_is_shown_by_its_title():
    assert {name: photo.name for name, photo in SAMPLE_PHOTOS.items()} == {s.name: s.title for s in SAMPLES}


def deep() -> bytes:
    """A file of 12 bits in 16."""
    file = BytesIO()
    Image.fromarray(np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (8, 1))).save(file, "PNG")
    return file.getvalue()


def captions(at):
    return [caption.value for caption in at.caption]


def test_what_is_black_and_white_is_said_and_can_be_chosen(uploading):
    upload(uploading, "deep.png", deep())
    assert "Its 16-bit integers from 0 to 4,095 are shown from black to white." in captions(uploading)
    assert chosen(uploading) == told(Photo.read("deep.png", deep()))
    run(uploading.selectbox(key="levels").select("type"))
    assert chosen(uploading) == told(Photo.read("deep.png", deep(), "type"))
    assert "Its 16-bit integers from 0 to 65,535 are shown from black to white." in captions(uploading)
    assert uploading.query_params["levels"] == "type"
    upload(uploading, RED.name)
    assert not uploading.selectbox
    assert chosen(uploading) == told(RED)


@pytest.mark.parametrize(("text", "levels"), [("extremes", "extremes"), ("nonsense", "automatic")])
def test_levels_in_the_address_are_used_if_they_exist(text, levels):
    at = AppTest.from_function(page)
    at.query_params["levels"] = text
    run(at)
    run(at.segmented_control(key="source").set_value("Upload"))
    assert chosen(upload(at, "deep.png", deep())) == told(Photo.read("deep.png", deep(), levels))


def test_a_photo_that_was_scaled_down_says_so(uploading):
    file = BytesIO()
    Image.new("RGB", (2001, 1000), "red").save(file, "PNG", compress_level=1)
    upload(uploading, "large.png", file.getvalue())
    assert "It was scaled down from 2,001 × 1,000 to 1,001 × 500 pixels when it was read." in captions(uploading)


def test_a_shown_upload_stands_in_the_address(uploading):
    upload(uploading, RED.name)
    assert uploading.query_params == {"own-picture": "True"}
    run(uploading.button(key="remove").click())
    assert uploading.query_params == {}


def test_an_upload_that_the_server_no_longer_has_must_be_given_again():
    at = AppTest.from_function(page)
    at.query_params |= {"own-picture": "True", "sample": "chelsea"}
    assert chosen(run(at)) == told(CHELSEA)
    (error,) = at.error
    assert "choose it again" in error.value
    assert at.segmented_control(key="source").value == "Upload"
    assert at.query_params == {}  # samples are not on offer here
    assert chosen(upload(at, RED.name)) == told(RED)
    assert not at.error


def test_who_has_no_upload_and_does_not_want_one_can_go_back_to_the_samples():
    at = AppTest.from_function(page)
    at.query_params["own-picture"] = "True"
    run(at)
    run(at.segmented_control(key="source").set_value("Samples"))
    assert not at.error
    assert chosen(at) == told(COFFEE)
    assert at.query_params == {}


@pytest.mark.parametrize("text", ["1", "yes", "true", "False", ""])
def test_other_words_for_an_own_picture_say_nothing(text):
    at = AppTest.from_function(page)
    at.query_params["own-picture"] = text
    assert chosen(run(at)) == told(COFFEE)
    assert not at.error


@pytest.mark.parametrize("source", ["Upload", "Camera"])
def test_a_file_that_the_server_does_not_have_changes_nothing(monkeypatch, source):
    monkeypatch.setattr(state, "widget", lambda key: DeletedFile("gone"))
    monkeypatch.setattr(state, "remember", lambda key, value: pytest.fail("nothing is to be remembered"))
    monkeypatch.setattr(state, "keep_upload", lambda photo: pytest.fail("nothing is to be kept"))
    picture_module._keep_upload(f"{source}-0")
