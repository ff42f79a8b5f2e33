"""A narrow window: heading, picture, result, then everything else, and nothing behind a menu."""

from io import BytesIO

from PIL import Image


def test_picture_and_result_come_before_the_controls_and_all_of_them_work(app):
    app.page.context.grant_permissions(["camera"])
    app.sized(400, 800).open()
    heading, picture, *result, method = (
        app.at(key).first.bounding_box()["y"] for key in ("top", "picture-choice", "map", "answer", "method")
    )
    assert heading < picture < min(result)
    assert max(result) < method
    assert picture < 180
    folded = app.at("answer").bounding_box()["y"]
    app.page.get_by_text("Also show the picture and the map by themselves").click()
    app.until(lambda: app.at("answer").bounding_box()["y"] > folded + 100)  # under the small panels
    assert app.page.get_by_test_id("stExpandSidebarButton").is_hidden()
    assert app.fits_sideways
    before = app.heat
    app.method("Vanilla gradient").until(lambda: app.heat and app.heat != before)
    app.choose("sample", "Your own picture").until(lambda: app.page.get_by_test_id("stFileUploader").count())
    app.at("camera").get_by_text("Use the camera").click()
    app.at("picture-choice").get_by_test_id("stCameraInput").wait_for()
    app.at("camera").get_by_text("Use the camera").click()
    app.until(lambda: app.page.get_by_test_id("stFileUploader").count())
    Image.new("RGB", (80, 80), "teal").save(photo := BytesIO(), "JPEG")
    app.upload("teal.jpg", photo.getvalue()).until(lambda: app.heat and app.picture.getpixel((30, 30))[0] < 60)
    assert app.fits_sideways


def test_of_several_own_pictures_only_the_thumbnails_come_before_the_result(visitor):
    app = visitor(viewport={"width": 400, "height": 800}).open(method="vanilla-gradient", sample="own")
    app.page.locator('[data-testid="stFileUploader"] input[type=file]').set_input_files([*files()])
    app.until(lambda: app.heat and app.at("tray").count())
    thumbnails, result, removal, method = (
        app.at(key).first.bounding_box()["y"] for key in ("tray", "map", "remove", "method")
    )
    assert thumbnails < result < removal < method
    assert result < 500
    assert app.fits_sideways


def files():
    """Two photos."""
    for colour in ("teal", "olive"):
        Image.new("RGB", (80, 80), colour).save(file := BytesIO(), "JPEG")
        yield {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
