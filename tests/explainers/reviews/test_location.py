"""Where the board is: a file of the user's, what WHYPIXEL_DB names, or nowhere; and no password is ever told."""

from pathlib import Path

import pytest

from explainers import ExplanationError
from explainers.reviews.location import is_on, location


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch, tmp_path):
    for name in ("WHYPIXEL_DB", "WHYPIXEL_DB_MAX", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_it_is_a_file_of_the_user_by_default(monkeypatch, tmp_path):
    assert location().file == tmp_path / ".local/share/whypixel/reviews.sqlite"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert location().file == Path("/data/whypixel/reviews.sqlite")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")  # which the standard says to ignore
    assert location().file == tmp_path / ".local/share/whypixel/reviews.sqlite"
    assert location().max_bytes == 2 * 10**9


@pytest.mark.parametrize(
    ("text", "file", "url"),
    [
        ("/srv/reviews.sqlite", "/srv/reviews.sqlite", ""),
        ("sqlite:////srv/r.sqlite", "/srv/r.sqlite", ""),
        ("~/r.sqlite", "{home}/r.sqlite", ""),
        ("sqlite:///r.sqlite", "{here}/r.sqlite", ""),
        ("postgresql://a:b@host:5433/r?sslmode=require", None, "postgresql+psycopg://a:b@host:5433/r?sslmode=require"),
        ("postgres://host/r", None, "postgresql+psycopg://host/r"),
        ("postgresql+psycopg://host/r", None, "postgresql+psycopg://host/r"),
    ],
)
def test_a_variable_names_another_place(monkeypatch, tmp_path, text, file, url):
    monkeypatch.setenv("WHYPIXEL_DB", text)
    found = location()
    assert found.file == (None if file is None else Path(file.format(home=tmp_path, here=Path.cwd())))
    assert found.url == url
    assert is_on()
    assert "a:b@" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        *("mysql://root:secret@host/r", "sqlite://", "sqlite:///", "postgresql://", "://secret"),
        *("postgresql:/a:secret@host/r", "postgres//a:secret@host/r", "host=here password=secret"),
    ],
)
def test_what_names_no_place_is_refused_without_being_told(monkeypatch, text):
    monkeypatch.setenv("WHYPIXEL_DB", text)
    with pytest.raises(ExplanationError, match="WHYPIXEL_DB must be off, the path of a file") as refusal:
        location()
    assert "secret" not in str(refusal.value)
    assert is_on()  # so that the pages say what is wrong


def test_it_can_be_switched_off_and_given_more_room(monkeypatch):
    monkeypatch.setenv("WHYPIXEL_DB_MAX", "12")
    assert location().max_bytes == 12 * 10**6
    for text in ("0", "many", "-1", "1.5", "9" * 5000):
        monkeypatch.setenv("WHYPIXEL_DB_MAX", text)
        with pytest.raises(ExplanationError, match="must be a whole number of megabytes"):
            location()
    monkeypatch.setenv("WHYPIXEL_DB_MAX", "12")
    monkeypatch.setenv("WHYPIXEL_DB", "~nobody-here/r.sqlite")
    with pytest.raises(ExplanationError, match="the home of a user who isn't there"):
        location()
    monkeypatch.setenv("WHYPIXEL_DB", "off")
    assert location() is None
    assert not is_on()
