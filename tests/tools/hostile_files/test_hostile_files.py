"""Hostile files run nothing, take no more than the limits, and leave nothing; a sample of them is tried here."""

import os
import subprocess
import sys

import pytest

from explainers import ExplanationError
from explainers.classifiers.own.extraction import extract
from tools.hostile_files import __main__ as tool
from tools.hostile_files.archives import FOLDERS, ZIPS
from tools.hostile_files.kinds import KINDS
from tools.hostile_files.making import CANARY, Hostile
from tools.hostile_files.numbers import HEADERS
from tools.hostile_files.programs import PROGRAMS

ALL = {hostile.name: hostile for files in tool.GROUPS.values() for hostile in files}
SAMPLE = {  # name: a part of what its owner is told
    "calls os.system": "names functions that run programs",
    "calls torch.storage._load_from_bytes": "written by pickle.dump",
    "calls numpy.testing._private.utils.runstring": "It names numpy.testing._private.utils.runstring",
    "os.system, before release 1.6": "names functions that run programs",
    "os.system, a bare pickle of protocol 0": "names functions that run programs",
    "os.system, named on the stack": "It names torch.serialization.os.system",
    "os.system among Lightning's hyper-parameters": "names functions that run programs",
    "a function that is allowed is changed": "is damaged or of an unusual kind",
    "a shape of 10^12 numbers": "promises numbers that aren't in the file",
    "four numbers expanded to 10^12": "take 4,000,000 MB when each is stored for itself",
    "3,000 tensors that share one megabyte": "take 3,000 MB when each is stored for itself",
    "a name that moves the cursor and rings": "calls a tensor �[2J��w",
    "bytes of 10^12": "takes more than 600 MB of memory",
    "10^12 numbers": "w doesn't lie in the file",
    "JSON of depth 100,000": "no valid JSON",
    "an entry ../../canary": "lies outside of its folder",
    "an entry that is a link to /etc/passwd": "is a link",
    "300 entries that are the same bytes": "unpacks to 3,000 MB",
    "an index that names /etc/passwd": "which isn't in the folder",
    "a weights file that is a pipe": "is no plain file",
    "os.system in pytorch_model.bin": "names functions that run programs",
}


@pytest.mark.parametrize(("name", "words"), SAMPLE.items(), ids=SAMPLE)
def test_hostile_files_do_no_harm(name, words):
    came = tool.outcome(ALL[name])
    assert words in came.sentence
    assert came.is_harmless, came


@pytest.mark.parametrize(
    "hostile",
    [hostile for files in (PROGRAMS, HEADERS, ZIPS, FOLDERS, KINDS) for hostile in files],
    ids=lambda hostile: hostile.name,
)
def test_those_that_take_little_are_refused_without_limits_too(hostile, tmp_path):
    (tmp_path / "kept").mkdir()
    path = hostile.make(tmp_path)
    with pytest.raises(ExplanationError, match=r"^\S.*\w"):
        extract(path, path.name, tmp_path / "kept", 10**9)
    assert not [*tmp_path.rglob(CANARY)]
    assert not (tmp_path / "kept/weights.safetensors").exists()


def test_there_are_a_hundred_and_no_two_have_the_same_name():
    assert len(ALL) == sum(map(len, tool.GROUPS.values())) >= 100


def test_the_canary_would_be_found():
    def harmful(folder):
        subprocess.run([sys.executable, "-c", f"open({str(folder / CANARY)!r}, 'w')"], check=True)
        (folder / "w.pth").write_bytes(b"")
        return folder / "w.pth"

    came = tool.outcome(Hostile("harmful", harmful))
    assert came.left == (CANARY,)
    assert not came.is_harmless
    assert tool.row(Hostile("harmful", harmful), came)[1].startswith("HARM")


def test_what_a_program_in_a_pickle_would_do_is_real(tmp_path):
    import pickle

    path = ALL["os.system, a bare pickle of protocol 0"].make(tmp_path)
    pickle.loads(path.read_bytes())
    assert (tmp_path / CANARY).exists() == (os.name == "posix")
