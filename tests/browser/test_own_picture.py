"""A visitor's own picture: uploaded, refused, removed, or taken by a camera that nothing asks for unbidden."""

from io import BytesIO

from PIL import ExifTags, Image

COUNTING = """
    window.asked = 0
    const media = navigator.mediaDevices
    const ask = media.getUserMedia.bind(media)
    media.getUserMedia = wishes => { window.asked += 1; return ask(wishes) }
"""
FILMING = "document.querySelector('[data-testid=stCameraInput] video')?.videoWidth"


def lying() -> bytes:
    """A JPEG that is red on the left and blue on the right, taken with the camera turned: its top is red."""
    picture = Image.new("RGB", (120, 120), "red")
    picture.paste("blue", (60, 0, 120, 120))
    exif, file = Image.Exif(), BytesIO()
    exif[ExifTags.Base.Orientation] = 6
    picture.save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def is_lying_one(picture) -> bool:
    red, blue = (picture.getpixel((32, row)) for row in (8, 56))
    return red[0] > 200 > 50 > red[2] and blue[2] > 200 > 50 > blue[0]


def test_an_upload_is_explained_upright_and_kept_until_it_is_removed(app):
    sample = app.open().heat
    app.choose("source", "Upload").until(lambda: app.page.get_by_test_id("stFileUploader").count())
    app.upload("my_holiday_*1*.jpg", lying()).until(lambda: app.heat != sample)
    own = app.heat
    assert is_lying_one(app.picture)
    assert app.page.get_by_text("my_holiday_*1*.jpg").count()
    app.choose("source", "Samples").until(lambda: app.heat == sample)
    app.choose("source", "Upload").until(lambda: app.heat == own)
    assert app.page.get_by_text("my_holiday_*1*.jpg").count()
    app.at("remove").get_by_role("button").click()
    app.until(lambda: app.heat == sample)
    assert app.at("remove").count() == 0
    assert app.address == {}


def test_a_refused_upload_leaves_the_map_as_it_was(app):
    sample = app.open().heat
    app.choose("source", "Upload").until(lambda: app.page.get_by_test_id("stFileUploader").count())
    app.upload("cat.png", b"not a picture at all", "image/png").until(lambda: app.messages)
    assert "cat.png: This file is not a picture that can be read" in app.messages
    assert app.heat == sample
    app.upload("dog.jpg", lying()).until(lambda: app.heat != sample)
    assert app.messages == ""


def test_the_camera_is_asked_for_only_when_it_is_chosen(visitor):
    app = visitor(permissions=["camera"])
    app.page.add_init_script(COUNTING)
    sample = app.open().heat
    app.choose("source", "Upload").until(lambda: app.page.get_by_test_id("stFileUploader").count())
    camera = app.page.get_by_test_id("stCameraInput")
    assert camera.count() == 0
    assert app.page.evaluate("asked") == 0
    app.choose("source", "Camera").until(lambda: app.page.evaluate("asked"))
    assert camera.count() == 1
    assert app.heat == sample
    app.until(lambda: app.page.evaluate(FILMING))
    app.page.get_by_test_id("stCameraInputButton").click()
    app.until(lambda: app.heat != sample)
    assert app.at("remove").count() == 1
    app.choose("source", "Samples").until(lambda: app.heat == sample)
    assert camera.count() == 0
