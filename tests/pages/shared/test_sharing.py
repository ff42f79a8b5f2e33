"""A picture is shared by a link only when its visitor chooses to: without its name, for a day, and until withdrawn."""

import gc
import re
import time
import weakref
from io import BytesIO
from types import SimpleNamespace

import pytest
from PIL import Image

from explainers import ExplanationError
from explainers.images.photo import Photo
from pages.shared import jobs, share_widgets, sharing
from pages.shared.sharing import SharedPhotos

pytestmark = pytest.mark.usefixtures("alone")


def picture(colour="red") -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def photo():
    return Photo.read("secret name.png", picture())


@pytest.fixture
def gone():
    """The digests of photos that are no longer shared."""
    return []


@pytest.fixture
def shared(monkeypatch, gone):
    """What is shared in this test alone."""
    shared = SharedPhotos()
    shared.when_gone(gone.append)
    monkeypatch.setattr(share_widgets, "SHARED", shared)
    yield shared
    for token in list(shared._shared):
        shared.withdraw(token)


def test_a_photo_is_found_under_its_token_alone_and_without_its_name(shared, photo):
    first, second = shared.share(photo), shared.share(photo)
    assert first != second
    assert len(first) == 32
    found = shared.find(first)
    assert (found.digest, found.fingerprint, found.name) == (photo.digest, photo.fingerprint, "Shared picture")
    assert shared.find("") is shared.find(f"{first}x") is shared.find(photo.fingerprint) is None


def test_after_a_day_it_is_gone_and_so_are_its_results(shared, photo, gone, monkeypatch):
    monkeypatch.setattr(sharing, "LIFETIME", 0.2)
    token = shared.share(photo)
    kept = weakref.ref(shared.find(token))
    end = time.monotonic() + 20
    while not gone:
        assert time.monotonic() < end
        time.sleep(0.02)
    gc.collect()
    assert gone == [photo.digest]
    assert shared.find(token) is kept() is None
    assert shared.seconds_left(token) == 0


def test_it_is_not_found_beyond_its_day_even_if_its_timer_is_late(shared, photo, monkeypatch):
    token = shared.share(photo)
    later = time.monotonic() + sharing.LIFETIME
    monkeypatch.setattr(sharing, "time", SimpleNamespace(monotonic=lambda: later))
    assert shared.find(token) is None


def test_what_is_withdrawn_is_gone_at_once(shared, photo, gone):
    token, other = shared.share(photo), shared.share(photo)
    shared.withdraw(token)
    shared.withdraw(token)
    assert (shared.find(token), gone) == (None, [photo.digest])
    assert shared.find(other)


@pytest.mark.parametrize("limit", [{"MAX_PHOTOS": 2}, {"MAX_BYTES": 2 * 40 * 30 * 3}])
def test_no_more_is_shared_than_the_server_may_keep(shared, photo, monkeypatch, limit):
    for name, value in limit.items():
        monkeypatch.setattr(sharing, name, value)
    first = shared.share(photo)
    shared.share(photo)
    with pytest.raises(ExplanationError, match="as many shared pictures as it may"):
        shared.share(photo)
    shared.withdraw(first)
    assert shared.share(photo)


def test_results_about_a_withdrawn_photo_are_dropped(monkeypatch):
    monkeypatch.setattr(jobs, "SHARED", shared := SharedPhotos())
    own_jobs = jobs.shared.__wrapped__()  # not those that the pages of other tests share
    assert shared._forgetters == [own_jobs.forget]


def page():
    """A page that chooses a picture and tells which."""
    import streamlit as st

    from pages.shared.frame import frame
    from pages.shared.picture import choose_picture

    with frame("Title", "Motto.") as page:
        photo = choose_picture()
        page.publish_settings()
        st.text(photo.name)
        st.text(photo.digest)


def run(given):
    at = given.run()
    assert not at.exception
    return at


def chosen(at):
    return [text.value for text in at.text]


@pytest.fixture
def own(opened):
    """(colour="red") -> the page of a visitor who has uploaded a picture."""
    return lambda colour="red": give(opened(sample="own"), colour)


def give(at, colour="red"):
    return run(at.file_uploader[0].set_value((f"secret {colour}.png", picture(colour), "image/png")))


def address(at):
    """The address as another visitor would open it."""
    return {key: value[0] if isinstance(value, list) else value for key, value in at.query_params.items()}


def test_a_plain_address_shares_nothing(shared, opened, own):
    at = own()
    assert shared._shared == {}
    assert address(at).keys() == {"sample", "photo"}
    assert chosen(opened(**address(at))) == []


def test_a_link_with_the_picture_shows_it_to_others_until_it_is_withdrawn(shared, photo, opened, own):
    at = own()
    run(at.button(key="share").click())
    link = address(at)
    assert re.fullmatch(r"[\w-]{32}", link["shared"])
    (said,) = (caption.value for caption in at.caption if "to share the picture" in caption.value)
    assert "For another 24 h" in said
    other = opened(**link)
    assert chosen(other) == ["Shared picture", photo.digest]
    assert address(other) == link
    assert chosen(at) == ["secret red.png", photo.digest]
    run(at.button(key=f"withdraw-{link['shared']}").click())
    assert chosen(at) == ["secret red.png", photo.digest]  # it is still the visitor's own
    assert "shared" not in address(at)
    for late in (run(other), opened(**link)):
        assert chosen(late) == []
        assert "is no longer shared" in late.warning[0].value
        assert "40 × 30 pixels" in late.warning[0].value


def test_who_gives_the_file_of_a_link_that_has_ended_goes_on_with_it(shared, photo, opened):
    token = "x" * 32
    at = give(opened(sample="own", photo=photo.fingerprint, shared=token))
    assert chosen(at) == ["secret red.png", photo.digest]
    assert address(at) == {"sample": "own", "photo": photo.fingerprint}


def test_another_picture_is_not_shared_with_the_first_which_can_still_be_withdrawn(shared, photo, own):
    at = own()
    run(at.button(key="share").click())
    token = address(at)["shared"]
    give(at, "blue")
    assert "shared" not in address(at)
    assert shared.find(token)
    run(at.button(key=f"withdraw-{token}").click())
    assert shared._shared == {}
    assert chosen(at)[0] == "secret blue.png"


def test_the_same_picture_is_shared_once(shared, own):
    at = own()
    run(at.button(key="share").click())
    token = address(at)["shared"]
    give(at, "blue")
    give(at, "red")
    run(at.button(key="share").click())
    assert address(at)["shared"] == token
    assert list(shared._shared) == [token]


def test_who_removes_a_picture_withdraws_its_link_too(shared, opened, own):
    at = own()
    run(at.button(key="share").click())
    link = address(at)
    run(at.button(key="remove").click())
    assert shared._shared == {}
    assert address(at) == {}
    assert chosen(opened(**link)) == []


def test_who_opened_a_link_can_withdraw_it_or_leave_it(shared, opened, own):
    at = own()
    run(at.button(key="share").click())
    link = address(at)
    other = opened(**link)
    run(other.button(key="remove").click())
    assert address(other) == {}
    assert shared.find(link["shared"])  # it isn't theirs
    third = opened(**link)
    run(third.button(key=f"withdraw-{link['shared']}").click())
    assert chosen(third) == []
    assert shared._shared == {}


def test_where_no_more_can_be_shared_it_says_so(shared, monkeypatch, own):
    monkeypatch.setattr(sharing, "MAX_PHOTOS", 0)
    at = own()
    run(at.button(key="share").click())
    assert "as many shared pictures as it may" in at.error[0].value
    assert "shared" not in address(at)


@pytest.mark.parametrize("token", ["x", "x" * 31, "x" * 33, "é" * 32, "../" * 11, ""])
def test_what_could_be_no_token_is_dropped(shared, photo, token, opened):
    at = opened(sample="own", photo=photo.fingerprint, shared=token)
    assert chosen(at) == []
    assert "without containing it" in at.warning[0].value


def test_an_address_with_a_token_but_another_photo_shares_nothing(shared, photo, opened, own):
    at = own("blue")
    run(at.button(key="share").click())
    mixed = address(at) | {"photo": photo.fingerprint}
    assert chosen(opened(**mixed)) == []
