"""A settings file opens the page that it was saved from, as it was, and a file that isn't one changes nothing."""

import json
from urllib.parse import parse_qsl

import pytest
from streamlit.runtime.uploaded_file_manager import DeletedFile

from explainers.report.settings_file import FORMAT, NO_SETTINGS, VERSION, SettingsFile
from pages.shared import settings_file, state

SETTINGS = {"sample": "chelsea", "method": "vanilla-gradient", "scale": "probability", "class": "tabby"}


def upload(page, data, name="settings.json"):
    """The page after a file was given to the menu, and the run of the page that it opens."""
    (widget,) = (each for each in page.file_uploader if each.label == "Open a settings file")
    widget.upload(name, data, "application/json")
    page.run()
    assert not page.exception
    return page


def heading(page):
    return page.markdown[0].value.partition("\n")[0]


def address(page):
    """The settings in the link that the menu shows."""
    return dict(parse_qsl(page.code[0].value.partition("?")[2]))


def test_it_opens_another_page_as_it_was(visit):
    page = upload(visit({"method": "occlusion"}), SettingsFile("path", SETTINGS | {"path-pictures": "5"}).write())
    assert heading(page) == "# How does it add up?"
    assert page.slider(key="path-pictures").value == 5
    assert address(page) == {name: SETTINGS[name] for name in ("sample", "scale", "class")} | {"path-pictures": "5"}


def test_it_opens_this_page_as_it_was_and_can_be_opened_again(visit):
    page = visit({"method": "occlusion", "occlusion-patch": "4"})
    for _ in range(2):
        page = upload(page, SettingsFile("explain", SETTINGS).write())
        assert address(page) == SETTINGS
        page.segmented_control(key="scale").set_value("logit").run()
        assert "scale" not in address(page)


def test_a_value_that_a_widget_could_not_offer_is_dropped(visit):
    strange = {"method": "no-such", "scale": "x", "kept": "y", "<b>": "z", "embed": "true", "Embed_Options": "x"}
    page = upload(visit(), SettingsFile("explain", strange).write())
    assert address(page) == {}


def test_a_picture_that_is_not_here_is_asked_for(visit):
    settings = {"sample": "own", "photo": "120x90-0123456789abcdef", "method": "vanilla-gradient"}
    page = upload(visit(), SettingsFile("explain", settings).write())
    assert "isn't here" in page.warning[0].value


NEWER = {"format": FORMAT, "version": VERSION + 1, "page": "explain", "settings": SETTINGS}  # of a later Whypixel


@pytest.mark.parametrize(
    "data", [b"", b"no", *(json.dumps(each).encode() for each in ({"format": "x" * 300_000}, NEWER))]
)
def test_a_file_of_another_kind_changes_nothing(visit, data):
    page = visit({"method": "occlusion"})
    before = address(page)
    page = upload(page, data)
    assert [error.value.startswith(NO_SETTINGS) for error in page.error] == [True]
    assert address(page) == before


def test_a_file_that_the_server_does_not_have_changes_nothing(monkeypatch):
    monkeypatch.setattr(state, "widget", lambda key: DeletedFile("gone"))
    monkeypatch.setattr(state, "remember", lambda key, value: pytest.fail("nothing is to be remembered"))
    monkeypatch.setattr(state, "replace", lambda settings: pytest.fail("no setting is to be replaced"))
    settings_file._open("settings-file-0")
