"""A file of a run is whole or not there, and one process at a time writes it."""

import errno
import subprocess
import sys

import pytest

from explainers.audit.place import LOCK, check_place, claimed, names_in, write_whole
from explainers.errors import ExplanationError

resource = pytest.importorskip("resource", reason="Windows has neither these limits nor these locks")
LOCK_IT = """
import fcntl, sys

file = open(sys.argv[1], "a")
try:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    print("taken", flush=True)
else:
    print("mine", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other():
    """(folder) -> a process that tries to lock the run there, and what it says."""
    processes = []

    def start(folder):
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", LOCK_IT, str(folder / LOCK)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return processes[-1], processes[-1].stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()


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


def test_a_second_process_is_told_that_there_is_a_first(tmp_path, other):
    folder = tmp_path / "run"
    with claimed(folder):
        assert other(folder)[1] == "taken"
    process, said = other(folder)
    assert said == "mine"
    with pytest.raises(ExplanationError, match="Another process is computing the audit in"), claimed(folder):
        pass
    process.kill()  # which leaves the file, and no lock
    process.wait()
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
