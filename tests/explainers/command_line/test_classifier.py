"""The options of a command name a classifier, and what it is loaded with."""

import os

import pytest

from explainers.classifiers.catalogue import default
from explainers.command_line.classifier import ClassifierChoice
from explainers.errors import ExplanationError

NONE = {"model": None, "checkpoint": None, "labels": None, "fit": "crop"}


def test_without_options_it_is_the_first_one():
    assert ClassifierChoice.of(NONE) == ClassifierChoice(default().name, None, None, "crop")


def test_files_are_read_and_found_from_everywhere(tmp_path, monkeypatch):
    (tmp_path / "names.txt").write_bytes("\ufeffcat\r\n\n  dog \r\n".encode())
    (tmp_path / "weights.pth").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    choice = ClassifierChoice.of(
        {"model": "resnet18", "checkpoint": "weights.pth", "labels": "names.txt", "fit": "pad"}
    )
    assert choice == ClassifierChoice("resnet18", str(tmp_path.resolve() / "weights.pth"), ("cat", "dog"), "pad")


@pytest.mark.parametrize(("content", "said"), [(b"\xff\xfe", "it isn't in UTF-8"), (None, os.strerror(2))])
def test_class_names_that_cannot_be_read_are_refused(tmp_path, content, said):
    if content:
        (tmp_path / "names.txt").write_bytes(content)
    with pytest.raises(ExplanationError, match=f"names.txt could not be read: {said}"):
        ClassifierChoice.of(NONE | {"labels": str(tmp_path / "names.txt")})
