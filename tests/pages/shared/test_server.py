"""What the server holds of uploads before a page takes them, and of files until a browser has fetched them."""

from types import SimpleNamespace

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime import media_file_manager
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.shared import server
from pages.shared.visits import GRACE


def test_uploads_that_no_page_has_taken_are_bounded_over_all_visits(monkeypatch):
    monkeypatch.setattr(server, "MAX_UPLOADED", 100)
    manager = MemoryUploadedFileManager("/upload")
    server.bound_uploads(manager)

    def send(visit, file, size):
        manager.add_file(visit, UploadedFileRec(file, "a.pth", "", bytes(size)))

    send("anna", "1", 60)
    with pytest.raises(HTTPException) as caught:
        send("bert", "2", 50)
    assert caught.value.status_code == 503
    send("bert", "3", 40)
    manager.remove_file("anna", "1")
    send("bert", "2", 50)
    assert [file.file_id for file in manager.get_files("bert", ["2", "3"])] == ["2", "3"]


def test_a_file_that_is_made_on_a_click_outlives_the_ends_of_other_runs_until_it_can_be_fetched(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(server, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(media_file_manager, "MediaFileMetadata", server.Lasting)
    manager = MediaFileManager(storage := MemoryMediaFileStorage("/media"))
    made = manager.execute_deferred(manager.add_deferred(lambda: b"a map", "text/plain", "here", "map.txt"))
    file = made.removeprefix("/media/")
    for clock.now in (0.0, 1.0, server.FETCH_TIME - 0.1):
        manager.remove_orphaned_files()
        assert storage.get_file(file).content == b"a map"
    clock.now = server.FETCH_TIME
    manager.remove_orphaned_files()
    assert storage.get_file(file).content == b"a map"  # marked, as ever
    manager.remove_orphaned_files()
    with pytest.raises(MediaFileStorageError):
        storage.get_file(file)


def test_a_visit_has_ended_only_when_its_files_may_be_removed():
    assert server.FETCH_TIME < GRACE
