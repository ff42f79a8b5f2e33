"""What the server holds of uploads before a page takes them."""

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from pages.shared import server


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
