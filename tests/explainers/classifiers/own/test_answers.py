"""The likeliest answers to what a file doesn't say, and where each comes from."""

from dataclasses import replace
from pathlib import Path

import pytest

from explainers import ExplanationError
from explainers.classifiers.own.answers import IMAGENET_MEAN, IMAGENET_STD, Answers, suggest, told_apart
from explainers.classifiers.own.candidate import Candidate
from explainers.classifiers.own.facts import FileFacts
from explainers.classifiers.own.reading import OwnFile
from explainers.classifiers.own.table import Architecture

USUAL = Architecture("timm", "tiny", "Tiny", 3, 160, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25), "bicubic", 0.875)
HALF = (0.5, 0.5, 0.5)


def file(**facts):
    nowhere = Path("nowhere")
    return OwnFile("a.pth", "state_dict", nowhere, nowhere, {}, (), FileFacts(**facts), 1, "0")


def candidate(classes=3, channels=3, size=160, architecture=USUAL):
    return Candidate(architecture, classes, channels, size, True)


def test_what_the_file_says_comes_first():
    facts = {"labels": ("cat", "dog", "hen"), "size": 96, "mean": (0.1,) * 3, "std": (0.2,) * 3}
    facts |= {"interpolation": "nearest", "crop_pct": 0.75, "output": "sigmoid"}
    found = suggest(file(**facts), candidate())
    assert found.answers == Answers(("cat", "dog", "hen"), 96, (0.1,) * 3, (0.2,) * 3, 128, "nearest", output="sigmoid")
    assert {origin for name, origin in found.origins.items() if name != "fit"} == {"the file"}


def test_then_what_is_usual_for_the_architecture():
    found = suggest(file(), candidate())
    assert found.answers == Answers(
        ("class 0", "class 1", "class 2"), 160, USUAL.mean, USUAL.std, 182, "bicubic", output="softmax"
    )
    usual = [name for name, origin in found.origins.items() if origin == "the architecture's usual"]
    assert sorted(usual) == ["interpolation", "mean", "resize", "size", "std"]
    assert [found.origins[name] for name in ("labels", "output", "fit")] == ["a guess"] * 3


def test_and_a_guess_where_nobody_knows():
    found = suggest(file(classes=2), None)
    assert found.answers == Answers(("class 0", "class 1"), 224, IMAGENET_MEAN, IMAGENET_STD, None, "bilinear")
    assert set(found.origins.values()) == {"a guess"}


@pytest.mark.parametrize(
    ("classes", "said", "labels"),
    [
        (1, None, ("no", "yes")),
        (1, ("cat", "dog"), ("cat", "dog")),
        (2, ("LABEL_0", "LABEL_1"), ("class 0", "class 1")),
        (2, ("crane", "crane"), ("crane (0)", "crane (1)")),
        (2, ("a", "b", "c"), ("class 0", "class 1")),
    ],
)
def test_the_labels_are_names_for_all_classes(classes, said, labels):
    answers = suggest(file(labels=said), candidate(classes)).answers
    assert answers.labels == labels
    assert answers.output == ("sigmoid" if classes == 1 else "softmax")
    answers.check()


def test_a_thousand_classes_are_taken_for_imagenets():
    labels = suggest(file(), candidate(1000)).answers.labels
    assert (labels[0], labels[281], labels[967], len(set(labels))) == ("tench", "tabby", "espresso", 1000)


def test_grey_pictures_are_normalised_by_the_mean_over_the_colours():
    found = suggest(file(), candidate(channels=1, architecture=replace(USUAL, mean=(0.1, 0.2, 0.6))))
    assert (found.answers.mean, found.answers.std) == ((0.3,), (0.25,))


def test_a_way_of_scaling_that_is_not_offered_is_none():
    assert suggest(file(interpolation="lanczos"), candidate()).answers.interpolation == "bicubic"


def test_nothing_tells_how_many_classes_there_are():
    with pytest.raises(ExplanationError, match=r"Nothing in a\.pth tells how many classes"):
        suggest(file(), None)


def test_blank_and_repeated_labels_get_their_numbers():
    assert told_apart(["crane", " ", "crane", "red  fox"]) == ("crane (0)", "class (1)", "crane (2)", "red fox")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"labels": ("cat", "cat")}, "are both called 'cat'"),
        ({"labels": ("cat",)}, "softmax gives a single class the probability 1"),
        ({"std": (0.0, 1.0, 1.0)}, "std above zero"),
        ({"size": 2000}, "1 to 1,024 pixels a side, not 2,000"),
        ({"resize": 100}, "must have 224 to 896 pixels before the crop, not 100"),
    ],
)
def test_answers_that_make_no_classifier_are_refused_in_a_sentence(wrong, sentence):
    with pytest.raises(ExplanationError, match=sentence):
        replace(Answers(("cat", "dog"), 224, HALF, HALF), **wrong).check()
