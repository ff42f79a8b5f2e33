"""A file of a run is whole or not there, and one process at a time writes it."""

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from explainers.audit.place import LOCK, check_place, claimed, names_in, write_whole
from explainers.errors import ExplanationError

ROOT = Path(__file__).parents[3]
CLAIM = """
import sys
from pathlib import Path
from explainers.audit.place import claimed

with claimed(Path(sys.argv[1])):
    print("mine", flush=True)
    input()
"""


@pytest.mark.parametrize("room", [0, 1, 999])
def test_a_file_that_does_not_fit_leaves_what_was_there(tmp_path, room):
    write_whole(tmp_path / "file", b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_whole(tmp_path / "file", bytes(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("file", b"before")]


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("explainers.audit.place.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "file", b"after")
    assert [*tmp_path.iterdir()] == []


def test_a_second_process_is_told_that_there_is_a_first(tmp_path):
    folder = tmp_path / "run"
    program = [sys.executable, "-c", CLAIM, str(folder)]
    first = subprocess.Popen(program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert first.stdout
    assert first.stdout.readline() == b"mine\n"
    with (
        pytest.raises(ExplanationError, match="Another process is computing the audit in"),
        claimed(folder),
    ):
        pass
    first.kill()
    first.communicate()
    with claimed(folder):
        assert names_in(folder) == {LOCK}


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ExplanationError, match="isn't empty, and holds no audit"), claimed(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(ExplanationError, match="could not be read: Not a directory"), claimed(tmp_path / "thesis.tex"):
        pass
    (parts := tmp_path / "run" / "parts").mkdir(parents=True)
    check_place(parts.parent)  # what somebody has left who was killed at the beginning
    (parts / "00000.parquet").write_text("of a run without a manifest")
    with pytest.raises(ExplanationError, match="holds no audit"):
        check_place(parts.parent)
