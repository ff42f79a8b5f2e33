"""A picture is chosen from the strip. One's own is kept, refused with a sentence, missed, and removed."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from streamlit.runtime.uploaded_file_manager import DeletedFile

from explainers.images import tray
from explainers.images.photo import Photo
from explainers.images.samples import SAMPLES
from pages.shared import own_picture, state
from pages.shared.picture import sample_photo
from pages.shared.visits import VISITS

COFFEE, CHELSEA = (sample_photo(name) for name in ("coffee", "chelsea"))
pytestmark = pytest.mark.usefixtures("alone")


def page():
    """A page that chooses a picture and tells which."""
    import streamlit as st

    from pages.shared import state
    from pages.shared.frame import frame
    from pages.shared.picture import choose_picture

    with frame("Title", "Motto.") as page:
        photo = choose_picture()
        state.setting("box", "")
        page.publish_settings()
        st.text(photo.name)
        st.text(photo.digest)


def test_samples_are_decoded_anew_when_nobody_has_been_there_for_a_while():
    before = sample_photo("rocket")
    assert sample_photo("rocket") is before
    for forget in VISITS._emptiers:
        forget()
    after = sample_photo("rocket")
    assert after is not before
    assert after.digest == before.digest


def run(given):
    """The page after a run that a widget started."""
    at = given.run()
    assert not at.exception
    return at


def chosen(at):
    """What the picture is called, and its digest; nothing where no result would be shown."""
    return tuple(text.value for text in at.text)


def told(photo):
    return photo.name, photo.digest


def picture(colour="red", **options) -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), colour).save(file, "PNG", **options)
    return file.getvalue()


FILES = {f"{colour}.png": picture(colour) for colour in ("red", "blue", "green")}
RED, BLUE, GREEN = (Photo.read(name, data) for name, data in FILES.items())


@pytest.fixture
def visit(opened):
    return opened


@pytest.fixture
def at(visit):
    return visit()


@pytest.fixture
def uploading(at):
    return choose(at, "own")


def choose(at, name):
    """The page after a click on a thumbnail."""
    return run(at.pills(key="sample").set_value(name))


def upload(at, name, data=None):
    """The page after an upload; without data, of the file of that name."""
    return run(at.file_uploader[0].set_value((name, data if data is not None else FILES[name], "image/png")))


def test_the_first_sample_comes_first(at):
    assert chosen(at) == told(COFFEE)


def test_every_sample_can_be_chosen_and_says_why_it_is_there(at):
    assert at.pills(key="sample").options == [*(sample.title for sample in SAMPLES), "Your own picture"]
    for sample in SAMPLES:
        assert chosen(choose(at, sample.name)) == told(sample_photo(sample.name))
        assert at.caption[0].value == f"**{sample.title}.** {sample.caption}"
        assert at.query_params == ({} if sample == SAMPLES[0] else {"sample": sample.name})


def test_a_sample_is_decoded_when_it_is_chosen_and_only_once(at, monkeypatch):
    decoded = []
    monkeypatch.setattr("pages.shared.picture.Photo.read", lambda name, data: decoded.append(name) or CHELSEA)
    sample_photo.cache_clear()
    for name in ("chelsea", "coffee", "chelsea"):
        choose(at, name)
    sample_photo.cache_clear()
    assert decoded == [CHELSEA.name, COFFEE.name]


@pytest.mark.parametrize(("name", "photo"), [("chelsea", CHELSEA), ("nonsense", COFFEE)])
def test_a_sample_in_the_address_is_shown_if_it_exists(visit, name, photo):
    assert chosen(visit(sample=name)) == told(photo)


def test_nothing_asks_for_a_file_or_the_camera_before_it_is_chosen(at):
    assert not at.file_uploader
    assert not at.camera_input
    assert len(choose(at, "own").file_uploader) == 1
    assert not at.camera_input
    assert len(run(at.toggle(key="camera").set_value(True)).camera_input) == 1
    assert not at.file_uploader


def test_until_there_is_a_picture_of_ones_own_none_is_explained(at):
    choose(at, "chelsea")
    assert chosen(choose(at, "own")) == ()
    assert at.info[0].value == own_picture.INVITATION
    assert at.query_params == {"sample": "own"}


def test_an_upload_is_the_picture(uploading):
    assert chosen(upload(uploading, RED.name)) == told(RED)
    assert not uploading.file_uploader[0].value  # it is empty again
    assert not uploading.info


def test_a_photo_from_the_camera_is_the_picture_and_the_camera_is_off_again(uploading):
    run(uploading.toggle(key="camera").set_value(True))
    assert chosen(run(uploading.camera_input[0].upload("camera.jpg", FILES[RED.name]))) == ("camera.jpg", RED.digest)
    assert not uploading.camera_input


def test_an_upload_outlives_a_look_at_the_samples(uploading):
    upload(uploading, RED.name)
    assert chosen(choose(uploading, "coffee")) == told(COFFEE)
    assert chosen(choose(uploading, "own")) == told(RED)


def test_another_upload_is_shown_and_the_first_stays_at_hand(uploading):
    upload(uploading, RED.name)
    assert chosen(upload(uploading, BLUE.name)) == told(BLUE)
    assert not uploading.warning
    assert chosen(press(uploading, "tray-previous")) == told(RED)


def press(at, key):
    """The page after a click on a button."""
    return run(at.button(key=key).click())


def bring(at, *names, **others):
    """The page after an upload of several files: of FILES by their names, and others by their stems."""
    files = {**{name: FILES[name] for name in names}, **{f"{name}.png": data for name, data in others.items()}}
    return run(at.file_uploader[0].set_value([(name, data, "image/png") for name, data in files.items()]))


def test_several_pictures_are_paged_through_and_the_settings_stay(uploading):
    uploading.query_params["class"] = "teapot"
    assert chosen(bring(uploading, *FILES)) == told(RED)
    assert uploading.pills(key="tray").options == [*FILES]
    for key, photo in (("tray-next", BLUE), ("tray-next", GREEN), ("tray-previous", BLUE)):
        assert chosen(press(uploading, key)) == told(photo)
        assert uploading.pills(key="tray").value == uploading.query_params["photo"] == photo.fingerprint
    assert "2 of 3" in captions(uploading)
    assert chosen(run(uploading.pills(key="tray").set_value(GREEN.fingerprint))) == told(GREEN)
    assert [uploading.button(key=f"tray-{step}").disabled for step in ("previous", "next")] == [False, True]


def test_one_picture_has_no_tray(uploading):
    upload(uploading, RED.name)
    assert "tray" not in [pills.key for pills in uploading.pills]
    upload(uploading, RED.name)  # the same file again
    assert "tray" not in [pills.key for pills in uploading.pills]


def test_a_removed_picture_gives_way_to_the_next_one_and_all_to_the_sample(uploading):
    bring(uploading, *FILES)
    assert chosen(press(uploading, "remove")) == told(BLUE)
    assert chosen(run(uploading.pills(key="tray").set_value(GREEN.fingerprint))) == told(GREEN)
    assert chosen(press(uploading, "remove")) == told(BLUE)  # it was the last
    bring(uploading, RED.name)
    assert chosen(press(uploading, "remove-all")) == told(COFFEE)
    assert uploading.query_params == {}
    assert chosen(choose(uploading, "own")) == ()


def test_a_broken_file_among_others_has_its_sentence_and_the_others_stay(uploading):
    assert chosen(bring(uploading, RED.name, BLUE.name, broken=b"no picture", large=bytes(20 * 10**6 + 1))) == told(RED)
    assert [warning.value.partition(":")[0] for warning in uploading.warning] == ["broken.png\\", "large.png\\"]
    assert not uploading.error
    assert chosen(press(uploading, "tray-next")) == told(BLUE)
    assert not uploading.warning


def test_many_broken_files_are_told_of_in_few_sentences(uploading):
    bring(uploading, **{f"broken{n}": b"" for n in range(20)})
    (error,) = uploading.error
    assert error.value.count("The file is empty") == 5
    assert "15 more files were refused." in error.value


def test_pictures_beyond_the_bounds_are_refused_undecoded(uploading, monkeypatch):
    monkeypatch.setattr(tray, "MAX_PHOTOS", 2)
    bring(uploading, *FILES)
    (warning,) = uploading.warning
    assert warning.value.endswith("There is room for 2 pictures. Remove some to add others.")
    assert len(uploading.pills(key="tray").options) == 2


def test_pictures_of_one_name_are_told_apart(uploading):
    run(uploading.file_uploader[0].set_value([("a*.png", data, "image/png") for data in FILES.values()]))
    assert len(set(uploading.pills(key="tray").options)) == 3
    assert chosen(press(uploading, "tray-next")) == ("a*.png", BLUE.digest)


def test_the_file_of_the_link_is_shown_among_others(visit):
    at = visit(**OF_RED)
    assert chosen(bring(at, GREEN.name, RED.name)) == told(RED)
    assert not at.warning
    assert at.query_params["box"] == OF_RED["box"]
    press(at, "tray-previous")
    assert "box" not in at.query_params  # it isn't one on green


def test_a_removed_upload_gives_way_to_the_sample(uploading):
    upload(uploading, RED.name)
    run(uploading.button(key="remove").click())
    assert chosen(uploading) == told(COFFEE)
    assert uploading.query_params == {}
    assert chosen(choose(uploading, "own")) == ()
    assert chosen(upload(uploading, RED.name)) == told(RED)


@pytest.mark.parametrize("data", [b"", b"no picture at all", b"<svg/>", picture()[:60], bytes(20 * 10**6 + 1)])
def test_a_refused_upload_says_why_and_nothing_else_is_explained(uploading, data):
    upload(uploading, RED.name)
    upload(uploading, "cat.png", data)
    assert chosen(uploading) == ()
    (error,) = uploading.error
    assert error.value.startswith("cat.png")
    assert not uploading.file_uploader[0].value
    assert chosen(run(uploading.button(key="go-on").click())) == told(RED)
    assert not uploading.error


def test_a_refusal_goes_with_the_next_upload(uploading):
    upload(uploading, "cat.png", b"no picture at all")
    upload(uploading, RED.name)
    assert chosen(uploading) == told(RED)
    assert not uploading.error


def test_a_refusal_goes_with_the_choice_of_a_sample(uploading):
    upload(uploading, "cat.png", b"no picture at all")
    assert chosen(choose(uploading, "chelsea")) == told(CHELSEA)
    choose(uploading, "own")
    assert not uploading.error


def test_signs_in_the_name_of_a_file_are_no_markdown(uploading):
    upload(uploading, "a*b* $1$.png", b"no picture at all")
    assert uploading.error[0].value.startswith(r"a\*b\* \$1\$.png")
    upload(uploading, "a*b* $1$.png", FILES[RED.name])
    assert r"**a\*b\* \$1\$.png**" in captions(uploading)
    upload(uploading, "cat.png", b"")
    assert uploading.button(key="go-on").label == r"Continue with a\*b\* \$1\$.png"


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
    assert uploading.query_params["photo"] == Photo.read("deep.png", deep()).fingerprint
    upload(uploading, RED.name)
    assert not uploading.selectbox
    assert chosen(uploading) == told(RED)


@pytest.mark.parametrize(("text", "levels"), [("extremes", "extremes"), ("nonsense", "automatic")])
def test_levels_in_the_address_are_used_if_they_exist(visit, text, levels):
    at = visit(sample="own", levels=text)
    assert chosen(upload(at, "deep.png", deep())) == told(Photo.read("deep.png", deep(), levels))


def test_a_photo_that_was_scaled_down_says_so(uploading):
    file = BytesIO()
    Image.new("RGB", (2001, 1000), "red").save(file, "PNG", compress_level=1)
    upload(uploading, "large.png", file.getvalue())
    assert "It was scaled down from 2,001 × 1,000 to 1,001 × 500 pixels when it was read." in captions(uploading)
    assert uploading.query_params["photo"].startswith("2001x1000-")


def test_the_address_names_an_upload_by_its_fingerprint(uploading):
    upload(uploading, RED.name)
    assert uploading.query_params == {"sample": "own", "photo": RED.fingerprint}


OF_RED = {"sample": "own", "photo": RED.fingerprint, "box": "1~2~3~4", "method": "gradient"}


def test_a_link_whose_photo_is_not_here_says_so_in_place_of_a_result(visit):
    at = visit(**OF_RED)
    assert chosen(at) == ()
    (warning,) = at.warning
    assert "a picture of 40 × 30 pixels" in warning.value
    assert at.query_params == OF_RED  # so a reload says the same, and nothing is lost
    assert chosen(upload(at, RED.name)) == told(RED)
    assert not at.warning
    assert at.query_params == {key: OF_RED[key] for key in ("sample", "photo", "box")}


def test_another_photo_than_the_links_is_explained_and_told_from_it(visit):
    at = visit(**OF_RED)
    assert chosen(upload(at, BLUE.name)) == told(BLUE)
    assert "isn't the picture that the link or file was about, which has 40 × 30 pixels" in at.warning[0].value
    assert at.query_params == {"sample": "own", "photo": BLUE.fingerprint}  # a box drawn on red isn't one on blue
    choose(at, "coffee")
    choose(at, "own")
    assert not at.warning


@pytest.mark.parametrize("is_here", [True, False])
def test_an_address_of_an_earlier_upload_is_not_shown_the_later_one(uploading, monkeypatch, is_here):
    upload(uploading, RED.name)
    if not is_here:
        press(uploading, "remove")
        choose(uploading, "own")
    upload(uploading, BLUE.name)
    uploading.query_params["photo"] = RED.fingerprint
    with monkeypatch.context() as patch:  # the back button
        original = state.get_script_run_ctx

        def gone_back():
            context = original()
            context.is_history_navigation = True
            return context

        patch.setattr(state, "get_script_run_ctx", gone_back)
        if is_here:
            assert chosen(run(uploading)) == told(RED)
            return
        assert chosen(run(uploading)) == ()
    assert "a picture of 40 × 30 pixels" in uploading.warning[0].value
    assert chosen(run(uploading.button(key="go-on").click())) == told(BLUE)


@pytest.mark.parametrize("text", ["1", "nonsense", "40x30", "0x0-0123456789abcdef", ""])
def test_what_names_no_photo_in_the_address_says_nothing(visit, text):
    at = visit(sample="own", photo=text)
    assert chosen(at) == ()
    assert at.info[0].value == own_picture.INVITATION


@pytest.mark.parametrize("given", [DeletedFile("gone"), [DeletedFile("gone"), DeletedFile("too")]], ids=["one", "two"])
def test_a_file_that_the_server_does_not_have_changes_nothing(monkeypatch, given):
    monkeypatch.setattr(state, "widget", lambda key: given)
    monkeypatch.setattr(state, "remember", lambda key, value: pytest.fail("nothing is to be remembered"))
    monkeypatch.setattr(state, "keep_upload", lambda photo: pytest.fail("nothing is to be kept"))
    own_picture._keep("upload-0")
