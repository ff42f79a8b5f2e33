"""A visitor's own picture: uploaded, refused, missed, shared, or taken by a camera that nothing asks for unbidden."""

import re
from io import BytesIO

import pillow_heif
import pytest
from PIL import ExifTags, Image

pillow_heif.register_heif_opener()

COUNTING = """
    window.asked = 0
    const media = navigator.mediaDevices
    const ask = media.getUserMedia.bind(media)
    media.getUserMedia = wishes => { window.asked += 1; return ask(wishes) }
"""
FILMING = "document.querySelector('[data-testid=stCameraInput] video')?.videoWidth"
SHADOW = "getComputedStyle(document.querySelector('.st-key-sample [role=radio]:last-of-type')).backgroundImage"


def lying(kind: str = "JPEG") -> bytes:
    """A file that is red on the left and blue on the right, taken with the camera turned: its top is red."""
    picture = Image.new("RGB", (120, 120), "red")
    picture.paste("blue", (60, 0, 120, 120))
    exif, file = Image.Exif(), BytesIO()
    exif[ExifTags.Base.Orientation] = 6
    picture.save(file, kind, quality=95, exif=exif.tobytes())
    return file.getvalue()


def is_lying_one(picture) -> bool:
    red, blue = (picture.getpixel((32, row)) for row in (8, 56))
    return red[0] > 200 > 50 > red[2] and blue[2] > 200 > 50 > blue[0]


def own(app):
    """The page with the widgets for one's own picture."""
    app.choose("sample", "Your own picture").until(lambda: app.page.get_by_test_id("stFileUploader").count())
    return app


@pytest.mark.parametrize(("name", "kind"), [("my_holiday_*1*.jpg", "JPEG"), ("IMG_0001.HEIC", "HEIF")])
def test_an_upload_is_explained_upright_and_kept_until_it_is_removed(app, name, kind):
    sample = app.open().heat
    own(app).upload(name, lying(kind)).until(lambda: app.heat not in (sample, None))
    heat = app.heat
    assert is_lying_one(app.picture)
    assert app.page.get_by_text(name).count()
    assert "data:image/jpeg" in app.page.evaluate(SHADOW)  # it is in the strip
    app.choose("sample", "Cup of coffee").until(lambda: app.heat == sample)
    app.choose("sample", "Your own picture").until(lambda: app.heat == heat)
    assert app.page.get_by_text(name).count()
    app.at("remove").get_by_role("button").click()
    app.until(lambda: app.heat == sample)
    assert app.at("remove").count() == 0
    assert app.address == {}


def test_a_refused_upload_says_why_in_place_of_a_result(app, tmp_path):
    own(app.open()).upload("dog.jpg", lying()).until(lambda: app.heat and "photo" in app.address)
    for name, kind in (("drawing.svg", "image/svg+xml"), ("notes.jpg", "image/jpeg")):
        app.upload(name, b"<svg xmlns='http://www.w3.org/2000/svg'/>", kind).until(
            lambda name=name: name in app.messages
        )
        assert "This file is not a picture that can be read; JPEG, PNG" in app.messages
        assert app.chart("map") == []
        assert app.page.get_by_test_id("stFileChip").count() == 0
    app.at("go-on").get_by_role("button").click()
    app.until(lambda: app.heat and not app.messages)
    expander = app.page.get_by_text("More pictures")
    expander.click()
    for name in ("large.png", "larger.png"):  # which the browser refuses
        (tmp_path / name).write_bytes(bytes(30_000_000))
        app.upload(name, tmp_path / name)
        app.page.get_by_text(name).wait_for()
    reason = app.page.get_by_text("File must be 20.0MB or smaller.")
    assert [each.is_visible() for each in reason.all()] == [False, True]  # of the last file alone
    assert reason.last.bounding_box()["width"] > 100
    assert not app.at("map").is_visible()
    app.upload("dog.jpg", lying()).until(lambda: app.at("map").is_visible())
    assert reason.count() == 0


def test_a_link_or_a_reload_without_its_photo_says_so_on_every_page(app):
    own(app.open()).upload("dog.jpg", lying()).until(lambda: app.heat and "photo" in app.address)
    heat, address = app.heat, app.address
    assert address.keys() == {"sample", "photo"}
    app.page.reload()
    app.idle().until(lambda: app.messages)
    assert "a picture of 120 × 120 pixels" in app.messages
    assert app.chart("map") == []
    assert app.address == address
    app.upload("again.jpg", lying()).until(lambda: app.heat)
    assert app.heat == heat
    for page in ("compare", "path", "trust"):
        app.come(page, **address, box="10~10~50~50").idle().until(lambda: app.messages)
        assert "a picture of 120 × 120 pixels" in app.messages
        assert app.page.locator(".stMainBlockContainer .js-plotly-plot").count() == 0
        assert app.address["photo"] == address["photo"]
        assert app.address["box"] == "10~10~50~50"
    other = BytesIO()
    Image.new("RGB", (80, 60), "green").save(other, "PNG")
    app.upload("other.png", other.getvalue()).until(lambda: app.address["photo"] != address["photo"])
    assert "isn't the picture that the link or file was about" in app.messages
    assert "box" not in app.address


def test_a_link_with_the_picture_shows_it_elsewhere_until_it_is_withdrawn(app, visitor):
    own(app.open()).upload("secret name.jpg", lying()).until(lambda: app.heat and "photo" in app.address)
    heat = app.heat
    app.at("share").get_by_role("button").click()
    app.until(lambda: "shared" in app.address)
    app.page.reload()
    app.idle().until(lambda: app.heat)
    assert app.heat == heat
    other = visitor()
    other.page.goto(app.page.url)
    other.idle().until(lambda: other.heat)
    assert other.heat == heat
    assert other.page.get_by_text("secret name").count() == 0
    app.page.get_by_role("button", name=re.compile("Withdraw$")).click()
    app.until(lambda: "no longer shared" in app.messages)
    other.page.reload()
    other.idle().until(lambda: "no longer shared" in other.messages)
    assert other.chart("map") == []


def test_the_camera_is_asked_for_only_when_it_is_chosen(visitor):
    app = visitor(permissions=["camera"])
    app.page.add_init_script(COUNTING)
    sample = app.open().heat
    own(app)
    camera = app.page.get_by_test_id("stCameraInput")
    assert camera.count() == 0
    assert app.page.evaluate("asked") == 0
    app.at("camera").get_by_text("Use the camera").click()
    app.until(lambda: app.page.evaluate("asked"))
    assert camera.count() == 1
    assert app.chart("map") == []
    app.until(lambda: app.page.evaluate(FILMING))
    app.page.get_by_test_id("stCameraInputButton").click()
    app.until(lambda: app.heat not in (sample, None))
    assert app.at("remove").count() == 1
    assert camera.count() == 0
    app.choose("sample", "Cup of coffee").until(lambda: app.heat == sample)
