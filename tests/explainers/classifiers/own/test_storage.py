"""People's files lie in private folders, within budgets, and are gone with their sessions."""

import os
import shutil
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from explainers import ExplanationError
from explainers.classifiers.own import storage as module
from explainers.classifiers.own.storage import PREFIX, Storage, remove_leftovers


@pytest.fixture
def given(tmp_path):
    """A sound file."""
    torch.save({"fc.weight": torch.ones(2, 3)}, tmp_path / "w.pth")
    return tmp_path / "w.pth"


@pytest.fixture
def quick(monkeypatch):
    """Files are copied instead of being read."""

    def copied(path, name, folder, most):
        shutil.copy(path, folder / "weights.safetensors")
        return SimpleNamespace(folder=folder, weights=folder / "weights.safetensors")

    monkeypatch.setattr(module, "read_own", copied)


@pytest.fixture
def place(tmp_path):
    """Where the server's folder will be."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


@pytest.fixture
def storage(place):
    """An empty storage."""
    storage = Storage(place)
    yield storage
    storage.close()


def test_files_are_kept_in_private_folders_until_their_session_ends(storage, given, place, quick):
    first, second, other = (storage.keep(given, "w.pth", session) for session in ("a", "a", "b"))
    for folder in (first.folder, first.folder.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert storage.taken("a") == 2 * storage.taken("b") == 2 * first.weights.stat().st_size
    storage.discard(first)
    assert not first.folder.exists()
    assert second.folder.exists()
    storage.end_session("a")
    assert not second.folder.exists()
    assert other.folder.exists()
    assert (storage.taken("a"), storage.taken()) == (0, storage.taken("b"))
    storage.close()
    assert [*place.iterdir()] == []


def test_a_kept_file_is_a_read_one(storage, given, place):
    file = storage.keep(given, "w.pth", "a")
    assert (file.folder.parent.parent, [*file.shapes.values()]) == (place, [(2, 3)])
    assert storage.taken() == file.weights.stat().st_size


def test_a_refused_file_takes_nothing(storage, tmp_path, place):
    (tmp_path / "w.pth").write_bytes(b"")
    with pytest.raises(ExplanationError, match=r"^This file is empty"):
        storage.keep(tmp_path / "w.pth", "w.pth", "a")
    assert storage.taken() == 0
    assert [*next(place.iterdir()).iterdir()] == []


def test_budgets_are_kept(storage, given, quick, monkeypatch):
    size = given.stat().st_size
    monkeypatch.setattr(module, "MAX_FILE", size)
    monkeypatch.setattr(module, "MAX_SESSION", 2 * size)
    monkeypatch.setattr(module, "MAX_ALL", 4 * size)
    storage.keep(given, "w.pth", "a")
    storage.keep(given, "w.pth", "a")
    with pytest.raises(
        ExplanationError, match=r"^Your files take 1 MB of the 1 MB that a visitor may have.*Remove one of"
    ):
        storage.keep(given, "w.pth", "a")
    storage.keep(given, "w.pth", "b")
    storage.keep(given, "w.pth", "b")
    with pytest.raises(ExplanationError, match=r"^The files of all visitors take up the 1 MB.*Please try again later"):
        storage.keep(given, "w.pth", "c")
    storage.end_session("a")
    storage.keep(given, "w.pth", "c")
    monkeypatch.setattr(module, "MAX_FILE", size - 1)
    with pytest.raises(ExplanationError, match=r"^The file has 1 MB; up to 1 MB are taken"):
        storage.keep(given, "w.pth", "d")


def test_an_archive_may_unpack_to_somewhat_more_than_it_has(storage, given, monkeypatch):
    room = []
    monkeypatch.setattr(module, "read_own", lambda path, name, folder, most: room.append(most))
    monkeypatch.setattr(module, "SLACK", 10)
    storage.keep(given, "w.pth", "a")
    assert room == [given.stat().st_size * 5 // 4 + 10]


def test_a_file_that_is_read_when_its_session_ends_is_removed(storage, given, monkeypatch, place):
    def read(path, name, folder, most):
        storage.end_session("a")

    monkeypatch.setattr(module, "read_own", read)
    with pytest.raises(ExplanationError, match=r"^The visit that the file belongs to has ended"):
        storage.keep(given, "w.pth", "a")
    assert storage.taken() == 0
    assert [*next(place.iterdir()).iterdir()] == []


@pytest.mark.parametrize("word", ["off", "OFF", "0"])
def test_the_owner_can_switch_uploads_off(storage, given, monkeypatch, word):
    monkeypatch.setenv("WHYPIXEL_UPLOADS", word)
    with pytest.raises(ExplanationError, match=r"^This server takes no files: its owner switched uploads off"):
        storage.keep(given, "w.pth", "a")


def test_only_what_servers_that_have_ended_left_is_removed(place):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    left = place / f"{PREFIX}{int(ended.stdout)}-x"
    others = [place / f"{PREFIX}{os.getpid()}-x", place / f"{PREFIX}what-x", place / "else"]
    for folder in (left, *others):
        folder.mkdir()
        (folder / "weights.safetensors").write_bytes(b"x")
    link = place / f"{PREFIX}{int(ended.stdout)}-y"
    link.symlink_to(others[-1])
    remove_leftovers(place)
    assert {*place.iterdir()} == {*others, link}
    assert all([*folder.iterdir()] for folder in others)
