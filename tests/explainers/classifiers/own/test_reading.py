"""A file is read in a process of its own, whose answers are checked, and of which nothing stays."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from explainers import ExplanationError, processes
from explainers.classifiers.own import reading
from explainers.classifiers.own.facts import FileFacts
from explainers.classifiers.own.reading import read_own


@pytest.fixture
def given(tmp_path):
    """A sound file."""
    torch.save(
        {"model": {"conv.weight": torch.ones(2, 3), "fc.bias": torch.tensor([1, float("nan")])}}, tmp_path / "w.pth"
    )
    return tmp_path / "w.pth"


@pytest.fixture
def kept(tmp_path):
    """An empty folder."""
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


def test_a_file_is_read(given, kept):
    file = read_own(given, "mine\n.pth", kept)
    assert (file.name, file.kind, file.facts) == ("mine�.pth", "state_dict", FileFacts())
    assert file.shapes == {"conv.weight": (2, 3), "fc.bias": (2,)}
    assert file.notes == (
        "The weights were taken from the entry “model”.",
        "1 of 2 tensors hold NaN or infinity (fc.bias), so the network's answers may be no numbers.",
    )
    assert (file.bytes, file.digest) == (len(data := given.read_bytes()), hashlib.sha256(data).hexdigest())
    assert [*kept.iterdir()] == [file.weights]
    with safe_open(file.weights, "pt") as weights:
        assert weights.get_tensor("conv.weight").equal(torch.ones(2, 3))


def test_a_folder_has_the_digest_of_its_files(tmp_path, kept):
    folder = tmp_path / "folder"
    folder.mkdir()
    save_file({"w": torch.ones(2)}, folder / "model.safetensors")
    (folder / "config.json").write_text('{"model_type": "vit"}')
    first = read_own(folder, "folder", kept)
    (folder / "config.json").write_text('{"model_type": "bit"}')
    (tmp_path / "again").mkdir()
    assert len({first.digest, read_own(folder, "folder", tmp_path / "again").digest}) == 2


def test_nothing_is_left_of_a_refused_file(tmp_path, kept):
    (tmp_path / "w.pth").write_bytes(b"")
    with pytest.raises(ExplanationError, match=r"^This file is empty"):
        read_own(tmp_path / "w.pth", "w.pth", kept)
    assert [*kept.iterdir()] == []


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["empty folder", "nothing"])
def test_what_isnt_there_is_refused(tmp_path, kept, make):
    make(tmp_path / "w.pth")
    with pytest.raises(ExplanationError, match=r"w.pth can't be read: No such file|holds no weights"):
        read_own(tmp_path / "w.pth", "w.pth", kept)


def test_a_file_that_is_too_large_is_refused_unread(given, kept, monkeypatch):
    monkeypatch.setattr(processes, "start", None)
    with pytest.raises(ExplanationError, match=r"^The file has 1 MB; up to 0 MB are read. Save the weights alone"):
        read_own(given, "w.pth", kept, max_bytes=0)


@pytest.mark.parametrize(
    ("ending", "error", "words"),
    [
        ("os.kill(os.getpid(), 9)", ExplanationError, "takes too long"),
        ("os.kill(os.getpid(), 11)", ExplanationError, "is damaged or of an unusual kind"),
        ("sys.exit(3)", RuntimeError, "ended with 3"),
        ('print(\'{"bug": "Traceback"}\')', RuntimeError, "in the process that reads files:\nTraceback"),
        ("print('[' * 10**5)", ExplanationError, "is damaged or of an unusual kind"),
        ("print('{}')", ExplanationError, "is damaged or of an unusual kind"),
        ("print('0' * 20_000_000)", ExplanationError, "is damaged or of an unusual kind"),
        ("time.sleep(100)", ExplanationError, "takes too long"),
    ],
)
def test_how_the_process_ends_is_told(given, kept, monkeypatch, ending, error, words):
    monkeypatch.setattr(reading, "PROGRAM", f"import os, sys, time; sys.stdin.buffer.readline(); {ending}")
    monkeypatch.setattr(reading, "MAX_SECONDS", 1.0 if "sleep" in ending else 60.0)
    with pytest.raises(error, match=words):
        read_own(given, "w.pth", kept)


@pytest.mark.parametrize(
    "lie",
    [{"kind": "evil"}, {"names": ["fc.weight"]}, {"names": ["a", "b"]}, {"notes": 3}, {"facts": []}, {"not_finite": 1}],
    ids=str,
)
def test_an_answer_that_isnt_as_agreed_is_not_believed(kept, lie):
    save_file({"a": torch.ones(2)}, kept / "weights.safetensors")
    answer = {"kind": "state_dict", "names": ["a"], "notes": [], "facts": {}, "not_finite": []}
    assert reading._checked(answer, kept / "weights.safetensors")["shapes"] == {"a": (2,)}
    with pytest.raises(ExplanationError, match="is damaged or of an unusual kind"):
        reading._checked(answer | lie, kept / "weights.safetensors")


def test_weights_that_are_a_link_are_not_followed(tmp_path, kept):
    save_file({"a": torch.ones(2)}, tmp_path / "elsewhere")
    (kept / "weights.safetensors").symlink_to(tmp_path / "elsewhere")
    answer = {"kind": "state_dict", "names": ["a"], "notes": [], "facts": {}, "not_finite": []}
    with pytest.raises(ExplanationError, match="is damaged or of an unusual kind"):
        reading._checked(answer, kept / "weights.safetensors")


def test_the_process_loads_no_torch_and_numpy_only_once_it_writes():
    source = reading.PROGRAM.replace("\nserve()", "\nprint({'torch', 'PIL', 'timm', 'numpy'} & sys.modules.keys())")
    folder = str(Path(processes.__file__).parent)
    assert subprocess.run([sys.executable, "-c", source, folder], capture_output=True).stdout == b"set()\n"


def test_the_process_has_limits():
    source = reading.PROGRAM.replace(
        "\nserve()",
        "\nimport resource, explainers.classifiers.own.extraction as it"
        "\nit.extract = lambda *request: {'notes': [], **{str(n): resource.getrlimit(n)[0] for n in range(10)}}"
        "\nserve()",
    )
    process = processes.start(source)
    request = {"path": "", "name": "", "folder": "", "max_bytes": 10**6, "size": 0}
    answer = json.loads(process.communicate(json.dumps(request).encode() + b"\n")[0])
    import resource

    assert answer[str(resource.RLIMIT_NOFILE)] == 64
    assert answer[str(resource.RLIMIT_CORE)] == 0
    assert 10**6 <= answer[str(resource.RLIMIT_FSIZE)] < 10**8
    assert 6 * 10**8 < answer[str(resource.RLIMIT_AS)] < 2 * 10**9
